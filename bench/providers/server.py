"""The stand-ins on one port."""

from aiohttp import web

from bench.providers.aura import speak_batch, speak_stream
from bench.providers.flux import listen
from bench.providers.groq import Groq
from bench.providers.room import ROOM, Room
from bench.speech.marker import Decoder, encode

_RATES = (16_000, 24_000, 48_000)


def application(room: Room) -> web.Application:
    """Serves `room`; what the first student would wait for is made here."""
    room.clips.prepare(room.script.lines)
    for rate in _RATES:
        Decoder(rate).feed(encode(0, 0, rate))
    groq = Groq()
    app = web.Application(client_max_size=2**22)
    app[ROOM] = room
    app.add_routes(
        [
            web.get("/healthz", _healthz),
            web.get("/v2/listen", listen),
            web.get("/v1/speak", speak_stream),
            web.post("/v1/speak", speak_batch),
            web.get("/openai/v1/models", groq.models),
            web.post("/openai/v1/chat/completions", groq.complete),
        ]
    )
    return app


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
