"""`python -m token_api`: the service that opens exam rooms and lets students in."""

import logging
from typing import Annotated

import typer

from records.discretion import keep_discretion
from records.starting import listener_or_stop, read_or_stop
from token_api.app import create_app
from token_api.serving import serve
from token_api.settings import Settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8000,
) -> None:
    """Open exam rooms, let students in, and serve their page. Ready when GET /readyz answers 200.

    Needs LIVEKIT_API_KEY, LIVEKIT_API_SECRET, TOKEN_API_KEY and INVITATION_SECRET; takes
    LIVEKIT_URL, DATABASE_URL, WEB_DIST (the built page), PUBLIC_URL, DESK_URL (for results),
    RATE_LIMIT_URL, STARTS_PER_MINUTE, TRUSTED_PROXIES, and for a change of keys
    TOKEN_API_KEY_PREVIOUS and INVITATION_SECRET_PREVIOUS. Where others can reach it, it does not
    start with settings that are for development only.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_discretion()
    settings = read_or_stop(Settings)
    listener = listener_or_stop(host, port, settings, settings.secrets(), for_students=True)
    serve(create_app(settings), listener, trusted_proxies=settings.trusted_proxies)


if __name__ == "__main__":
    app()
