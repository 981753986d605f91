"""Whether sound can come through: a room is made and joined from here, as a browser would."""

import asyncio
import contextlib
import secrets

import aiohttp
from livekit import api, rtc

from worker.checks.addresses import http, is_here
from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.settings import DoctorSettings

NAME = "media"
PATIENCE_S = 12.0
ELSEWHERE = (
    "From a student's network: open https://livekit.io/connection-test there, with LIVEKIT_URL and "
    "a token (docs/operating.md)."
)


async def check_media(settings: DoctorSettings) -> list[Finding]:
    key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    if not key or not secret:
        return [unchecked(NAME, "not checked without LiveKit's keys.")]
    name = f"doctor-{secrets.token_hex(4)}"
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with api.LiveKitAPI(http(settings.livekit_url), key, secret, timeout=timeout) as here:
            await here.room.create_room(
                api.CreateRoomRequest(name=name, empty_timeout=10, max_participants=1)
            )
            try:
                way = await _join(settings, name)
            finally:
                with contextlib.suppress(api.TwirpError, aiohttp.ClientError):
                    await here.room.delete_room(api.DeleteRoomRequest(room=name))
    except (TimeoutError, api.TwirpError, aiohttp.ClientError, OSError, ValueError):
        return [unchecked(NAME, "not checked: no room could be made.")]
    if way is None:
        return [
            failed(
                NAME,
                "a room was made, but no sound could come through from this machine.",
                "Open livekit-server's ports (rtc.udp_port and rtc.tcp_port: 7882/udp and 7881/tcp "
                "in livekit.yaml) and, behind a public address, set rtc.use_external_ip.",
            )
        ]
    found = [ok(NAME, f"sound comes through from this machine, over {way}.")]
    if not is_here(settings.livekit_url):
        found.append(unchecked(NAME, "whether it does from students' networks", ELSEWHERE))
    return found


async def _join(settings: DoctorSettings, name: str) -> str | None:
    """How the media connection was made, or None."""
    token = (
        api.AccessToken(settings.livekit_api_key, settings.livekit_api_secret.get_secret_value())
        .with_identity("doctor")
        .with_grants(api.VideoGrants(room_join=True, room=name))
        .to_jwt()
    )
    room = rtc.Room()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await room.connect(settings.livekit_url, token, rtc.RoomOptions(connect_timeout=5))
            return _way(await room.get_rtc_stats())
    except (rtc.ConnectError, TimeoutError):
        return None
    finally:
        await room.disconnect()


def _way(stats: rtc.RtcStats) -> str:
    """UDP or TCP, as the pair of addresses says that was chosen."""
    entries = [*stats.publisher_stats, *stats.subscriber_stats]
    chosen = {
        entry.candidate_pair.candidate_pair.remote_candidate_id
        for entry in entries
        if entry.HasField("candidate_pair") and entry.candidate_pair.candidate_pair.nominated
    }
    for entry in entries:
        if entry.HasField("remote_candidate") and entry.remote_candidate.rtc.id in chosen:
            return entry.remote_candidate.candidate.protocol.upper() or "WebRTC"
    return "WebRTC"
