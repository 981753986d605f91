"""What every service does before it serves: settings, exposure, database, port, in this order."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import typer
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.door import run, stop
from records.exposure import unfit
from records.store import Records


class SettingsError(Exception):
    """A sentence for each variable that is missing or wrong."""


class ServiceSettings(BaseSettings):
    """What each service is told by the environment."""

    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    livekit_url: str = Field(default="ws://127.0.0.1:7880", pattern=r"^(wss?|https?)://[^/\s]+/?$")
    livekit_api_key: str
    livekit_api_secret: SecretStr
    database_url: str = "sqlite:///var/voxam.db"
    public_url: str = "http://127.0.0.1:8000"
    """Where students find the page."""


S = TypeVar("S", bound=ServiceSettings)


def read(kind: type[S]) -> S:
    """Raise SettingsError, which never shows a value."""
    try:
        # pydantic-settings fills the fields from the environment.
        return kind()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        problems = [(str(e["loc"][0]).upper(), e["type"], e["msg"]) for e in error.errors()]
    raise SettingsError(
        "\n".join(
            f"{name} is not set." if kind_ == "missing" else f"{name} is wrong: {reason}."
            for name, kind_, reason in problems
        )
    )


def read_or_stop(kind: type[S]) -> S:
    """Told on stderr, with exit code 1."""
    try:
        return read(kind)
    except SettingsError as error:
        stop(str(error))


def listener_or_stop(
    host: str,
    port: int,
    settings: ServiceSettings,
    secrets: Mapping[str, str],
    *,
    for_students: bool = False,
) -> socket.socket:
    """Bound, where the settings are fit for who can reach it and the database can be used.

    What is wrong is told on stderr: with exit code 2 an exposure, with 1 anything else.
    """
    problems = unfit(
        host=host,
        public_url=settings.public_url,
        livekit_url=settings.livekit_url,
        livekit_api_key=settings.livekit_api_key,
        secrets=secrets,
        for_students=for_students,
    )
    if problems:
        typer.echo("\n".join(["Not started where others can reach it:", *problems]), err=True)
        raise typer.Exit(2)
    run(_check(settings.database_url))
    with listening_or_stop(host, port):
        return bound(host, port)


@contextmanager
def listening_or_stop(host: str, port: int) -> Iterator[None]:
    """A port that cannot be had is told on stderr, with exit code 1."""
    try:
        yield
    except OSError as error:
        stop(f"Cannot listen on {host}:{port}: {error.strerror}.")


async def _check(database_url: str) -> None:
    records = await Records.open(database_url)
    await records.close()


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio sets TCP_NODELAY only where the protocol is named.
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener
