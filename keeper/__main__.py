"""`python -m keeper`: the service that sees to it that every waiting student gets an examiner."""

import asyncio
import logging
import socket
from typing import Annotated

import typer
import uvicorn

from keeper import figures
from keeper.app import create_app
from keeper.settings import Settings, SettingsError, read_settings
from records.discretion import keep_discretion
from records.errors import RecordsError
from records.exposure import unfit
from records.store import Records

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on. [default: KEEPER_PORT, 8020]", min=0, max=65535),
    ] = None,
    metrics_port: Annotated[
        int, typer.Option(help="Prometheus metrics, on 127.0.0.1; 0: none.", min=0, max=65535)
    ] = 0,
) -> None:
    """Bring an examiner to every room that needs one. Ready when GET /readyz answers 200.

    Needs LIVEKIT_API_KEY and LIVEKIT_API_SECRET; takes LIVEKIT_URL, DATABASE_URL, KEEPER_PORT,
    LEASE_EXPIRES_S, STUDENT_GRACE_S and EXAMINER_MISSING_S. LiveKit's webhooks go to
    POST /livekit-webhook; without them it only notices later.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_discretion()
    try:
        settings = read_settings()
        _refuse_exposure(host, settings)
        asyncio.run(_check(settings.database_url))
        port = settings.keeper_port if port is None else port
        listener = _bound(host, port)
        if metrics_port:
            figures.serve(metrics_port)
    except (SettingsError, RecordsError) as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror}.", err=True)
        raise typer.Exit(1) from None
    config = uvicorn.Config(create_app(settings), log_config=None, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


def _refuse_exposure(host: str, settings: Settings) -> None:
    problems = unfit(
        host=host,
        public_url=settings.public_url,
        livekit_url=settings.livekit_url,
        livekit_api_key=settings.livekit_api_key,
        secrets={"LIVEKIT_API_SECRET": settings.livekit_api_secret.get_secret_value()},
    )
    if problems:
        typer.echo("\n".join(["Not started where others can reach it:", *problems]), err=True)
        raise typer.Exit(2)


async def _check(database_url: str) -> None:
    records = await Records.open(database_url)
    await records.close()


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


if __name__ == "__main__":
    app()
