import shutil
from pathlib import Path

import pytest
import yaml

from deploy import livekit_server, parts
from deploy.errors import ToolMissing
from deploy.settings import Settings
from tests.processes import ROOT

pytestmark = pytest.mark.unit

ENV = {"LIVEKIT_API_KEY": "dev-1", "LIVEKIT_API_SECRET": "s" * 43, "LIVEKIT_URL": "ws://x"}
CLOUD = {"livekit_url": "wss://a.livekit.cloud", "livekit_api_key": "k", "livekit_api_secret": "s"}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a livekit-server built by setup, and nothing on PATH."""
    monkeypatch.setenv("PATH", "")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    binary = livekit_server.built(tmp_path)
    binary.parent.mkdir()
    binary.touch(mode=0o755)
    shutil.copy(ROOT / "livekit.yaml", tmp_path)
    return tmp_path


def _names(settings: Settings, root: Path, workers: int = 1) -> list[str]:
    made = parts.for_exam(settings, root, ENV, workers=workers, developing=False)
    return [part.name for part in made]


def test_without_any_key_everything_runs_here(root: Path) -> None:
    assert _names(Settings(), root) == [
        "livekit-server",
        "local_providers",
        "database",
        "papers",
        "token_api",
        "keeper",
        "grading",
        "desk",
        "worker-1",
    ]


def test_with_a_server_and_a_key_neither_is_started(root: Path) -> None:
    settings = Settings.model_validate(CLOUD | {"deepgram_api_key": "k"})
    services = ["token_api", "keeper", "grading", "desk", "worker-1"]
    assert _names(settings, root) == ["database", "papers", *services]
    uses = {port.use for port in parts.ports(settings, workers=1)}
    assert uses == {"token API", "keeper", "grading", "desk", "worker health"}


def test_every_part_waits_only_for_parts_that_are_there(root: Path) -> None:
    for settings in (Settings(), Settings.model_validate(CLOUD)):
        made = parts.for_exam(settings, root, ENV, workers=2, developing=False)
        names = {part.name for part in made}
        assert all(part.after <= names - {part.name} for part in made)


def test_replicas_have_health_ports_of_their_own(root: Path) -> None:
    made = parts.for_exam(Settings(), root, ENV, workers=3, developing=True)
    workers = [part for part in made if part.name.startswith("worker-")]
    assert [part.env["WORKER_HEALTH_PORT"] for part in workers] == ["8081", "8082", "8083"]
    assert [part.ready_url for part in workers] == [
        f"http://127.0.0.1:{8081 + n}/" for n in (0, 1, 2)
    ]
    assert all(part.command[-1] == "dev" for part in workers)
    health = [port.number for port in parts.ports(Settings(), workers=3)][-3:]
    assert health == [8081, 8082, 8083]


def test_livekit_keys_are_in_a_private_file_and_on_no_command_line(root: Path) -> None:
    made = parts.for_exam(Settings(), root, ENV, workers=1, developing=False)
    keys = root / "var" / "livekit-keys.yaml"
    assert keys.stat().st_mode & 0o777 == 0o600
    assert ENV["LIVEKIT_API_SECRET"] in keys.read_text()
    assert ENV["LIVEKIT_API_SECRET"] not in str(made)


def test_livekit_tells_the_keeper_signed_with_the_key_made_for_it(root: Path) -> None:
    made = parts.for_exam(Settings(keeper_port=8021), root, ENV, workers=1, developing=False)
    livekit = made[0]
    file = Path(livekit.command[livekit.command.index("--config") + 1])
    config = yaml.safe_load(file.read_text())
    webhook = config.pop("webhook")
    assert webhook == {"api_key": "dev-1", "urls": ["http://127.0.0.1:8021/livekit-webhook"]}
    assert config == yaml.safe_load((ROOT / "livekit.yaml").read_text())
    keeper = next(part for part in made if part.name == "keeper")
    assert keeper.command[-2:] == ("--port", "8021")


def test_a_missing_server_is_told_with_three_ways_to_get_it(root: Path) -> None:
    livekit_server.built(root).unlink()
    with pytest.raises(ToolMissing, match=r"Three ways.*Go.*brew.*LIVEKIT_URL"):
        _names(Settings(), root)


def test_a_server_on_path_comes_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = root / "bin"
    folder.mkdir()
    (folder / "livekit-server").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert livekit_server.find(root) == folder / "livekit-server"


def test_a_typed_exam_at_the_terminal_needs_no_speech() -> None:
    typed = [part.name for part in parts.for_console(Settings(), speaks=False)]
    spoken = [part.name for part in parts.for_console(Settings(), speaks=True)]
    assert typed == ["database", "papers"]
    assert spoken == ["local_providers", "database", "papers"]
