"""`python -m token_api`: the service that opens exam rooms and lets students in."""

import asyncio
import logging
import socket
from typing import Annotated

import typer
import uvicorn

from records.errors import RecordsError
from records.store import Records
from token_api.app import create_app
from token_api.settings import SettingsError, read_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """Open exam rooms, let students in, and serve their page. Ready when GET /readyz answers 200.

    Needs LIVEKIT_API_KEY, LIVEKIT_API_SECRET, TOKEN_API_KEY and INVITATION_SECRET; takes
    LIVEKIT_URL, DATABASE_URL and WEB_DIST (the built page).
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        settings = read_settings()
        asyncio.run(_check(settings.database_url))
        listener = _bound(host, port)
    except (SettingsError, RecordsError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    config = uvicorn.Config(create_app(settings), log_config=None, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


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
