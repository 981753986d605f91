"""`python -m token_api`: the service that opens exam rooms and lets students in."""

import asyncio
import logging
import socket
from typing import Annotated

import typer

from records.discretion import keep_discretion
from records.errors import RecordsError
from records.exposure import unfit
from records.store import Records
from token_api.app import create_app
from token_api.serving import serve
from token_api.settings import Settings, SettingsError, read_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """Open exam rooms, let students in, and serve their page. Ready when GET /readyz answers 200.

    Needs LIVEKIT_API_KEY, LIVEKIT_API_SECRET, TOKEN_API_KEY and INVITATION_SECRET; takes
    LIVEKIT_URL, DATABASE_URL, WEB_DIST (the built page), PUBLIC_URL, RATE_LIMIT_URL,
    STARTS_PER_MINUTE, TRUSTED_PROXIES, and for a change of keys TOKEN_API_KEY_PREVIOUS and
    INVITATION_SECRET_PREVIOUS. Where others can reach it, it does not start with settings that are
    for development only.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_discretion()
    try:
        settings = read_settings()
        _refuse_exposure(host, settings)
        asyncio.run(_check(settings.database_url))
        listener = _bound(host, port)
    except (SettingsError, RecordsError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    serve(create_app(settings), listener, trusted_proxies=settings.trusted_proxies)


def _refuse_exposure(host: str, settings: Settings) -> None:
    problems = unfit(
        host=host,
        public_url=settings.public_url,
        livekit_url=settings.livekit_url,
        livekit_api_key=settings.livekit_api_key,
        secrets=settings.secrets(),
        for_students=True,
    )
    if problems:
        typer.echo("\n".join(["Not started where others can reach it:", *problems]), err=True)
        raise typer.Exit(2)


async def _check(database_url: str) -> None:
    records = await Records.open(database_url)
    await records.close()


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio sets TCP_NODELAY only where the protocol is named.
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


if __name__ == "__main__":
    app()
