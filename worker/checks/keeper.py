"""Whether the keeper watches, and LiveKit tells it what happens in the rooms."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.server_file import read_config
from worker.checks.settings import DoctorSettings

NAME = "keeper"
WEBHOOK = "webhook"
PATIENCE_S = 5.0


async def check_keeper(settings: DoctorSettings) -> list[Finding]:
    url = f"{settings.keeper_url.rstrip('/')}/healthz"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(url)
    except httpx.HTTPError:
        return [
            failed(
                NAME,
                "the keeper cannot be reached.",
                "Start it (python -m keeper), or set KEEPER_URL to where it is: without it no "
                "examiner comes to a student whose worker died or was full.",
            )
        ]
    if answer.status_code != httpx.codes.OK:
        return [failed(NAME, f"the keeper answers {answer.status_code}.", "Look into its log.")]
    return [ok(NAME, "the keeper answers.")]


async def check_webhook(settings: DoctorSettings) -> list[Finding]:
    if settings.livekit_url.rstrip("/").endswith(".livekit.cloud"):
        return [
            unchecked(
                WEBHOOK,
                "cannot be seen from here.",
                "In your project's settings at cloud.livekit.io, name the keeper's public address "
                "as a webhook, signed with LIVEKIT_API_KEY.",
            )
        ]
    try:
        config = read_config(settings.livekit_config)
    except ValueError as error:
        return [unchecked(WEBHOOK, f"not checked: {error}.")]
    if config is None:
        return [
            unchecked(
                WEBHOOK,
                f"not checked: livekit-server's file is not at {settings.livekit_config}.",
                "Run the doctor where livekit-server runs, with LIVEKIT_CONFIG.",
            )
        ]
    return [_named(config, settings)]


def _named(config: dict[str, Any], settings: DoctorSettings) -> Finding:
    webhook = config.get("webhook")
    webhook = webhook if isinstance(webhook, dict) else {}
    named = [urlsplit(str(url)) for url in webhook.get("urls") or []]
    keeper = urlsplit(settings.keeper_url)
    if not any((url.hostname, url.port) == (keeper.hostname, keeper.port) for url in named):
        return failed(
            WEBHOOK,
            f"{settings.livekit_config} names no webhook at {settings.keeper_url}.",
            "Add the keeper's address to webhook.urls: without it the keeper finds a student who "
            "waits only when it looks by itself, seconds later.",
        )
    return ok(WEBHOOK, "livekit-server tells the keeper.")
