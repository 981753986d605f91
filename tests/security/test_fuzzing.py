"""Whatever comes, the token API answers, in the form of its contract, and does not grow by it."""

import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Scope

from tests.security.school import BEARER, CONSENT, KEY, School, serving
from token_api.body import MAX_BYTES, MAX_DEPTH

pytestmark = pytest.mark.unit

CODES = {
    *("bad_request", "unauthorized", "invitation_invalid", "invitation_expired"),
    *("invitation_used", "unknown_exam", "exam_finished", "consent_required", "rate_limited"),
    *("too_large", "unavailable", "not_found", "method_not_allowed"),
}
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW"]
PATHS = ["/start-exam-session", "/invitation", "/join", "/healthz", "/readyz", "/", "/assets/"]
GOOD = {"user_id": "ann", "exam_id": "cells", "consent": CONSENT, "profile": {"typed": True}}


def _many(cases: int) -> settings:
    """2,000 in all, the same ones each time."""
    return settings(
        max_examples=cases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@pytest.fixture(scope="module")
def school(school_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with serving(school_database, folder, starts_per_minute=10**6) as school:
        yield school


def ask(
    school: School,
    method: str,
    path: str,
    headers: list[tuple[bytes, bytes]],
    body: Iterator[bytes],
) -> Answer:
    """One request as a server hands it on; what a client library would mend comes through."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("203.0.113.9", 40000),
        "scheme": "http",
        "root_path": "",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode("utf-8", "replace"),
        "query_string": b"",
        "headers": headers,
        "state": dict(school.client.app_state),
    }
    answer, is_whole = Answer(), False

    async def receive() -> Message:
        nonlocal is_whole
        if is_whole:
            return {"type": "http.disconnect"}
        chunk = next(body, None)
        is_whole = chunk is None
        return {"type": "http.request", "body": chunk or b"", "more_body": not is_whole}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message.get("body", b"")

    async def exchange() -> None:
        await school.client.app(scope, receive, send)

    assert school.client.portal is not None
    school.client.portal.call(exchange)
    return answer


def keeps_to_the_contract(answer: Answer, *, head: bool = False) -> bool:
    assert 200 <= answer.status < 500, answer
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b"nobody may read this" not in answer.body
    if answer.status < 400 or (head and not answer.body):
        return True
    assert answer.headers["content-type"] == "application/json"
    error = json.loads(answer.body)["error"]
    assert error.keys() in ({"code", "message"}, {"code", "message", "field"})
    assert error["code"] in CODES
    assert error["message"].endswith("."), error
    return len(answer.body) < 1000


HEADER_NAMES = st.sampled_from(
    [
        *(b"authorization", b"content-length", b"content-type", b"transfer-encoding", b"expect"),
        *(b"x-forwarded-for", b"x-forwarded-proto", b"host", b"range", b"if-none-match", b"cookie"),
        *(b"if-modified-since", b"accept", b"accept-encoding", b"origin", b"connection"),
    ]
) | st.from_regex(rb"[a-z0-9!#$%&'*+.^_`|~-]{1,40}", fullmatch=True)
# As h11 lets them through: no control characters.
HEADER_VALUES = st.binary(max_size=200).map(
    lambda value: bytes(each for each in value if each >= 32 and each != 127).strip()
) | st.sampled_from(
    [
        *(b"Bearer", b"Bearer ", b"bearer " + KEY.encode(), b"Basic YTpi", b"100-continue"),
        *(b"-1", b"99999999999999999999", b"1e9", b"0x10", b"bytes=0-", b"bytes=9-1,-9,a"),
        *(
            "²".encode(),
            "Bearer ключ".encode(),
            b"chunked",
            b"gzip, *",
            b"*",
            b"W/",
            b"::1, unknown",
        ),
        *(b"Mon, 99 Foo 2026 99:99:99 GMT", b"Fri, 31 Dec 9999 23:59:59 GMT", b"\xff\xfe"),
    ]
)
HEADERS = st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=12)


@_many(800)
@given(st.sampled_from(METHODS), st.sampled_from(PATHS), HEADERS, st.binary(max_size=64))
def test_any_headers(
    school: School, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    answer = ask(school, method, path, headers, iter([body]))
    assert keeps_to_the_contract(answer, head=method == "HEAD")


SEGMENTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        *("..", ".", "%2e%2e", "%2f", "..%2f..", "%5c", "\\", "%00", "\0", "%ff", "%c0%ae", "~"),
        *(
            "secret.txt",
            "index.html",
            "assets",
            "join",
            "healthz",
            "a" * 300,
            "a" * 5000,
            "é",
            "🦊",
        ),
        *("C:", "CON", ";", "?", "#", "//", "@evil.example", "*", "etc", "passwd", "\r\nx: y"),
    ]
)
ADDRESSES = st.lists(SEGMENTS, max_size=8).map(lambda parts: "/" + "/".join(parts))


@_many(800)
@given(st.sampled_from(METHODS), ADDRESSES)
def test_any_address(school: School, method: str, path: str) -> None:
    answer = ask(school, method, path, [], iter([]))
    assert keeps_to_the_contract(answer, head=method == "HEAD")


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "",
        "ann",
        "../ann",
        "ann/bob",
        "ann\0",
        "ann\n",
        "🦊",
        "ａｎｎ",
        "a" * 129,
        "ann%2f",
        "' OR 1=1",
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def near_misses(draw: st.DrawFn) -> dict[str, Any]:
    """A good request with something else in one or two of its places."""
    body: dict[str, Any] = json.loads(json.dumps(GOOD))
    for _ in range(draw(st.integers(1, 2))):
        inside = draw(st.sampled_from(["", "consent", "profile"]))
        place = body.get(inside) if inside else body
        if not isinstance(place, dict):
            continue
        name = draw(st.sampled_from([*place, "extra", "invitation"]) | TEXTS)
        if draw(st.booleans()):
            place[name] = draw(VALUES)
        else:
            place.pop(name, None)
    return body


def _dumps(value: Any) -> bytes:
    return json.dumps(value).encode()


BODIES = (
    near_misses().map(_dumps)
    | VALUES.map(_dumps)
    | st.binary(max_size=400)
    | st.tuples(near_misses().map(_dumps), st.integers(0, 200), st.binary(max_size=8)).map(
        lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
    )
)


@_many(400)
@given(st.sampled_from(["/start-exam-session", "/invitation", "/join"]), BODIES)
def test_any_body(school: School, path: str, body: bytes) -> None:
    headers = [(b"authorization", f"Bearer {KEY}".encode())]
    answer = ask(school, "POST", path, headers, iter([body[:7], body[7:]]))
    assert keeps_to_the_contract(answer)


def _nested(levels: int) -> bytes:
    return b'{"user_id":' + b"[" * levels + b"]" * levels + b"}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{", (400, "bad_request", None)),
        (b"[]", (400, "bad_request", None)),
        (b"\xff\xfe", (400, "bad_request", None)),
        (b'{"user_id": NaN}', (400, "bad_request", None)),
        (b'{"user_id": "ann", "user_id": "bob"}', (400, "bad_request", None)),
        (_nested(MAX_DEPTH + 1), (400, "bad_request", None)),
        (_nested(MAX_BYTES // 2 - 20), (400, "bad_request", None)),
        (b"x" * (MAX_BYTES + 1), (413, "too_large", None)),
        (_dumps(GOOD | {"user_id": 7}), (400, "bad_request", "user_id")),
        (_dumps(GOOD | {"user_id": "an\u0007n"}), (400, "bad_request", "user_id")),
        (_dumps(GOOD | {"user_id": "ann/../bob"}), (400, "bad_request", "user_id")),
        (_dumps(GOOD | {"user_id": "🦊"}), (400, "bad_request", "user_id")),
        (_dumps(GOOD | {"exam_id": "none"}), (404, "unknown_exam", "exam_id")),
        (_dumps(GOOD | {"consent": True}), (400, "bad_request", "consent")),
        (_dumps(GOOD | {"room": "exam-x"}), (400, "bad_request", "room")),
    ],
)
def test_row_19_bad_bodies_are_told_apart(
    school: School, body: bytes, expected: tuple[int, str, str | None]
) -> None:
    response = school.client.post("/start-exam-session", content=body, headers=BEARER)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error.get("field")) == expected


BEARERS: dict[str, list[tuple[bytes, bytes]]] = {
    "by the school": [(b"authorization", f"Bearer {KEY}".encode())],
    "by anybody": [],
}


@pytest.mark.parametrize("path", ["/start-exam-session", "/join"])
@pytest.mark.parametrize("headers", BEARERS.values(), ids=BEARERS.keys())
@pytest.mark.parametrize("declared", [True, False], ids=["declared", "undeclared"])
def test_row_19_bodies_of_10_mb_leave_the_memory_flat(
    school: School, path: str, headers: list[tuple[bytes, bytes]], declared: bool
) -> None:
    size, chunk = 10_000_000, 50_000
    length = [(b"content-length", str(size).encode())] if declared else []

    def send(count: int) -> list[Answer]:
        def body() -> Iterator[bytes]:
            return (b" " * chunk for _ in range(size // chunk))

        return [ask(school, "POST", path, headers + length, body()) for _ in range(count)]

    send(1)
    tracemalloc.start()
    try:
        answers = send(10)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    wanted = {401} if path == "/start-exam-session" and not headers else {413}
    assert {answer.status for answer in answers} <= wanted | {429}
    assert peak < 1_000_000, "no body is ever held"
    assert now < 500_000
