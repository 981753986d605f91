"""What the doctor finds, and what it says is to be done about it."""

import asyncio
import io
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console
from typer.testing import CliRunner

from records.migrate import migrate
from records.store import Records
from tests.processes import ROOT
from worker.__main__ import app
from worker.checks import machine
from worker.checks.addresses import check_addresses, is_public
from worker.checks.database import check_database
from worker.checks.finding import Finding, failed, ok
from worker.checks.keeper import check_keeper, check_webhook
from worker.checks.keys import check_keys
from worker.checks.livekit import compare
from worker.checks.machine import check_machine
from worker.checks.papers import check_papers
from worker.checks.providers import DEEPGRAM, check_deepgram, check_groq
from worker.checks.settings import DoctorSettings
from worker.checks.turn import _stun, check_turn
from worker.doctor import as_json, examine_all, healthy, print_findings
from worker.publish import publish

pytestmark = pytest.mark.unit

SECRET = "s" * 40
PUBLIC = {"public_url": "https://exams.example", "livekit_url": "wss://livekit.example"}


def settings(**changes: Any) -> DoctorSettings:
    keys = {"livekit_api_key": "API123", "livekit_api_secret": SECRET, "token_api_key": "t" * 40}
    return DoctorSettings(**(keys | {"invitation_secret": "i" * 40} | changes))


def problems(findings: list[Finding]) -> list[str]:
    return [finding.text for finding in findings if finding.status == "failed"]


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DoctorSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def answering(**paths: Callable[[web.Request], web.Response]) -> AsyncIterator[str]:
    """A server with these paths ("v1__auth": /v1/auth); its origin."""
    site = web.Application()
    for name, answer in paths.items():

        async def handle(
            request: web.Request, answer: Callable[[web.Request], web.Response] = answer
        ) -> web.Response:
            return answer(request)

        site.router.add_get("/" + name.replace("__", "/"), handle)
    async with TestServer(site) as server:
        yield str(server.make_url("")).rstrip("/")


# Keys


async def test_good_keys_are_named_and_never_shown() -> None:
    findings = await check_keys(settings(groq_api_key="gsk_" + "g" * 40))
    assert problems(findings) == []
    told = " ".join(finding.text for finding in findings)
    assert "LIVEKIT_API_KEY, LIVEKIT_API_SECRET, TOKEN_API_KEY" in told
    assert SECRET not in told
    assert "gsk_" not in told


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"livekit_api_key": ""}, "not set"),
        ({"livekit_api_key": "devkey"}, "--dev mode"),
        ({"livekit_api_secret": "secret"}, "--dev mode"),
        ({"livekit_api_secret": "tiny"}, "LIVEKIT_API_SECRET is too short"),
        ({"invitation_secret": "tiny"}, "INVITATION_SECRET is too short"),
        ({"token_api_key": f'"{SECRET}"'}, "TOKEN_API_KEY holds a blank or is in quotation marks"),
        ({"deepgram_api_key": "two words"}, "DEEPGRAM_API_KEY holds a blank"),
        ({"token_api_key": SECRET}, "are the same"),
        ({"livekit_api_key": "dev-12345678"} | PUBLIC, "made by `make exam`"),
    ],
)
async def test_a_key_that_cannot_be_right_is_told(changes: dict[str, str], told: str) -> None:
    findings = await check_keys(settings(**changes))
    assert len(problems(findings)) == 1
    assert told in problems(findings)[0]
    assert all(finding.mend for finding in findings if finding.status == "failed")
    for value in changes.values():
        assert value in ("", "secret") or value not in problems(findings)[0]


async def test_what_only_another_part_needs_may_be_missing_here() -> None:
    findings = await check_keys(settings(token_api_key=None, invitation_secret=None))
    assert problems(findings) == []
    assert [finding.status for finding in findings] == ["ok", "open", "open"]


# Addresses


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        (PUBLIC, []),
        (PUBLIC | {"public_url": "http://exams.example"}, ["PUBLIC_URL is not https"]),
        (PUBLIC | {"livekit_url": "ws://livekit.example"}, ["LIVEKIT_URL is not wss"]),
        (PUBLIC | {"livekit_url": "ws://10.0.0.7:7880"}, ["LIVEKIT_URL is not wss"]),
        (PUBLIC | {"livekit_url": "wss://localhost"}, ["LIVEKIT_URL leads to this machine"]),
        ({"deepgram_base_url": "http://speech.example"}, ["DEEPGRAM_BASE_URL is not encrypted"]),
        ({"deepgram_base_url": "http://10.0.0.7:8600"}, []),
        (
            {"groq_api_key": "g", "groq_base_url": "http://model.example/v1"},
            ["GROQ_BASE_URL is not encrypted"],
        ),
    ],
)
async def test_what_crosses_the_internet_is_encrypted(
    changes: dict[str, str], told: list[str]
) -> None:
    found = problems(await check_addresses(settings(**changes)))
    assert len(found) == len(told)
    assert all(text.startswith(start) for text, start in zip(found, told, strict=True))


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ws://localhost", "http://192.168.1.4"])
def test_addresses_of_a_house_are_not_public(url: str) -> None:
    assert not is_public(url)
    assert is_public("https://exams.example")


# Keeper and LiveKit's configuration


async def test_a_keeper_that_watches_is_found() -> None:
    async with answering(readyz=lambda _: web.json_response({"status": "ready"})) as origin:
        assert problems(await check_keeper(settings(keeper_url=origin))) == []


async def test_a_keeper_that_is_not_ready_says_why() -> None:
    body = {"error": {"code": "unavailable", "message": "LiveKit is away."}}
    async with answering(readyz=lambda _: web.json_response(body, status=503)) as origin:
        found = problems(await check_keeper(settings(keeper_url=origin)))
    assert found == ["the keeper is not ready: LiveKit is away."]


async def test_a_keeper_that_is_missing_is_told(free_port: Callable[[], int]) -> None:
    (finding,) = await check_keeper(settings(keeper_url=f"http://127.0.0.1:{free_port()}"))
    assert finding.status == "failed"
    assert "python -m keeper" in finding.mend


@pytest.mark.parametrize(
    ("config", "status", "told"),
    [
        ("port: 7880", "failed", "names no webhook"),
        (
            "webhook: {api_key: API123, urls: [http://127.0.0.1:8020/other]}",
            "failed",
            "names no webhook",
        ),
        (
            "webhook: {api_key: other, urls: [http://127.0.0.1:8020/livekit-webhook]}",
            "failed",
            "with another key",
        ),
        (
            "webhook: {api_key: API123, urls: [http://127.0.0.1:8020/livekit-webhook]}",
            "ok",
            "tells the keeper",
        ),
        ("[1, 2]", "open", "holds no settings"),
        ("a: [", "open", "is not YAML"),
        (None, "open", "cannot be read"),
    ],
)
async def test_livekits_file_names_the_keeper(
    tmp_path: Path, config: str | None, status: str, told: str
) -> None:
    file = tmp_path / "livekit.yaml"
    if config is not None:
        file.write_text(config)
    (finding,) = await check_webhook(settings(livekit_config=file))
    assert finding.status == status
    assert told in finding.text


async def test_without_livekits_file_it_says_that_it_did_not_look() -> None:
    for check in (check_webhook, check_turn):
        (finding,) = await check(settings(**PUBLIC))
        assert finding.status == "open"
        assert "LIVEKIT_CONFIG" in finding.mend


async def test_a_server_without_turn_is_told_but_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "livekit.yaml"
    file.write_text("turn: {enabled: false}")
    (finding,) = await check_turn(settings(livekit_config=file, **PUBLIC))
    assert (finding.status, "only HTTPS" in finding.text) == ("open", True)


async def test_turn_that_nobody_serves_is_told(
    tmp_path: Path, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.checks.turn.PATIENCE_S", 0.3)
    file = tmp_path / "livekit.yaml"
    file.write_text(
        f"turn: {{enabled: true, domain: 127.0.0.1, tls_port: {free_port()}, "
        f"udp_port: {free_port()}}}"
    )
    found = await check_turn(settings(livekit_config=file, **PUBLIC))
    assert [("over TCP" in text, "over UDP" in text) for text in problems(found)] == [
        (True, False),
        (False, True),
    ]


class _Stun(asyncio.DatagramProtocol):
    """Answers a binding request as RFC 8489 says, or with another transaction's number."""

    def __init__(self, transaction: bytes | None) -> None:
        self._transaction = transaction

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        assert data[:8] == bytes.fromhex("000100002112a442")
        answer = bytes.fromhex("010100002112a442") + (self._transaction or data[8:20])
        self._transport.sendto(answer, addr)


@pytest.mark.parametrize(("transaction", "reached"), [(None, True), (b"x" * 12, False)])
async def test_a_stun_server_is_known_by_its_answer(
    transaction: bytes | None, reached: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.checks.turn.PATIENCE_S", 0.3)
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Stun(transaction), local_addr=("127.0.0.1", 0)
    )
    try:
        assert await _stun("127.0.0.1", transport.get_extra_info("sockname")[1]) is reached
    finally:
        transport.close()


# Database and papers


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    migrate(url)
    return url


def test_a_good_database_is_found_and_left_as_it_was(database: str) -> None:
    assert problems(asyncio.run(check_database(settings(database_url=database)))) == []
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as file:
        assert file.execute("SELECT count(*) FROM audit").fetchone() == (0,)


async def test_a_database_that_was_never_made_is_told(tmp_path: Path) -> None:
    (finding,) = await check_database(settings(database_url=f"sqlite:///{tmp_path / 'none.db'}"))
    assert finding.status == "failed"
    assert finding.mend == "python -m records migrate"


async def test_a_locked_database_is_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("records.engine.BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as other:
        other.execute("BEGIN IMMEDIATE")
        (finding,) = await check_database(settings(database_url=database))
    assert finding.status == "failed"
    assert "locked" in finding.text


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    shutil.copy(ROOT / "exams" / "networks.yaml", folder)
    return folder


async def test_papers_have_to_be_published_as_they_are(database: str, papers: Path) -> None:
    chosen = settings(database_url=database, papers_dir=papers)
    assert problems(await check_papers(chosen)) == ["not published as they are now: networks."]
    records = await Records.open(database)
    await publish([papers / "networks.yaml"], records)
    await records.close()
    assert problems(await check_papers(chosen)) == []


async def test_a_broken_paper_is_told_with_its_line(database: str, papers: Path) -> None:
    (papers / "broken.yaml").write_text("id: broken\n")
    found = problems(await check_papers(settings(database_url=database, papers_dir=papers)))
    assert any("broken.yaml:1" in text for text in found)


async def test_a_folder_without_papers_is_told(tmp_path: Path) -> None:
    found = problems(await check_papers(settings(papers_dir=tmp_path / "none")))
    assert found == [f"there is no paper in {tmp_path / 'none'}."]


# Machine and clock


async def test_a_disk_or_memory_that_is_short_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(var_dir=tmp_path, speech_cache_dir=tmp_path / "speech", max_exams=4)
    monkeypatch.setattr(machine, "free_memory_mb", lambda: 700.0)
    assert problems(await check_machine(chosen)) == []
    monkeypatch.setattr(machine, "free_memory_mb", lambda: 400.0)
    monkeypatch.setattr(machine, "DISK_MB", 10**12)
    findings = await check_machine(chosen)
    assert {finding.name for finding in findings if finding.status == "failed"} == {
        "disk",
        "memory",
    }
    assert "MAX_EXAMS to 2" in findings[-1].mend


@pytest.mark.parametrize(("seconds", "status"), [(5, "ok"), (-5, "ok"), (90, "failed")])
def test_clocks_are_compared_both_ways(seconds: int, status: str) -> None:
    assert compare(datetime.now(UTC) + timedelta(seconds=seconds), "LiveKit").status == status


# Providers


async def test_local_speech_is_told_to_be_so() -> None:
    async with answering(healthz=lambda _: web.json_response({})) as origin:
        (finding,) = await check_deepgram(settings(deepgram_base_url=origin))
    assert (finding.status, finding.text) == ("ok", f"served locally, at {origin}.")


async def test_speech_that_nobody_serves_is_told(free_port: Callable[[], int]) -> None:
    origin = f"http://127.0.0.1:{free_port()}"
    assert len(problems(await check_deepgram(settings(deepgram_base_url=origin)))) == 1


def test_with_a_key_it_is_deepgram_itself() -> None:
    assert settings(deepgram_api_key="k").deepgram_origin == DEEPGRAM


async def test_without_groq_rules_decide_which_is_no_fault() -> None:
    (finding,) = await check_groq(settings())
    assert finding.status == "open"


@pytest.mark.parametrize(
    ("status", "expected", "told"),
    [
        (200, "ok", "accepts the key"),
        (401, "failed", "refuses the key"),
        (404, "failed", "has no model small"),
        (500, "open", "was not checked"),
    ],
)
async def test_groq_is_asked_for_the_model_with_the_key(
    status: int, expected: str, told: str
) -> None:
    keys: list[str] = []

    def answer(request: web.Request) -> web.Response:
        keys.append(request.headers["Authorization"])
        return web.json_response({}, status=status)

    async with answering(v1__models__small=answer) as origin:
        (finding,) = await check_groq(
            settings(groq_api_key="g", groq_base_url=f"{origin}/v1", groq_model="small")
        )
    assert keys == ["Bearer g"]
    assert (finding.status, told in finding.text) == (expected, True)


# All together


async def _fine(_: DoctorSettings) -> list[Finding]:
    return [ok("fine", "is fine.")]


async def _ill(_: DoctorSettings) -> list[Finding]:
    return [failed("ill", "is [ill].", "Mend it.")]


async def check_strange(_: DoctorSettings) -> list[Finding]:
    raise KeyError("a secret")


async def test_each_is_told_in_its_order_with_what_to_do() -> None:
    findings = await examine_all(settings(), (_fine, _ill))
    screen = io.StringIO()
    print_findings(findings, Console(file=screen, width=200))
    assert screen.getvalue().splitlines() == [
        "✓ fine  is fine.",
        "✗ ill   is [ill].",
        "        → Mend it.",
    ]
    assert not healthy(findings)
    assert healthy(findings[:1])


async def test_a_check_that_fails_itself_ends_no_other_and_shows_no_value() -> None:
    findings = await examine_all(settings(), (check_strange, _fine))
    assert [finding.status for finding in findings] == ["failed", "ok"]
    assert findings[0].name == "strange"
    assert "a secret" not in findings[0].text


async def test_programs_get_json() -> None:
    told = json.loads(as_json(await examine_all(settings(), (_fine, _ill))))
    assert told["ok"] is False
    assert told["checks"][1] == {
        "name": "ill",
        "status": "failed",
        "text": "is [ill].",
        "mend": "Mend it.",
    }


def test_the_door_ends_with_1_when_something_is_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: Callable[[], int]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LIVEKIT_URL", "KEEPER_URL", "DEEPGRAM_BASE_URL"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", f"'{SECRET}'")
    done = CliRunner().invoke(app, ["doctor", "--json"])
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    failing = {check["name"] for check in told["checks"] if check["status"] == "failed"}
    assert {"keys", "LiveKit", "keeper", "database", "papers", "Deepgram"} <= failing
