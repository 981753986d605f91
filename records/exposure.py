"""Whether the settings are fit for the open internet: keys, secrets and addresses.

Pure: every room that an operator starts asks the same questions of what it was given.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from records.invitations import SECRET_LENGTH

#: Fewer different characters than this are a word said over and over, not a random secret.
_VARIETY = 8
#: As they stand in examples, manuals and other people's configurations.
_FROM_EXAMPLES = ("changeme", "example", "password", "placeholder", "replaceme", "yoursecret")
_DEV_KEYS = ("dev-", "devkey")


def is_exposed(*, host: str | None, public_url: str) -> bool:
    """Whether others than this machine can reach it. `host`: what it listens on, if it does."""
    listens = host is not None and not is_loopback(host)
    return listens or not is_loopback(urlsplit(public_url).hostname or "")


def is_loopback(host: str) -> bool:
    """Without asking a name server: a name that is not `localhost` is another machine's."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def unfit(
    *,
    host: str | None = None,
    public_url: str,
    livekit_url: str,
    livekit_api_key: str,
    secrets: Mapping[str, str],
    for_students: bool = False,
) -> list[str]:
    """A sentence for each setting with which nobody else must reach this machine; [] on a machine
    that nobody else reaches.

    host: the address to listen on; None for a room that listens on none of its own
    secrets: by the names of their variables; what is not set is ""
    for_students: `livekit_url` goes out to students' pages
    """
    if not is_exposed(host=host, public_url=public_url):
        return []
    return [
        *_addresses(public_url, livekit_url, for_students=for_students),
        *_key(livekit_api_key),
        *unfit_secrets(secrets),
    ]


def unfit_secrets(secrets: Mapping[str, str]) -> list[str]:
    """A sentence for each that can be guessed. By the names of their variables; "": not set."""
    return [sentence for name, value in secrets.items() for sentence in _secret(name, value)]


def _addresses(public_url: str, livekit_url: str, *, for_students: bool) -> Iterator[str]:
    if urlsplit(public_url).scheme != "https":
        yield (
            "PUBLIC_URL does not begin with https://: without it browsers give no microphone, "
            "and invitations can be read on their way."
        )
    livekit = urlsplit(livekit_url)
    if livekit.scheme not in ("wss", "https") and (for_students or not _is_inner(livekit.hostname)):
        yield (
            "LIVEKIT_URL does not begin with wss://: a page that came over https cannot use it, "
            "and tokens can be read on their way."
        )


def _is_inner(host: str | None) -> bool:
    """This machine or an address that the internet does not lead to."""
    if host is None or is_loopback(host):
        return host is not None
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host  # a name inside a cluster


def _key(key: str) -> Iterator[str]:
    if key.lower().startswith(_DEV_KEYS):
        yield "LIVEKIT_API_KEY is one for development: make a key and a secret of your own."


def _secret(name: str, value: str) -> Iterator[str]:
    plain = value.lower().replace("-", "").replace("_", "").replace(" ", "")
    if not value:
        return
    if len(value) < SECRET_LENGTH:
        yield f"{name} is shorter than {SECRET_LENGTH} characters: it can be guessed."
    elif len(set(value)) < _VARIETY or any(word in plain for word in _FROM_EXAMPLES):
        yield f"{name} looks like one from an example: make a random one of your own."
