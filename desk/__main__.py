"""`python -m desk`: the teachers' pages, and who the teachers are."""

import logging
from typing import Annotated

import typer
import uvicorn

from desk import teachers
from desk.app import create_app
from desk.starting import listener_or_stop, settings_or_stop
from records.discretion import keep_discretion

app = typer.Typer(
    help="The teachers' pages, and who the teachers are.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(teachers.app, name="teachers")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(help="Port to listen on. [default: DESK_PORT, 8010]", min=0, max=65535),
    ] = None,
) -> None:
    """Serve the desk. Ready when GET /readyz answers 200.

    Needs DESK_KEY and INVITATION_SECRET; takes DATABASE_URL, DESK_URL, PUBLIC_URL,
    RECORDINGS_URL and TRUSTED_PROXIES.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_discretion()
    settings = settings_or_stop()
    listener = listener_or_stop(host, settings.desk_port if port is None else port, settings)
    config = uvicorn.Config(
        create_app(settings),
        ws="none",
        proxy_headers=settings.trusted_proxies != "none",
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        log_config=None,
        # An address and a path are a student's.
        access_log=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    app()
