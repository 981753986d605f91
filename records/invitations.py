"""Signs invitations, and reads what a student's link carries.

The token tells only which invitation it is; student, exam, profile and attempts stay here.
"""

from contextlib import suppress
from datetime import datetime

import jwt

from records.errors import InvitationExpired, InvitationInvalid

AUDIENCE = "voxam-join"
SECRET_LENGTH = 32
"""The least number of characters of the secret: as long as what SHA-256 makes of it (RFC 7518)."""

_ALGORITHM = "HS256"
_CLAIMS = ["jti", "aud", "exp"]


def sign(jti: str, exp: datetime, secret: str) -> str:
    return jwt.encode({"jti": jti, "aud": AUDIENCE, "exp": exp}, secret, algorithm=_ALGORITHM)


def verify(token: str, secret: str, *older: str) -> str:
    """The jti of a good token; else InvitationInvalid or InvitationExpired (which has the jti).

    `older` secrets are good too: links that were sent before a secret was replaced.
    """
    for other in older:
        with suppress(InvitationInvalid):
            return _verified(token, other)
    return _verified(token, secret)


def named(text: str) -> str:
    """The jti that a person means: itself, an invitation, or a link that carries one. The
    signature does not matter here: the secret may have been replaced since."""
    token = text.strip().rpartition("=")[2] if "#" in text else text.strip()
    if token.count(".") != 2:
        return token
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, ValueError):
        raise InvitationInvalid("This is no invitation's link or id.") from None
    return str(claims.get("jti", ""))


def _verified(token: str, secret: str) -> str:
    claims = _claims(token, secret, expiry=False)
    try:
        _claims(token, secret, expiry=True)
    except jwt.ExpiredSignatureError:
        raise InvitationExpired("This invitation has expired.", claims) from None
    return claims


def _claims(token: str, secret: str, *, expiry: bool) -> str:
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            options={"require": _CLAIMS, "verify_exp": expiry},
        )
    except jwt.ExpiredSignatureError:
        raise
    except (jwt.InvalidTokenError, ValueError):
        raise InvitationInvalid("This invitation is not valid.") from None
    jti = claims["jti"]
    if not isinstance(jti, str):
        raise InvitationInvalid("This invitation is not valid.")
    return jti
