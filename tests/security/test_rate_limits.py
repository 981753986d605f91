"""Who calls too often is told to wait; nobody else is, and no exam stops for it."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.security.conftest import Serve
from tests.security.school import KEY, School
from token_api.errors import ApiError
from token_api.rate_limits import FAILURES_PER_MINUTE, JOINS_PER_MINUTE, RateLimits

pytestmark = pytest.mark.unit

MINUTE = 60
DOWN = "redis://127.0.0.1:1"


def _told_to_wait(response: httpx2.Response) -> bool:
    if response.status_code != 429:
        return False
    assert response.json()["error"]["code"] == "rate_limited"
    assert 0 < int(response.headers["retry-after"]) <= MINUTE
    return True


def test_row_20_of_1000_starts_in_a_minute_500_begin(serve: Serve) -> None:
    with serve() as school, ThreadPoolExecutor(4) as pool:
        began = time.monotonic()
        responses = list(pool.map(lambda n: school.start(f"student-{n}"), range(1000)))
        assert time.monotonic() - began < MINUTE, "all of them came within one minute"
        refused = [each for each in responses if _told_to_wait(each)]
        admitted = [each for each in responses if each.status_code == 200]
        assert (len(admitted), len(refused)) == (500, 500)
        assert school.sittings() == 500, "who is told to wait has begun nothing"


def test_row_20_200_students_behind_one_address_get_in(school: School) -> None:
    """While another one there tries keys and invitations of their own."""
    good = [school.invite(f"student-{number}") for number in range(200)]
    bad = [school.join("let me in") for _ in range(FAILURES_PER_MINUTE)]
    assert {each.status_code for each in bad} == {401}
    assert _told_to_wait(school.join("let me in"))
    assert _told_to_wait(school.look("let me in"))
    assert _told_to_wait(school.start("ann", {"authorization": "Bearer guess"}))
    assert {school.join(each).status_code for each in good} == {200}
    assert school.start("ann").status_code == 200


def test_a_request_that_is_wrong_but_not_a_try_is_told_so_every_time(school: School) -> None:
    for _ in range(FAILURES_PER_MINUTE + 5):
        assert school.client.post("/join", content=b"{").status_code == 400
        assert school.client.get("/none").status_code == 404


def test_one_invitation_is_not_opened_over_and_over(school: School) -> None:
    often, other = school.invite("ann"), school.invite("bob")
    half = JOINS_PER_MINUTE // 2
    responses = [call(often) for _ in range(half) for call in (school.look, school.join)]
    assert {each.status_code for each in responses} == {200}
    assert _told_to_wait(school.join(often))
    assert school.join(other).status_code == 200


def test_each_service_key_has_its_own_starts(serve: Serve) -> None:
    previous: Any = "the-key-before"
    with serve(starts_per_minute=2, token_api_key_previous=previous) as school:
        for key in (KEY, previous):
            bearer = {"authorization": f"Bearer {key}"}
            responses = [school.start("ann", bearer) for _ in range(3)]
            assert [_told_to_wait(each) for each in responses] == [False, False, True]


async def _waits(limits: RateLimits, times: int) -> list[int]:
    """Seconds to wait, call by call; 0: passed."""
    waits = []
    for _ in range(times):
        try:
            await limits.start(KEY)
            waits.append(0)
        except ApiError as error:
            waits.append(int(error.headers["retry-after"]))
    return waits


async def test_after_the_time_that_was_told_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    limits = RateLimits("memory://", starts_per_minute=2)
    assert await _waits(limits, 3) == [0, 0, MINUTE]
    now += 20
    assert await _waits(limits, 1) == [MINUTE - 20]
    now += MINUTE - 20
    assert await _waits(limits, 3) == [0, 0, MINUTE]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:1::1", False),
        ("x" * 10_000, None, True),
    ],
)
async def test_failures_count_by_address(one: str, other: str | None, same: bool) -> None:
    limits = RateLimits("memory://", starts_per_minute=500)
    wrong = ApiError(401, "unauthorized", "No.")
    for _ in range(FAILURES_PER_MINUTE):
        assert await limits.refusal(wrong, one) is wrong
    assert (await limits.refusal(wrong, one)).code == "rate_limited"
    assert ((await limits.refusal(wrong, other)).code == "rate_limited") is same


async def test_a_store_that_is_down_stops_no_exam(caplog: pytest.LogCaptureFixture) -> None:
    limits = RateLimits(DOWN, starts_per_minute=2)
    with caplog.at_level(logging.ERROR):
        assert await _waits(limits, 10) == [0] * 10
    await limits.close()
    assert len(caplog.records) == 1, "told once, and not asked again at once"
    assert "nothing is rate limited" in caplog.text
    assert KEY not in caplog.text


async def test_a_store_that_hangs_stops_no_exam(caplog: pytest.LogCaptureFixture) -> None:
    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = RateLimits(f"async+redis://127.0.0.1:{port}", starts_per_minute=2)
    began = time.monotonic()
    assert await _waits(limits, 10) == [0] * 10
    assert time.monotonic() - began < 3, "and keeps nobody waiting"
    assert "nothing is rate limited" in caplog.text
    await limits.close()
    for writer in writers:
        writer.close()
    server.close()
    await server.wait_closed()


def test_exams_start_while_the_store_is_down(serve: Serve) -> None:
    with serve(rate_limit_url=DOWN, starts_per_minute=1) as school:
        assert [school.start(user).status_code for user in ("ann", "bob")] == [200, 200]


async def test_the_store_sees_no_key() -> None:
    limits = RateLimits("memory://", starts_per_minute=2)
    await limits.start(KEY)
    kept = str(vars(limits._store))
    assert "voxam-starts" in kept
    assert KEY not in kept
