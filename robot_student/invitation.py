"""From an invitation link to a place in a room."""

from typing import Annotated
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field, ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from robot_student.errors import JoinRefused

CONSENT_TEXT = "robot-student"


class Place(BaseModel):
    """What the token API answers to `POST /join`, as far as the robot needs it."""

    session_id: str
    room_name: str
    livekit_url: Annotated[str, Field(pattern=r"^wss?://")]
    token: str


class _Refusal(BaseModel):
    class Error(BaseModel):
        code: str
        message: str

    error: Error


def parse(link: str) -> tuple[str, str]:
    """Address for `POST /join` and invitation. Raises ValueError with a sentence."""
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("The link must begin with http:// or https://.")
    name, _, invitation = parts.fragment.partition("=")
    if name != "invitation" or not invitation:
        raise ValueError("The link must end with #invitation=… .")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/join", invitation


async def join(link: str, *, recording: bool = True) -> Place:
    """Ask for a place. Raises JoinRefused."""
    address, invitation = parse(link)
    body = {
        "invitation": invitation,
        "consent": {"recording": recording, "text_version": CONSENT_TEXT},
    }
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(httpx.ConnectError),
                stop=stop_after_attempt(3),
                wait=wait_fixed(0.5),
                reraise=True,
            ):
                with attempt:
                    answer = await client.post(address, json=body)
    except httpx.TransportError as error:
        raise JoinRefused(
            "unreachable", f"{address} cannot be reached ({type(error).__name__})."
        ) from error
    if answer.status_code != 200:
        raise _refused(address, answer)
    try:
        return Place.model_validate_json(answer.content)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        raise JoinRefused(
            "bad_answer", f"{address} answered 200 without a valid place ({fields})."
        ) from error


def _refused(address: str, answer: httpx.Response) -> JoinRefused:
    try:
        error = _Refusal.model_validate_json(answer.content).error
    except ValidationError:
        return JoinRefused("bad_answer", f"{address} answered {answer.status_code}.")
    return JoinRefused(error.code, f"Joining was refused ({error.code}): {error.message}")
