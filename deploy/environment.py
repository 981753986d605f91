"""The environment of the parts: what is set, what `.env` says, and secrets made for development."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values, load_dotenv

from deploy.settings import Settings

_SECRETS = (
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "TOKEN_API_KEY",
    "INVITATION_SECRET",
    "DESK_KEY",
)
_NOT_FOR_STUDENTS = (*_SECRETS, "GROQ_API_KEY", "DATABASE_URL", "RECORDINGS_URL")


def load_dotenv_file(root: Path) -> None:
    """Adds to os.environ what `.env` of the project says; what is set already stays."""
    load_dotenv(root / ".env")


def dev_secrets(path: Path) -> dict[str, str]:
    """Secrets for development: made at the first call, kept in `path`, for the user alone."""
    kept = {name: value for name, value in dotenv_values(path).items() if value}
    missing = [name for name in _SECRETS if name not in kept]
    kept |= {name: _secret(name) for name in missing}
    if missing:
        text = "# Made by `make exam` for this machine. Delete the file to get new ones.\n"
        write_private(path, text + "".join(f"{name}={kept[name]}\n" for name in kept))
    return kept


def _secret(name: str) -> str:
    # a LiveKit key is a name, not a secret, and turns up in logs and tokens
    return f"dev-{secrets.token_hex(4)}" if name == "LIVEKIT_API_KEY" else secrets.token_urlsafe(32)


def for_parts(
    settings: Settings, root: Path, environ: Mapping[str, str], made: Mapping[str, str]
) -> dict[str, str]:
    """What every part gets: `environ`, else the secrets `made` and where the other parts are."""
    here = "http://127.0.0.1"
    where = {
        "LIVEKIT_URL": f"ws://127.0.0.1:{settings.livekit_port}",
        "DATABASE_URL": f"sqlite:///{settings.var_dir}/voxam.db",
        "SPEECH_CACHE_DIR": f"{settings.var_dir}/speech",
        "RECORDINGS_URL": (root / settings.var_dir / "recordings").as_uri(),
        "PUBLIC_URL": f"{here}:{settings.token_api_port}",
        "DESK_URL": f"{here}:{settings.desk_port}",
        "PAPERS_DIR": str(settings.papers_dir),
        "PYTHONUNBUFFERED": "1",  # or the last words of a part that fails would be missing
    }
    if settings.speaks_locally:
        where["DEEPGRAM_BASE_URL"] = f"{here}:{settings.local_providers_port}"
    return where | dict(made) | {name: value for name, value in environ.items() if value}


def for_doctor(settings: Settings, root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Where the doctor finds what only the launcher knows."""
    where = {
        "VAR_DIR": str(settings.var_dir),
        "KEEPER_URL": f"http://127.0.0.1:{env.get('KEEPER_PORT', '8020')}",
    }
    made = root / settings.var_dir / "livekit.yaml"
    if not settings.livekit_url and made.is_file():
        where["LIVEKIT_CONFIG"] = str(made)
    return {name: value for name, value in where.items() if name not in env}


def for_student(env: Mapping[str, str]) -> dict[str, str]:
    """What the robot student gets: of all keys and secrets only that of its own voice."""
    return {name: value for name, value in env.items() if name not in _NOT_FOR_STUDENTS}


def write_private(path: Path, text: str) -> None:
    """Writes a file that only the user may read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
