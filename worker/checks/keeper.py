"""Whether the keeper watches, and LiveKit tells it what happens in the rooms."""

from typing import Any
from urllib.parse import urlsplit

import httpx

from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.server_file import MEND, read_config
from worker.checks.settings import DoctorSettings

NAME = "keeper"
WEBHOOK = "webhook"
PATH = "/livekit-webhook"
PATIENCE_S = 5.0


async def check_keeper(settings: DoctorSettings) -> list[Finding]:
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(f"{settings.keeper_url.rstrip('/')}/readyz")
    except httpx.HTTPError:
        return [
            failed(
                NAME,
                f"no keeper answers at {settings.keeper_url}.",
                "Start it (python -m keeper), or set KEEPER_URL to where it is: without it no "
                "examiner comes to a student whose worker died or was full.",
            )
        ]
    if answer.status_code != httpx.codes.OK:
        return [failed(NAME, f"the keeper is not ready: {_reason(answer)}", "See its log.")]
    return [ok(NAME, "the keeper watches.")]


def _reason(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"it answers {answer.status_code}."


async def check_webhook(settings: DoctorSettings) -> list[Finding]:
    if settings.livekit_url.rstrip("/").endswith(".livekit.cloud"):
        return [
            unchecked(
                WEBHOOK,
                "cannot be seen from here.",
                f"In your project's settings at cloud.livekit.io, name the keeper's public address "
                f"with {PATH} as a webhook, signed with LIVEKIT_API_KEY.",
            )
        ]
    try:
        config = read_config(settings.livekit_config)
    except ValueError as error:
        return [unchecked(WEBHOOK, f"not checked: {error}.", MEND)]
    return [_named(config, settings)]


def _named(config: dict[str, Any], settings: DoctorSettings) -> Finding:
    webhook = config.get("webhook")
    webhook = webhook if isinstance(webhook, dict) else {}
    urls = [str(url) for url in webhook.get("urls") or []]
    if not any(urlsplit(url).path == PATH for url in urls):
        return failed(
            WEBHOOK,
            f"{settings.livekit_config} names no webhook that ends in {PATH}.",
            f"Add {settings.keeper_url.rstrip('/')}{PATH} to webhook.urls: without it the keeper "
            "finds a student who waits only when it looks by itself, seconds later.",
        )
    if webhook.get("api_key") != settings.livekit_api_key:
        return failed(
            WEBHOOK,
            "livekit-server signs its webhooks with another key than LIVEKIT_API_KEY.",
            f"Set webhook.api_key in {settings.livekit_config} to the one that the keeper has.",
        )
    return ok(WEBHOOK, "livekit-server tells the keeper.")
