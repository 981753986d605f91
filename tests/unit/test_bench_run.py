"""A measurement that was broken off goes on: what is over stays, the rest is done afresh."""

from pathlib import Path

import pytest

from bench import run
from bench.one import Plan

pytestmark = pytest.mark.unit


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return run.plans(tmp_path, ["voxam"], [4], rounds=1, lines=8, jitter=False)[-1]


def test_a_run_carried_out_is_over(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run", lambda file: None)
    assert not run.is_over(plan)
    assert run.carry_out(plan) is None
    assert run.is_over(plan)
    assert not run.is_over(plan.model_copy(update={"lines": 9})), "that was another run"


def test_a_failed_run_is_done_afresh(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run", lambda file: "no such system")
    assert run.carry_out(plan) == "no such system"
    assert not run.is_over(plan)
    half = plan.folder / "students.jsonl"
    half.write_text("{}")
    monkeypatch.setattr(run, "_run", lambda file: None)
    run.carry_out(plan)
    assert run.is_over(plan)
    assert not half.exists()
    assert not (plan.folder / run.FAILURE).exists()
