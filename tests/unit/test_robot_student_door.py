"""The command line, the invitation link and the voice, without a room."""

import json
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from robot_student.__main__ import app
from robot_student.errors import VoiceError
from robot_student.invitation import parse
from robot_student.settings import SpeechSettings
from robot_student.voice import RATE, Voice

pytestmark = pytest.mark.unit

LINK = "http://127.0.0.1:9/#invitation=abc"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_links() -> None:
    assert parse("https://exams.example/uni/#invitation=a.b.c") == (
        "https://exams.example/uni/join",
        "a.b.c",
    )
    for link in ("exams.example/#invitation=a", "http://x/?invitation=a", "http://x/#invitation="):
        with pytest.raises(ValueError, match="The link must"):
            parse(link)


def test_a_bad_link_and_a_bad_script_exit_with_2(tmp_path: Path) -> None:
    script = tmp_path / "x.robot.yaml"
    script.write_text("exam: x\nquestion: {}\n")

    bad_link = CliRunner().invoke(app, ["--link", "nonsense", "--script", str(script)])
    bad_script = CliRunner().invoke(app, ["--link", LINK, "--script", str(script)])

    assert (bad_link.exit_code, bad_script.exit_code) == (2, 2)
    assert "The link must begin with" in bad_link.stderr
    assert f"{script}:2: question: Extra inputs are not permitted" in bad_script.stderr


def test_without_a_voice_it_exits_with_1_and_writes_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, report = tmp_path / "x.robot.yaml", tmp_path / "reports" / "x.json"
    script.write_text("exam: x\nquestions: {}\n")
    monkeypatch.setenv("DEEPGRAM_BASE_URL", "ftp://nowhere")

    result = CliRunner().invoke(
        app, ["--link", LINK, "--script", str(script), "--report", str(report)]
    )

    assert result.exit_code == 1
    assert "The speech service at ftp://nowhere cannot be reached" in result.stderr
    written = json.loads(report.read_text())
    assert (written["completed"], written["exam"]) == (False, "x")
    assert written["failure"].startswith("The speech service")


def test_where_the_voice_comes_from() -> None:
    assert SpeechSettings().origin == "http://127.0.0.1:8600"
    assert SpeechSettings(api_key=SecretStr("k")).origin == "https://api.deepgram.com"
    assert SpeechSettings(base_url="http://here:1/").origin == "http://here:1"


async def test_each_text_is_synthesised_once_with_the_key() -> None:
    asked: list[str] = []

    def speak(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Token secret"
        assert request.url.params["model"] == "aura-2-luna-en"
        asked.append(json.loads(request.content)["text"])
        if len(asked) == 1:
            return httpx.Response(503)
        tone = 8000 * np.sin(np.arange(RATE) * 0.1)
        return httpx.Response(200, content=tone.astype("<i2").tobytes())

    voice = Voice(
        SpeechSettings(api_key=SecretStr("secret")),
        model="aura-2-luna-en",
        transport=httpx.MockTransport(speak),
    )
    steps: list[tuple[int, int]] = []
    await voice.prepare(["one", "two", "one"], lambda ready, wanted: steps.append((ready, wanted)))
    await voice.prepare(["two"])

    assert sorted(asked) in (["one", "one", "two"], ["one", "two", "two"])
    assert steps == [(1, 2), (2, 2)]
    assert len(voice.say("one")) == RATE


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (httpx.Response(401, text="INVALID_AUTH"), "answered 401 for the voice .*INVALID_AUTH"),
        (httpx.Response(200, content=bytes(9600)), "gave silence for a text to speak"),
    ],
)
async def test_a_voice_that_fails_is_explained(answer: httpx.Response, sentence: str) -> None:
    voice = Voice(SpeechSettings(), transport=httpx.MockTransport(lambda _: answer))

    with pytest.raises(VoiceError, match=sentence):
        await voice.prepare(["one"])
