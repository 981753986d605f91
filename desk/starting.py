"""What comes before serving: settings, their fitness for who can reach it, database, port."""

import socket
from urllib.parse import urlsplit

import typer
from pydantic import ValidationError

from desk.settings import Settings
from records.desk_store import DeskStore
from records.door import run, stop
from records.exposure import is_exposed, unfit_secrets
from records.starting import bound, listening_or_stop


def settings_or_stop() -> Settings:
    """What is missing or wrong is told on stderr, without values, with exit code 1."""
    try:
        return Settings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        stop(
            "\n".join(_told(str(e["loc"][0]).upper(), e["type"], e["msg"]) for e in error.errors())
        )


def listener_or_stop(host: str, port: int, settings: Settings) -> socket.socket:
    """With exit code 2 where others could reach it and should not, with 1 for anything else."""
    if problems := _unfit(host, settings):
        typer.echo("\n".join(["Not started where others can reach it:", *problems]), err=True)
        raise typer.Exit(2)
    run(_check(settings.database_url))
    with listening_or_stop(host, port):
        return bound(host, port)


def _unfit(host: str, settings: Settings) -> list[str]:
    if not is_exposed(host=host, public_url=settings.desk_url):
        return []
    problems = []
    if urlsplit(settings.desk_url).scheme != "https":
        problems.append(
            "DESK_URL does not begin with https://: passwords can be read on their way."
        )
    secrets = {
        "DESK_KEY": settings.desk_key.get_secret_value(),
        "INVITATION_SECRET": settings.invitation_secret.get_secret_value(),
    }
    return problems + unfit_secrets(secrets)


async def _check(url: str) -> None:
    store = await DeskStore.open(url)
    await store.close()


def _told(name: str, kind: str, reason: str) -> str:
    return f"{name} is not set." if kind == "missing" else f"{name} is wrong: {reason}."
