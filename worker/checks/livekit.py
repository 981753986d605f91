"""Whether LiveKit is there, knows our keys, and agrees about the time."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
import httpx
from livekit import api

from worker.checks.addresses import http
from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.settings import DoctorSettings

NAME = "LiveKit"
CLOCK = "clock"
#: Until a server has answered, in seconds.
PATIENCE_S = 8.0
#: By more than so many seconds clocks may not differ: tokens are good for a minute after their
#: time, and not before it.
SKEW_S = 20.0


async def check_livekit(settings: DoctorSettings) -> list[Finding]:
    key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    if not key or not secret:
        return [unchecked(NAME, "not checked without LiveKit's keys.")]
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with api.LiveKitAPI(
            http(settings.livekit_url), key, secret, timeout=timeout
        ) as livekit:
            rooms = await livekit.room.list_rooms(api.ListRoomsRequest())
    except api.TwirpError as error:
        # A secret that is not its own it refuses without one of the codes of its API.
        if error.status in (401, 403):
            return [
                failed(
                    NAME,
                    "LiveKit refuses the keys.",
                    "LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a pair that this server knows.",
                )
            ]
        return [
            failed(
                NAME,
                f"LiveKit answers {error.status} ({error.code}).",
                "Look into livekit-server's log.",
            )
        ]
    except aiohttp.ClientConnectorCertificateError:
        return [
            failed(
                NAME,
                "LiveKit's certificate is not trusted.",
                "Renew it, or correct the host's name in LIVEKIT_URL; a certificate that was not "
                "signed by a known authority does not do.",
            )
        ]
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
        return [
            failed(
                NAME,
                "LiveKit cannot be reached.",
                "Is livekit-server running, is LIVEKIT_URL right, and does a firewall let this "
                "machine through?",
            )
        ]
    return [ok(NAME, f"LiveKit answers and knows the keys; rooms now: {len(rooms.rooms)}.")]


async def check_clock(settings: DoctorSettings) -> list[Finding]:
    """LiveKit tells the time in every answer."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(http(settings.livekit_url))
        told = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return [unchecked(CLOCK, "LiveKit's time is not known: it did not answer.")]
    return [compare(told, "LiveKit")]


def compare(told: datetime, whose: str) -> Finding:
    """This machine's clock with another's."""
    skew_s = abs((datetime.now(UTC) - told).total_seconds())
    if skew_s > SKEW_S:
        return failed(
            CLOCK,
            f"this machine's clock and that of {whose} differ by {skew_s:.0f} s.",
            "Let both follow a time server (timedatectl set-ntp true): tokens would count as "
            "expired, or as not yet valid.",
        )
    return ok(CLOCK, f"this machine and {whose} agree about the time.")
