import importlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from deploy.environment import dev_secrets, for_parts, for_student
from deploy.errors import SettingsWrong
from deploy.settings import Settings, read

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parent.parent.parent
SECRETS = {
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "TOKEN_API_KEY",
    "INVITATION_SECRET",
    "DESK_KEY",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_secrets_are_made_once_and_are_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "var" / "dev.env"
    made = dev_secrets(path)
    assert made.keys() == SECRETS
    assert all(len(made[name]) >= 32 for name in SECRETS - {"LIVEKIT_API_KEY"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dev_secrets(path) == made


def test_a_secret_that_an_older_file_lacks_is_added(tmp_path: Path) -> None:
    path = tmp_path / "dev.env"
    path.write_text("TOKEN_API_KEY=kept\n")
    path.chmod(0o644)
    made = dev_secrets(path)
    assert made["TOKEN_API_KEY"] == "kept"
    assert made.keys() == SECRETS
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_machines_have_different_secrets(tmp_path: Path) -> None:
    one, other = dev_secrets(tmp_path / "one"), dev_secrets(tmp_path / "other")
    assert all(one[name] != other[name] for name in SECRETS)


def test_what_is_set_wins_over_what_is_made_and_empty_is_not_set() -> None:
    env = for_parts(
        Settings(),
        ROOT,
        {"TOKEN_API_KEY": "mine", "INVITATION_SECRET": "", "PATH": "/bin"},
        {"TOKEN_API_KEY": "made", "INVITATION_SECRET": "made"},
    )
    assert env["TOKEN_API_KEY"] == "mine"
    assert env["INVITATION_SECRET"] == "made"
    assert env["PATH"] == "/bin"


def test_addresses_follow_the_ports_and_the_folder() -> None:
    env = for_parts(
        Settings(
            livekit_port=1, token_api_port=2, local_providers_port=3, var_dir=Path("/srv/var")
        ),
        ROOT,
        {},
        {},
    )
    assert env["LIVEKIT_URL"] == "ws://127.0.0.1:1"
    assert env["PUBLIC_URL"] == "http://127.0.0.1:2"
    assert env["DEEPGRAM_BASE_URL"] == "http://127.0.0.1:3"
    assert env["DATABASE_URL"] == "sqlite:////srv/var/voxam.db"
    assert env["RECORDINGS_URL"] == "file:///srv/var/recordings"


def test_with_a_key_deepgram_itself_is_used() -> None:
    env = for_parts(Settings.model_validate({"deepgram_api_key": "k"}), ROOT, {}, {})
    assert "DEEPGRAM_BASE_URL" not in env


def test_the_robot_gets_no_secret_of_the_examiners_side() -> None:
    examiner = dict.fromkeys((*SECRETS, "GROQ_API_KEY", "DATABASE_URL"), "secret")
    assert for_student(examiner | {"DEEPGRAM_BASE_URL": "http://x", "PATH": "/bin"}) == {
        "DEEPGRAM_BASE_URL": "http://x",
        "PATH": "/bin",
    }


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_URL", "")
    monkeypatch.setenv("TOKEN_API_PORT", "")
    settings = read()
    assert settings.livekit_url is None
    assert settings.token_api_port == 8000


def test_a_server_without_its_keys_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_URL", "wss://project.livekit.cloud")
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    with pytest.raises(SettingsWrong) as caught:
        read()
    assert str(caught.value) == (
        "LIVEKIT_URL is set, so LIVEKIT_API_KEY and LIVEKIT_API_SECRET of that server "
        "are needed too."
    )


def test_a_wrong_value_is_named_but_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_API_PORT", "hunter2")
    with pytest.raises(SettingsWrong, match=r"^TOKEN_API_PORT: .*integer") as caught:
        read()
    assert "hunter2" not in str(caught.value)


def _variables() -> Iterator[str]:
    rooms = (
        *("deploy", "desk", "grading", "keeper", "local_providers", "records", "token_api"),
        *("worker", "worker.checks"),
    )
    modules = [f"{room}.settings" for room in rooms] + ["records.prices", "records.sound_files"]
    for module in modules:
        for kind in vars(importlib.import_module(module)).values():
            if isinstance(kind, type) and issubclass(kind, BaseSettings):
                prefix = kind.model_config.get("env_prefix", "")
                for name, field in kind.model_fields.items():
                    yield str(field.validation_alias or f"{prefix}{name}").upper()


def test_env_example_names_every_variable_that_is_read_and_no_other() -> None:
    text = (ROOT / ".env.example").read_text()
    assert sorted(re.findall(r"^#?([A-Z_]+)=", text, re.M)) == sorted(set(_variables()))
