"""Whether keys and secrets are there and can be what they should be. None is ever shown."""

from itertools import combinations

from pydantic import SecretStr

from records.invitations import SECRET_LENGTH
from worker.checks.addresses import is_here
from worker.checks.finding import Finding, failed, ok, unchecked
from worker.checks.settings import DoctorSettings

NAME = "keys"
#: Of `livekit-server --dev`, known to everybody.
KNOWN = {"devkey", "secret"}
#: `make exam` begins the names of its keys so.
MADE_HERE = "dev-"


async def check_keys(settings: DoctorSettings) -> list[Finding]:
    given = {
        "LIVEKIT_API_KEY": settings.livekit_api_key,
        "LIVEKIT_API_SECRET": settings.livekit_api_secret.get_secret_value(),
        "TOKEN_API_KEY": _value(settings.token_api_key),
        "INVITATION_SECRET": _value(settings.invitation_secret),
        "DEEPGRAM_API_KEY": _value(settings.deepgram_api_key),
        "GROQ_API_KEY": _value(settings.groq_api_key),
    }
    found = [
        *(_shape(name, value) for name, value in given.items()),
        *(_same(one, other, given) for one, other in combinations(given, 2)),
        _livekit_pair(settings),
        _secret("INVITATION_SECRET", given),
        _elsewhere("TOKEN_API_KEY", given),
        _elsewhere("INVITATION_SECRET", given),
    ]
    problems = [finding for finding in found if finding is not None]
    if not any(finding.status == "failed" for finding in problems):
        names = ", ".join(name for name, value in given.items() if value)
        problems.insert(0, ok(NAME, f"set: {names}."))
    return problems


def _value(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


def _shape(name: str, value: str) -> Finding | None:
    if value and (value != value.strip("\"' \t\r\n") or any(each.isspace() for each in value)):
        return failed(
            NAME,
            f"{name} holds a blank or is in quotation marks.",
            f"Copy it again: the value of {name} is everything after the first = of its line.",
        )
    return None


def _same(one: str, other: str, given: dict[str, str]) -> Finding | None:
    if given[one] and given[one] == given[other]:
        return failed(
            NAME,
            f"{one} and {other} are the same.",
            f"Make {other} anew: who is given one must not get the other with it.",
        )
    return None


def _livekit_pair(settings: DoctorSettings) -> Finding | None:
    key, secret = settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
    if not key or not secret:
        return failed(
            NAME,
            "LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not set.",
            "Set both to a pair that livekit-server knows (its keys file), or to those of your "
            "LiveKit Cloud project.",
        )
    if key in KNOWN or secret in KNOWN:
        return failed(
            NAME,
            "LiveKit's keys are those of its --dev mode, which everybody knows.",
            "Make a pair of your own: livekit-server generate-keys.",
        )
    if len(secret) < SECRET_LENGTH:
        return failed(
            NAME,
            f"LIVEKIT_API_SECRET is too short: {SECRET_LENGTH} characters or more are needed.",
            "Make a new pair: livekit-server generate-keys.",
        )
    if key.startswith(MADE_HERE) and not is_here(settings.public_url):
        return failed(
            NAME,
            "LiveKit's keys were made by `make exam` for this machine, but the page is public.",
            "Make a pair of your own: livekit-server generate-keys.",
        )
    return None


def _secret(name: str, given: dict[str, str]) -> Finding | None:
    if given[name] and len(given[name]) < SECRET_LENGTH:
        return failed(
            NAME,
            f"{name} is too short: {SECRET_LENGTH} characters or more are needed.",
            f"Make one, for example: openssl rand -base64 {SECRET_LENGTH + 4}",
        )
    return None


def _elsewhere(name: str, given: dict[str, str]) -> Finding | None:
    if given[name]:
        return None
    return unchecked(NAME, f"{name} is not set here; the token API needs it where it runs.")
