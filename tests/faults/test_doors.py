"""What comes to the doors of a running system from those who have no business there."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import httpx
import jwt
import psutil
import pytest
from livekit import api, rtc

from robot_student.invitation import Place, join
from tests.faults.conftest import OpenHouse
from tests.faults.figures import Figures
from tests.faults.house import ANSWERS, TYPED, House, port_of
from tests.faults.page import Page
from tests.faults.scale import FULL
from tests.faults.student import Student

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

#: Starts by one service key, and students behind one address.
STARTS, STUDENTS = (1000, 200) if FULL else (100, 40)


async def _is_refused(url: str, token: str) -> bool:
    room = rtc.Room()
    try:
        await room.connect(url, token)
    except rtc.ConnectError:
        return True
    await room.disconnect()
    return False


async def _validated(house: House, token: str) -> int:
    address = house.livekit.url.replace("ws", "http", 1)
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{address}/rtc/validate?access_token={token}")).status_code


@asynccontextmanager
async def _admitted(house: House) -> AsyncIterator[tuple[Place, api.LiveKitAPI]]:
    """A student's place in a room, and the server's API."""
    async with house.api() as livekit:
        place = await join(house.invite(*TYPED), recording=False)
        yield place, livekit
        await livekit.room.delete_room(api.DeleteRoomRequest(room=place.room_name))


async def _rooms(livekit: api.LiveKitAPI) -> set[str]:
    return {each.name for each in (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms}


async def test_row_17_an_old_token_after_the_end(house: House, figures: Figures) -> None:
    """The token of an exam whose room is gone."""
    async with house.api() as livekit:
        place = await join(house.invite(*TYPED), recording=False)
        await livekit.room.delete_room(api.DeleteRoomRequest(room=place.room_name))
        figures.strike()
        assert await _is_refused(place.livekit_url, place.token)
        assert await _validated(house, place.token) == 404
        assert place.room_name not in await _rooms(livekit)


async def test_row_18_tokens_that_are_not_right(house: House, figures: Figures) -> None:
    """A token for another room, tampered with, and expired by two minutes."""
    async with _admitted(house) as (place, livekit), _admitted(house) as (other, _):
        claims = jwt.decode(place.token, options={"verify_signature": False})
        elsewhere = claims | {"video": claims["video"] | {"room": other.room_name}}
        past = int((datetime.now(UTC) - timedelta(minutes=2)).timestamp())
        secret = house.livekit.api_secret
        head, _, signature = place.token.split(".")
        forged = jwt.encode(elsewhere, secrets.token_urlsafe(32)).split(".")[1]
        figures.strike()
        for name, token in {
            "another room, signed by somebody": jwt.encode(elsewhere, secrets.token_urlsafe(32)),
            "another room, the old signature": f"{head}.{forged}.{signature}",
            "tampered": place.token[:-4] + "AAAA",
            "expired": jwt.encode(claims | {"exp": past, "nbf": past - 600}, secret),
        }.items():
            assert await _is_refused(place.livekit_url, token), name
        request = api.ListParticipantsRequest(room=other.room_name)
        there = (await livekit.room.list_participants(request)).participants
        assert [each.identity for each in there if each.identity != "examiner"] == []


BODIES: dict[str, tuple[bytes, int, str, str | None]] = {
    "broken": (b"{", 400, "bad_request", None),
    "not UTF-8": (b"\xff\xfe", 400, "bad_request", None),
    "deep": (b'{"user_id":' + b"[" * 4000 + b"]" * 4000 + b"}", 400, "bad_request", None),
    "10 MB": (b" " * 10_000_000, 413, "too_large", None),
}
FIELDS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "wrong type": ({"user_id": 7}, 400, "bad_request", "user_id"),
    "control character": ({"user_id": "an\u0007n"}, 400, "bad_request", "user_id"),
    "slashes": ({"user_id": "ann/../bob"}, 400, "bad_request", "user_id"),
    "emoji": ({"user_id": "🦊"}, 400, "bad_request", "user_id"),
    "unknown exam": ({"exam_id": "none"}, 404, "unknown_exam", "exam_id"),
}


async def test_row_19_bodies_that_are_not_right(house: House, figures: Figures) -> None:
    """Bodies of 10 MB, broken, deeply nested, of wrong types, with odd characters."""
    good = {
        "user_id": "ann",
        "exam_id": "short",
        "consent": {"recording": False, "text_version": "1"},
    }
    bodies = BODIES | {
        name: (json.dumps(good | change).encode(), status, code, field)
        for name, (change, status, code, field) in FIELDS.items()
    }
    headers = {"authorization": f"Bearer {house.stack.env['TOKEN_API_KEY']}"}
    figures.strike()
    async with httpx.AsyncClient(base_url=house.stack.origin, headers=headers) as client:

        async def send() -> None:
            for name, (body, status, code, field) in bodies.items():
                answer = await client.post("/start-exam-session", content=body)
                error = answer.json()["error"]
                found = (answer.status_code, error["code"], error.get("field"))
                assert found == (status, code, field), name

        await send()
        before = house.token_api().memory_info().rss
        for _ in range(10):
            await send()
        grown = house.token_api().memory_info().rss - before
    assert grown < 10_000_000, f"{grown} bytes, after 100 MB"


@pytest.mark.slow_fault
async def test_row_20_a_flood_of_starts(opening: OpenHouse, figures: Figures) -> None:
    """Session creations beyond the limit with one key, and a school behind one address."""
    figures.scale = STARTS / 1000
    with opening(STARTS_PER_MINUTE=str(STARTS // 2), MAX_EXAMS="1") as house:
        await house.staff(1)
        async with Page(house.invite(*TYPED)) as page:
            student = Student(page, ANSWERS)
            await student.asked("rain")
            quiet_s = await _reply_s(page, student)
            await student.asked("ice")
            figures.strike()
            flood = asyncio.create_task(_flood(house))
            flooded_s = await _reply_s(page, student)
            statuses = await flood
            school = [house.invite(*TYPED) for _ in range(STUDENTS)]
            places = [await join(link, recording=False) for link in school]
            await student.farewell()
        assert (statuses.count(200), statuses.count(429)) == (STARTS // 2, STARTS // 2)
        assert len({each.room_name for each in places}) == STUDENTS
        # A machine of two cores has all of it to do: nobody is to notice it all the same.
        assert flooded_s <= quiet_s + 1.0, (quiet_s, flooded_s)
        house.judge(page.sitting, figures)
        await _clear(house)


async def _reply_s(page: Page, student: Student) -> float:
    """From an answer that was typed to the first of the reply to it."""
    typed = monotonic()
    await student.answer()
    spoke = await page.first(
        lambda: page.look("attribute", "lk.agent.state", after=typed, text="speaking")
    )
    return spoke - typed


async def _flood(house: House) -> list[int]:
    began = monotonic()
    places = asyncio.Semaphore(8)

    async def one(number: int) -> int:
        async with places:
            answer = await house.begin(f"flood-{number}")
            assert answer.status_code == 200 or int(answer.headers["retry-after"]) > 0
            return answer.status_code

    statuses = await asyncio.gather(*(one(number) for number in range(STARTS)))
    assert monotonic() - began < 60, "all of them came within one minute"
    return statuses


async def _clear(house: House) -> None:
    """Its rooms are of no use to anybody else."""
    async with house.api() as livekit:
        for name in await _rooms(livekit):
            await livekit.room.delete_room(api.DeleteRoomRequest(room=name))


def _webhook(house: House, secret: str) -> tuple[bytes, str]:
    """A body as LiveKit sends it, and what it is signed with."""
    event = {"event": "participant_left", "room": {"name": "exam-x"}, "id": secrets.token_hex(8)}
    body = json.dumps(event).encode()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": house.livekit.api_key, "nbf": now - 5, "exp": now + 300, "sha256": digest}
    return body, jwt.encode(claims, secret)


async def test_row_31_webhooks_forged_and_replayed(house: House, figures: Figures) -> None:
    """Webhooks to the keeper: signed by somebody else, of another body, and sent twice."""
    address = f"http://127.0.0.1:{port_of(house.keeper().cmdline())}/livekit-webhook"
    figures.strike()
    async with httpx.AsyncClient() as client, house.api() as livekit:
        before = await _rooms(livekit)

        async def post(body: bytes, token: str) -> int:
            headers = {"authorization": token, "content-type": "application/webhook+json"}
            return (await client.post(address, content=body, headers=headers)).status_code

        body, token = _webhook(house, house.livekit.api_secret)
        _, forged = _webhook(house, secrets.token_urlsafe(32))
        assert await post(body, forged) == 401
        assert await post(body + b" ", token) == 401
        assert await post(body, "") == 401
        assert 200 <= await post(body, token) < 300
        assert await post(body, token) == 401
        assert await _rooms(livekit) == before
    assert house.keeper().status() != psutil.STATUS_ZOMBIE
