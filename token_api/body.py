"""Reads a JSON body that may come from anybody: bounded in size and depth, and strict."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, NoReturn

from starlette.requests import Request

from token_api.errors import ApiError, bad_request

MAX_BYTES = 16 * 1024
MAX_DEPTH = 8
READ_S = 10.0
"""How long a body may take to come, whatever its size."""
# How much of a body that is too large is still taken off the wire.
DISCARD_BYTES = 16 * 1024 * 1024
DISCARD_S = 5.0


async def read_object(request: Request[Any]) -> dict[str, Any]:
    """The body as a JSON object; ApiError too_large or bad_request (408: it came too slowly)."""
    try:
        async with asyncio.timeout(READ_S):
            raw = await _read(request)
    except TimeoutError:
        message = f"The body did not come within {READ_S:g} s."
        headers = {"connection": "close"}
        raise ApiError(408, "bad_request", message, headers=headers) from None
    try:
        value = json.loads(raw, parse_constant=_refuse_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        raise bad_request("The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise bad_request("The body is not a JSON object.")
    if _is_deeper(value, MAX_DEPTH):
        raise bad_request(f"The body is nested more than {MAX_DEPTH} levels deep.")
    return value


async def _read(request: Request[Any]) -> bytes:
    body = bytearray()
    chunks = request.stream()
    if not _is_declared_too_large(request):
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_BYTES:
                break
        else:
            return bytes(body)
    if "expect" not in request.headers:
        await _discard(chunks)
    message = f"The body is larger than {MAX_BYTES} bytes."
    raise ApiError(413, "too_large", message, headers={"connection": "close"})


def _is_declared_too_large(request: Request[Any]) -> bool:
    declared = request.headers.get("content-length", "0")
    # No number of more digits than this is small, and a very long one is slow to read.
    return not declared.isdecimal() or len(declared) > 9 or int(declared) > MAX_BYTES


async def _discard(chunks: AsyncGenerator[bytes]) -> None:
    """Let the client finish: most read no answer before, and see a broken connection instead."""
    discarded = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_S):
            async for chunk in chunks:
                discarded += len(chunk)
                if discarded > DISCARD_BYTES:
                    return


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name appears twice")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_deeper(value: object, limit: int) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [inner for outer in level for inner in _children(outer)]
    return any(isinstance(inner, dict | list) for inner in level)


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
