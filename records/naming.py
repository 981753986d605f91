"""Which names are taken, and how they look in a room name."""

import re
import secrets
import unicodedata

USER_ID = re.compile(r"[A-Za-z0-9._@+-]{1,128}")
EXAM_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
USER_ID_RULE = "1 to 128 of the letters A to Z, digits and . _ @ + -"
EXAM_ID_RULE = "1 to 64 of the letters A to Z, digits and . _ -, beginning with a letter or digit"
_SAFE_LENGTH = 40


def safe_user(user_id: str) -> str:
    """The user in small letters, digits and dashes: not unique, but readable in a log of rooms."""
    plain = unicodedata.normalize("NFKD", user_id).encode("ascii", "ignore").decode().lower()
    dashed = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return dashed[:_SAFE_LENGTH].rstrip("-") or "student"


def student_identity(user_id: str) -> str:
    """Who the student is in a room: the same each time, so that a newer page takes an older one's
    place, and the examiner knows whom to listen to."""
    return f"student-{safe_user(user_id)}"


def room_name(user_id: str) -> str:
    """`exam-{user}-{8 hex}`; the random part keeps two rooms of one user apart."""
    return f"exam-{safe_user(user_id)}-{secrets.token_hex(4)}"
