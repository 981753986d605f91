"""`python -m keeper`: the service that sees to it that every waiting student gets an examiner."""

import logging
from typing import Annotated

import typer
import uvicorn

from keeper import figures
from keeper.app import create_app
from keeper.settings import Settings
from records.discretion import keep_discretion
from records.starting import listener_or_stop, listening_or_stop, read_or_stop

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
    settings = read_or_stop(Settings)
    secrets = {"LIVEKIT_API_SECRET": settings.livekit_api_secret.get_secret_value()}
    port = settings.keeper_port if port is None else port
    listener = listener_or_stop(host, port, settings, secrets)
    if metrics_port:
        with listening_or_stop("127.0.0.1", metrics_port):
            figures.serve(metrics_port)
    config = uvicorn.Config(create_app(settings), log_config=None, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    app()
