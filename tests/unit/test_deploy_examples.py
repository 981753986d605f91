"""The examples for operators say what the code needs, and name doors that are there."""

import importlib
import shlex
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer
import yaml

from tests.processes import ROOT
from worker.checks.keeper import PATH

pytestmark = pytest.mark.unit

EXAMPLES = ROOT / "deploy" / "examples"
SERVICES = sorted(EXAMPLES.glob("*.service"))


def _unit(path: Path) -> RawConfigParser:
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text())
    return unit


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_each_service_runs_a_door_that_is_there(path: Path) -> None:
    python, flag, room, *arguments = shlex.split(_unit(path)["Service"]["ExecStart"])
    assert python.endswith("/python")
    assert flag == "-m"
    assert (ROOT / room / "__main__.py").is_file()
    if room in ("worker", "records", "grading", "desk"):
        door = typer.main.get_command(importlib.import_module(f"{room}.__main__").app)
        assert arguments[0] in door.commands  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "name", ["voxam-worker@", "voxam-token-api", "voxam-keeper", "voxam-grading", "voxam-desk"]
)
def test_what_dies_is_started_again_however_often(name: str) -> None:
    unit = _unit(EXAMPLES / f"{name}.service")
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_a_worker_is_given_the_time_of_an_exam_to_stop() -> None:
    service = _unit(EXAMPLES / "voxam-worker@.service")["Service"]
    assert service["TimeoutStopSec"] == "4h"
    # Else its exams' processes would get the signal too, or be left when it dies.
    assert service["KillMode"] == "mixed"
    # Else one exam that is short of memory would end all.
    assert service["OOMPolicy"] == "continue"


def test_livekits_example_agrees_with_the_file_that_is_tested() -> None:
    example = yaml.safe_load((EXAMPLES / "livekit.yaml").read_text())
    tested = yaml.safe_load((ROOT / "livekit.yaml").read_text())
    assert example["room"] == tested["room"]
    assert example["port"] == tested["port"]
    assert example["rtc"]["udp_port"] == tested["rtc"]["udp_port"]
    assert example["rtc"]["tcp_port"] == tested["rtc"]["tcp_port"]
    assert not {"node_ip", "ips", "enable_loopback_candidate"} & example["rtc"].keys()
    assert example["webhook"]["urls"] == [f"http://127.0.0.1:8020{PATH}"]


def test_the_keepers_path_is_the_one_that_livekit_is_told() -> None:
    assert f'"{PATH}"' in (ROOT / "keeper" / "app.py").read_text()


def test_only_the_page_the_desk_and_livekit_are_behind_the_proxy() -> None:
    text = (EXAMPLES / "Caddyfile").read_text()
    ports = {line.rsplit(":", 1)[1] for line in text.splitlines() if "reverse_proxy" in line}
    assert ports == {"8000", "8010", "7880"}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not here")
@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_systemd_understands_each_unit(path: Path, tmp_path: Path) -> None:
    instance = tmp_path / path.name.replace("@.", "@8081.")
    # What it would look for on this machine is not here.
    instance.write_text(path.read_text().replace("/opt/voxam/.venv/bin/python", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(instance)], capture_output=True, text=True
    )
    complaints = [line for line in done.stderr.splitlines() if instance.name in line]
    assert complaints == []
