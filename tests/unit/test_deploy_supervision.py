import os
from configparser import RawConfigParser
from pathlib import Path

import pytest

from deploy.launch import failure
from deploy.part import Part
from deploy.supervision import configuration

pytestmark = pytest.mark.unit

DATABASE = Part(name="database", command=("python", "-m", "records", "migrate"))
WORKER = Part(
    name="worker-1",
    command=("/opt/my python/bin/python", "-m", "worker", "100%"),
    ready_url="http://127.0.0.1:8081/",
    env={"WORKER_HEALTH_PORT": "8081", "SPELLED": "50% off"},
    stop_timeout_s=7,
)


def _parsed(root: Path) -> RawConfigParser:
    text = configuration(
        (DATABASE, WORKER), root=root, logs=root / "logs", socket=root / "run" / "socket"
    )
    parser = RawConfigParser()
    parser.read_string(text)
    return parser


def test_nothing_starts_or_restarts_by_itself(tmp_path: Path) -> None:
    conf = _parsed(tmp_path)
    for name in ("program:database", "program:worker-1"):
        assert conf[name]["autostart"] == "false"
        assert conf[name]["autorestart"] == "false"
        assert conf[name]["startretries"] == "0"


def test_parts_stop_in_the_reverse_of_their_order(tmp_path: Path) -> None:
    conf = _parsed(tmp_path)
    priorities = [int(conf[f"program:{name}"]["priority"]) for name in ("database", "worker-1")]
    assert priorities == sorted(priorities)
    assert conf["program:worker-1"]["stopwaitsecs"] == "7"
    assert conf["program:worker-1"]["killasgroup"] == "true"


def test_commands_and_values_survive_quoting_and_expansion(tmp_path: Path) -> None:
    worker = _parsed(tmp_path)["program:worker-1"]
    assert worker["command"] == "'/opt/my python/bin/python' -m worker 100%%"
    assert worker["environment"] == 'WORKER_HEALTH_PORT="8081",SPELLED="50%% off"'
    assert worker["stdout_logfile"] == str(tmp_path / "logs" / "worker-1.log")


def test_root_is_said_to_be_meant_only_where_it_is_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert "user" not in _parsed(tmp_path)["supervisord"]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert _parsed(tmp_path)["supervisord"]["user"] == "root"


def test_a_failure_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    (tmp_path / "worker-1.log").write_text("".join(f"line {n}\n" for n in range(40)))
    lines = failure(WORKER, "ended with exit code 3", tmp_path).splitlines()
    assert lines[0] == (
        f"worker-1 ended with exit code 3; the end of its log, {tmp_path / 'worker-1.log'}:"
    )
    assert lines[1:] == [f"  line {n}" for n in range(25, 40)]


def test_a_failure_without_a_word_says_so(tmp_path: Path) -> None:
    (tmp_path / "worker-1.log").write_text("")
    told = failure(WORKER, "was killed", tmp_path)
    assert told == f"worker-1 was killed; its log, {tmp_path / 'worker-1.log'}, is empty."
