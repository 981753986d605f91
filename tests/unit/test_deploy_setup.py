import subprocess
from pathlib import Path

import pytest

from deploy import livekit_server, postgres, setup
from deploy.errors import ToolMissing

pytestmark = pytest.mark.unit


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project on a machine without any tool."""
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "WEB", tmp_path / "web")
    monkeypatch.setattr(postgres, "_FOLDERS", ((str(tmp_path / "postgresql"), "*/bin"),))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("LIVEKIT_URL", raising=False)
    (tmp_path / "web").mkdir()
    return tmp_path


def test_every_missing_tool_is_told_in_one_go(
    clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.main(["page", "livekit", "chromium", "postgresql", "faketime"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in told] == ["The", "livekit-server", "The", "The", "The"]
    assert "Node.js 20.19" in told[0]
    for name, line in zip(("Chromium", "PostgreSQL", "faketime"), told[2:], strict=True):
        assert name in line
        assert "apt install" in line


def test_the_newest_postgres_is_taken_from_where_debian_keeps_them(clone: Path) -> None:
    for version in ("9", "15", "17"):
        folder = clone / "postgresql" / version / "bin"
        folder.mkdir(parents=True)
        (folder / "initdb").touch()
        if version != "17":
            (folder / "postgres").touch()
    assert postgres.binaries() == clone / "postgresql" / "15" / "bin", "17 has no server"
    setup.postgresql()


def test_an_old_node_is_told_with_its_version(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("node", "npm"):
        (clone / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(clone))
    said = subprocess.CompletedProcess([], 0, stdout="v18.20.4\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: said)
    with pytest.raises(ToolMissing, match=r"20\.19 or newer .*, and this is v18\.20\.4"):
        setup.page()


@pytest.mark.parametrize("line", ["LIVEKIT_URL=wss://x", 'export LIVEKIT_URL="wss://x"'])
def test_a_server_named_in_dotenv_needs_no_binary(clone: Path, line: str) -> None:
    (clone / ".env").write_text(f"OTHER=1\n{line}\n")
    setup.livekit()


@pytest.mark.parametrize("line", ["#LIVEKIT_URL=wss://x", "LIVEKIT_URL=", ""])
def test_without_one_the_binary_is_needed(clone: Path, line: str) -> None:
    (clone / ".env").write_text(f"{line}\n")
    with pytest.raises(ToolMissing):
        setup.livekit()


def test_the_tests_need_the_binary_even_where_a_server_is_named(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEKIT_URL", "wss://x")
    with pytest.raises(ToolMissing):
        setup.livekit_binary()
    livekit_server.built(clone).parent.mkdir()
    livekit_server.built(clone).touch()
    setup.livekit_binary()


def test_the_page_is_installed_and_built_only_when_something_changed(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = clone / "web"
    (web / "package-lock.json").write_text("{}")
    (web / "main.ts").write_text("1")
    monkeypatch.setattr(setup, "_npm", lambda: "npm")
    ran: list[str] = []

    def run(what: str, command: list[str | Path], *, cwd: Path) -> None:
        ran.append(str(command[1]))
        (web / "node_modules").mkdir(exist_ok=True)
        (web / "dist").mkdir(exist_ok=True)
        (web / "dist" / "index.html").touch()

    monkeypatch.setattr(setup, "_run", run)

    def ran_now() -> list[str]:
        ran.clear()
        setup.page()
        return list(ran)

    assert ran_now() == ["ci", "run"]
    assert ran_now() == []
    (web / "main.ts").write_text("2")
    assert ran_now() == ["run"]
    (web / "dist" / "index.html").unlink()
    assert ran_now() == ["run"]
    (web / "package-lock.json").write_text("{ }")
    assert ran_now() == ["ci", "run"]


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.main(["pyhton"]) == 2
    assert "usage:" in capsys.readouterr().err
