"""`python -m bench.providers`: stand-ins for Deepgram and Groq whose delays are known."""

import asyncio
import gc
import signal
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from bench.providers.jitter import Jitter
from bench.providers.log import Log
from bench.providers.room import Room
from bench.providers.server import application
from bench.script import FILE, Script
from bench.speech import clips

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    port: Annotated[int, typer.Option(help="Port of 127.0.0.1; 0 picks a free one.")],
    log: Annotated[Path, typer.Option(help="File for what happens, one JSON object a line.")],
    script: Annotated[Path, typer.Option(help="What students say.")] = FILE,
    folder: Annotated[Path, typer.Option("--clips", help="Where clips are kept.")] = clips.FOLDER,
    jitter: Annotated[int | None, typer.Option(help="Seed; without it no delay varies.")] = None,
) -> None:
    """Serve Flux, Aura and Groq until SIGTERM. Ready when GET /healthz answers 200."""
    room = Room(Script.load(script), clips.Clips(folder), Jitter(jitter), Log(log))
    asyncio.run(_serve(room, port))


async def _serve(room: Room, port: int) -> None:
    runner = web.AppRunner(
        application(room), handler_cancellation=True, access_log=None, shutdown_timeout=0.5
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    typer.echo(f"stand-ins on http://127.0.0.1:{runner.addresses[0][1]}")
    # What is there now stays: a collection of it would delay everybody's audio.
    gc.collect()
    gc.freeze()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await runner.cleanup()
    room.log.close()


if __name__ == "__main__":
    app()
