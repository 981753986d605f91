"""What the stand-ins for Groq and Aura say, and when: the clock here is one that only waits."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp.test_utils import make_mocked_request

from bench.providers import aura, groq, groq_protocol
from bench.providers.jitter import Jitter
from bench.providers.log import Log
from bench.providers.reading import reading
from bench.providers.room import ROOM, Room
from bench.providers.server import application
from bench.providers.tone import parts, spoken
from bench.script import Script
from bench.speech.clips import Clips, join
from exam_graph.phrasebook import phrasebook
from local_providers.speak_parameters import SpeakParameters

pytestmark = pytest.mark.unit

SCRIPT = Script.load()
STRICT = groq_protocol.STRICT_MODELS[0]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "intent": {"type": "string", "enum": ["answer", "repeat", "dont_know"]},
        "covered": {"type": "array", "items": {"type": "string", "enum": ["tilt", "angle"]}},
        "target": {"type": ["integer", "null"]},
        "content": {"type": "boolean"},
        "unfinished": {"type": "boolean"},
        "notices": {"type": "array", "items": {"type": "string", "enum": ["rude"]}},
    },
    "required": ["intent", "covered", "target", "content", "unfinished", "notices"],
    "additionalProperties": False,
}


class WaitingClock:
    """Time passes only while something waits for it."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    async def until(self, moment: float) -> None:
        self.now = max(self.now, moment)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WaitingClock:
    clock = WaitingClock()
    for module in (aura, groq):
        monkeypatch.setattr(module, "until", clock.until)
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr("bench.providers.log.time", clock)
    return clock


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    log = Log(tmp_path / "log")
    yield Room(SCRIPT, Clips(tmp_path), Jitter(), log)
    log.close()


def logged(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]


def asking(**changes: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": "…"}, {"role": "user", "content": "Hello"}]
    return {"model": STRICT, "messages": messages, **changes}


def schema(described: dict[str, Any], *, strict: bool = True) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"strict": strict, "schema": described}}


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (404, {"model": "gpt-5"}),
        (404, {"model": None}),
        (400, {"messages": []}),
        (400, {"stream": True, "response_format": schema(SCHEMA)}),
        (400, {"model": "llama-3.3-70b-versatile", "response_format": schema(SCHEMA)}),
        (400, {"response_format": schema(SCHEMA | {"required": ["intent"]})}),
        (400, {"response_format": schema(SCHEMA | {"additionalProperties": True})}),
        (None, {"response_format": schema(SCHEMA | {"required": []}, strict=False)}),
        (None, {"response_format": schema(SCHEMA)}),
        (None, {"stream": True, "model": "llama-3.3-70b-versatile"}),
    ],
)
def test_groq_refuses_before_a_model_sees_it(status: int | None, changes: dict[str, Any]) -> None:
    refusal = groq_protocol.invalid(asking(**changes))
    assert (refusal and refusal.status) == status


def test_an_empty_choice_is_no_strict_schema() -> None:
    nobody = {"type": "array", "items": {"type": "string", "enum": []}}
    described = SCHEMA | {"properties": SCHEMA["properties"] | {"covered": nobody}}
    assert groq_protocol.is_strict(SCHEMA)
    assert not groq_protocol.is_strict(described)


@pytest.mark.parametrize(("header", "refused"), [("Bearer any", False), ("Bearer ", True)])
def test_any_key_will_do(header: str, refused: bool) -> None:
    request = make_mocked_request("GET", "/", headers={"authorization": header})
    assert (groq_protocol.unauthorized(request) is not None) == refused


def test_the_model_reads_what_the_script_knows() -> None:
    long, broken, lost = SCRIPT.lines[6], SCRIPT.lines[9], SCRIPT.lines[20]

    def read(said: str, answer_so_far: str = "") -> dict[str, Any]:
        return reading(SCRIPT, SCHEMA, json.dumps({"said": said, "answer_so_far": answer_so_far}))

    plain: dict[str, Any] = {"target": None, "content": False, "unfinished": False, "notices": []}
    whole = {"intent": "answer", "covered": ["angle", "tilt"], **plain}
    assert read(long.said) == whole
    assert read(long.parts[0])["covered"] == ["tilt"]
    assert read(long.parts[1], answer_so_far=long.parts[0]) == whole
    assert read(long.parts[0])["unfinished"] and read(broken.parts[0])["unfinished"]
    assert read(broken.said) == {"intent": "answer", "covered": [], **plain}
    assert read(lost.said) == {"intent": "dont_know", "covered": [], **plain}
    assert read("Hm.") == {"intent": "answer", "covered": [], **plain}


def test_other_schemas_are_filled_too() -> None:
    probe = {"type": "object", "properties": {"probe": {"type": "string"}}}
    assert reading(SCRIPT, probe, "no JSON") == {"probe": ""}


async def call(room: Room, clock: WaitingClock, body: dict[str, Any]) -> groq._Call:
    app = application(room)
    request = make_mocked_request("POST", "/", app=app)
    assert app[ROOM] is room
    return groq.Groq()._call(request, body, clock.now)


@pytest.fixture
def quick_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """No voice is needed where nothing is said."""
    monkeypatch.setattr(Clips, "prepare", lambda self, lines: None)


@pytest.mark.usefixtures("quick_clips")
async def test_a_reading_takes_as_long_as_its_tokens(
    room: Room, clock: WaitingClock, tmp_path: Path
) -> None:
    said = {"said": SCRIPT.lines[6].said, "answer_so_far": ""}
    messages = [{"role": "user", "content": json.dumps(said)}]
    made = await call(room, clock, asking(messages=messages, response_format=schema(SCHEMA)))
    began = clock.now
    answer = json.loads((await made.whole()).text or "")
    content = answer["choices"][0]["message"]["content"]
    assert json.loads(content)["covered"] == ["angle", "tilt"]
    assert clock.now - began == pytest.approx(0.16 + (len(content) / 4 + 20) / 280)
    request, done = (each for each in logged(tmp_path) if "request" in each)
    assert (request["line"], request["stream"], request["said"]) == (6, False, len(said["said"]))
    assert done["event"] == "done"
    assert done["t"] - request["t"] == pytest.approx(clock.now - began, abs=1e-5)


@pytest.mark.usefixtures("quick_clips")
async def test_a_stream_is_as_fast_as_said(
    room: Room, clock: WaitingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[float, bytes]] = []

    class Response:
        def __init__(self, headers: dict[str, str]) -> None:
            self.content_type = ""

        async def prepare(self, request: object) -> None: ...

        async def write(self, data: bytes) -> None:
            written.append((clock.now - began, data))

        async def write_eof(self) -> None: ...

    monkeypatch.setattr("bench.providers.groq.web.StreamResponse", Response)
    line = SCRIPT.lines[4]
    parts_of_message = [{"type": "text", "text": line.said}]
    messages = [{"role": "user", "content": parts_of_message}]
    made = await call(room, clock, asking(messages=messages, stream=True))
    began = clock.now
    await made.stream(make_mocked_request("POST", "/"))
    assert written[0][0] == pytest.approx(0.16)
    tokens = len(groq_protocol.tokens(line.reply))
    assert written[-1][0] == pytest.approx(0.16 + tokens / 280, abs=1 / 280)
    events = b"".join(data for _, data in written).decode().split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(each.removeprefix("data: ")) for each in events[:-2]]
    text = "".join(each["choices"][0]["delta"].get("content", "") for each in chunks)
    assert text == line.reply
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"


async def test_a_voice_begins_90_ms_late_and_is_20_times_as_fast(
    room: Room, clock: WaitingClock, tmp_path: Path
) -> None:
    parameters = SpeakParameters("aura-2-orion-en", 48_000, 1.0, "none")
    text = "Why is the sky blue at noon and red in the evening?"
    said = aura._Said(room, "aura-1", text, parameters, clock.now)
    arrived: list[tuple[float, int]] = []
    began = clock.now
    async for chunk in said.chunks():
        arrived.append((clock.now - began, len(chunk)))
    assert arrived[0][0] == pytest.approx(0.09)
    seconds = len(text) * 0.012 + 0.05
    assert sum(size for _, size in arrived) / 96_000 == pytest.approx(seconds, abs=1e-3)
    assert clock.now - began == pytest.approx(0.09 + seconds / 20, abs=0.01)
    assert [each["event"] for each in logged(tmp_path)] == ["request", "first_byte", "done"]


def pitch(samples: np.ndarray[Any, Any], rate: int) -> float:
    return float(np.abs(np.fft.rfft(samples)).argmax()) * rate / len(samples)


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_acknowledgements_sound_lower_than_content(rate: int) -> None:
    for wording in phrasebook("en").wordings["acknowledgement"]:
        samples = np.frombuffer(spoken(f" {wording} ", rate, 1.0), "<i2")
        assert pitch(samples, rate) == pytest.approx(440, abs=5)
        assert len(samples) / rate == pytest.approx(max(0.35, len(wording) * 0.012) + 0.05)
        assert not samples[-round(0.05 * rate) :].any()
    content = np.frombuffer(spoken("Thank you, I can hear you well.", rate, 1.0), "<i2")
    assert pitch(content, rate) == pytest.approx(660, abs=5)
    assert 0.1 * 32768 < np.abs(content).max() < 0.3 * 32768


def test_an_acknowledgement_in_front_is_told_apart() -> None:
    assert parts("Okay, thank you. What else?") == [
        ("Okay, thank you.", False),
        ("What else?", True),
    ]
    assert parts("What else? Thank you.") == [("What else? Thank you.", True)]


def test_speed_makes_it_shorter() -> None:
    text = "x" * 100
    sizes = [len(spoken(text, 16_000, speed)) / 32_000 - 0.05 for speed in (0.8, 1.0, 1.5)]
    assert sizes == pytest.approx([1.5, 1.2, 0.8])


def test_a_clip_has_its_pause_and_its_words_in_order() -> None:
    line = SCRIPT.lines[9]
    sounds = [np.full(96_000, 900, np.int16), np.full(48_000, 900, np.int16)]
    samples, timing = join(sounds, line)
    assert timing.seconds == len(samples) / 48_000 == pytest.approx(3 + line.pause)
    assert timing.pauses == ((2.0, 2.0 + line.pause),)
    assert " ".join(word.text for word in timing.words) == line.said
    assert all(a.end <= b.start for a, b in zip(timing.words, timing.words[1:], strict=False))
    before = [word for word in timing.words if word.end <= 2.0]
    assert " ".join(word.text for word in before) == line.parts[0]
    assert np.abs(samples[96_000 : 96_000 + round(line.pause * 48_000)]).max() < 60
