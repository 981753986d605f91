"""An examiner as one would first write it, as a program: `… seed_agent URL TOKEN`.

One asyncio process joins the room itself. At EndOfTurn a synchronous graph in a thread pool
returns the whole reply, which is split into sentences; each is fetched by one blocking call, read
whole, and captured as one frame. It listens to nothing while it is spoken to: nobody interrupts it.
"""

import asyncio
import json
import os
import re
import sys
from typing import TypedDict

import aiohttp
import httpx
import numpy as np
from langgraph.graph import END, START, StateGraph
from livekit import rtc
from openai import OpenAI

from bench.systems.persona import GREETING, INSTRUCTIONS, KEY, MODEL, VOICE

SENTENCES = re.compile(r"([^.!?]+[.!?]+)")
RATE_IN, RATE_OUT = 16_000, 24_000
CHUNK_MS = 80


class _State(TypedDict):
    history: list[dict[str, str]]
    reply: str


class Examiner:
    """Graph, voice and ears of one exam."""

    def __init__(self) -> None:
        self._origin = os.environ["DEEPGRAM_BASE_URL"]
        self._model = OpenAI(base_url=os.environ["GROQ_BASE_URL"], api_key=KEY)
        self._voice = httpx.Client(base_url=self._origin)
        self._source = rtc.AudioSource(RATE_OUT, 1)
        self._history = [{"role": "system", "content": INSTRUCTIONS}]
        graph = StateGraph(_State)
        graph.add_node("reply", self._reply)
        graph.add_edge(START, "reply")
        graph.add_edge("reply", END)
        self._graph = graph.compile()

    async def hold(self, url: str, token: str) -> None:
        """Until the room is gone."""
        room = rtc.Room()
        gone = asyncio.Event()
        heard: asyncio.Future[rtc.Track] = asyncio.get_running_loop().create_future()
        room.on("disconnected", lambda _: gone.set())

        def on_track(track: rtc.Track, *_: object) -> None:
            if not heard.done():
                heard.set_result(track)

        room.on("track_subscribed", on_track)
        await room.connect(url, token)
        track = rtc.LocalAudioTrack.create_audio_track("examiner", self._source)
        publication = await room.local_participant.publish_track(track)
        print("joined", flush=True)
        await publication.wait_for_subscription()
        await self._say(GREETING)
        ears = asyncio.create_task(self._listen(await heard))
        over = asyncio.create_task(gone.wait())
        done, _ = await asyncio.wait((ears, over), return_when=asyncio.FIRST_COMPLETED)
        if ears in done:
            ears.result()
        ears.cancel()

    async def _listen(self, track: rtc.Track) -> None:
        address = f"{self._origin.replace('http', 'ws', 1)}/v2/listen"
        query = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": str(RATE_IN)}
        headers = {"Authorization": f"Token {KEY}"}
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(address, params=query, headers=headers) as socket,
        ):
            sending = asyncio.create_task(_send(track, socket))
            async for message in socket:
                event = json.loads(message.data) if message.type is aiohttp.WSMsgType.TEXT else {}
                if event.get("event") == "EndOfTurn" and event["transcript"]:
                    await self._answer(event["transcript"])
            sending.cancel()

    async def _answer(self, said: str) -> None:
        self._history.append({"role": "user", "content": said})
        state: _State = {"history": self._history, "reply": ""}
        loop = asyncio.get_running_loop()
        reply = (await loop.run_in_executor(None, self._graph.invoke, state))["reply"]
        self._history.append({"role": "assistant", "content": reply})
        await self._say(reply)

    def _reply(self, state: _State) -> dict[str, str]:
        made = self._model.chat.completions.create(
            model=MODEL,
            messages=state["history"],  # type: ignore[arg-type]
        )
        return {"reply": made.choices[0].message.content or ""}

    async def _say(self, text: str) -> None:
        query = {
            "model": VOICE,
            "encoding": "linear16",
            "sample_rate": str(RATE_OUT),
            "container": "none",
        }
        for sentence in SENTENCES.findall(text) or [text]:
            audio = self._voice.post("/v1/speak", params=query, json={"text": sentence.strip()})
            samples = np.frombuffer(audio.content, np.int16)
            await self._source.capture_frame(
                rtc.AudioFrame(samples.tobytes(), RATE_OUT, 1, len(samples))
            )


async def _send(track: rtc.Track, socket: aiohttp.ClientWebSocketResponse) -> None:
    stream = rtc.AudioStream(track, sample_rate=RATE_IN, num_channels=1, frame_size_ms=CHUNK_MS)
    async for event in stream:
        await socket.send_bytes(event.frame.data.tobytes())


async def _main() -> None:
    await Examiner().hold(*sys.argv[1:3])


if __name__ == "__main__":
    asyncio.run(_main())
