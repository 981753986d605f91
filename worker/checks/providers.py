"""Whether Deepgram and Groq can be reached and accept the keys, or what stands in for them does."""

import httpx

from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.settings import DoctorSettings
from worker.settings import LOCAL_PROVIDERS

SPEECH = "Deepgram"
MODEL = "Groq"
PATIENCE_S = 8.0
DEEPGRAM = "https://api.deepgram.com"
_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


async def check_deepgram(settings: DoctorSettings) -> list[Finding]:
    origin = settings.deepgram_origin
    if origin == DEEPGRAM:
        headers = {"Authorization": f"Token {settings.deepgram_key}"}
        return [await _ask(SPEECH, f"{origin}/v1/auth/token", headers, "DEEPGRAM_API_KEY")]
    return [await _stand_in(origin)]


async def _stand_in(origin: str) -> Finding:
    """local_providers, or a Deepgram of one's own, of which only the first tells its health."""
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(f"{origin}/healthz")
    except httpx.HTTPError:
        return failed(
            SPEECH,
            f"nothing answers at {origin}, where speech is to be heard and spoken.",
            "Start it (python -m local_providers), or set DEEPGRAM_API_KEY."
            if origin == LOCAL_PROVIDERS
            else "Is DEEPGRAM_BASE_URL right, and is that server running?",
        )
    if answer.status_code == httpx.codes.OK:
        return ok(SPEECH, f"served locally, at {origin}.")
    return unchecked(SPEECH, f"{origin} answers; whether it takes the key was not checked.")


async def check_groq(settings: DoctorSettings) -> list[Finding]:
    if settings.groq_key is None:
        return [unchecked(MODEL, "GROQ_API_KEY is not set: rules alone understand students.")]
    headers = {"Authorization": f"Bearer {settings.groq_key}"}
    model = settings.groq_model
    url = f"{settings.groq_base_url.rstrip('/')}/models/{model}"
    return [await _ask(MODEL, url, headers, "GROQ_API_KEY", missing=f"has no model {model}")]


async def _ask(
    name: str, url: str, headers: dict[str, str], variable: str, missing: str = ""
) -> Finding:
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S) as client:
            answer = await client.get(url, headers=headers)
    except httpx.HTTPError:
        return failed(
            name,
            f"{name} cannot be reached.",
            "Does a firewall let this machine out to it, and is its address right?",
        )
    if answer.status_code in _REFUSED:
        return failed(name, f"{name} refuses the key.", f"Make a new one there and set {variable}.")
    if answer.status_code == httpx.codes.NOT_FOUND and missing:
        return failed(name, f"{name} {missing}.", "Set GROQ_MODEL to one that this key may use.")
    if answer.status_code != httpx.codes.OK:
        return unchecked(name, f"{name} answers {answer.status_code}; the key was not checked.")
    return ok(name, f"{name} accepts the key.")
