"""The query of `/v2/listen`, checked as strictly as Flux checks it."""

import re
from dataclasses import dataclass

from starlette.datastructures import QueryParams

from local_providers.errors import ParameterError
from local_providers.thresholds import Thresholds

MODELS = ("flux-general-en", "flux-general-multi")
MOST_KEYTERMS = 100
LONGEST_TAG = 128
_RATES = (8_000, 48_000)
_NUMBERS = {"sample_rate", "eager_eot_threshold", "eot_threshold", "eot_timeout_ms"}
_FLAGS = {"profanity_filter", "numerals", "mip_opt_out"}
_KNOWN = _NUMBERS | _FLAGS | {"model", "encoding", "keyterm", "language_hint", "redact", "tag"}


@dataclass(frozen=True, slots=True)
class ListenParameters:
    model: str
    sample_rate: int
    thresholds: Thresholds
    keyterms: tuple[str, ...]
    numerals: bool


def parse(query: QueryParams) -> ListenParameters:
    """The parameters of a stream.

    Raises:
        ParameterError: one is unknown, missing or out of range; the message says which.
    """
    if unknown := sorted(set(query) - _KNOWN):
        raise ParameterError(f"unknown query parameter {unknown[0]}")
    model = query.get("model")
    if model not in MODELS:
        raise ParameterError(f"model must be one of {', '.join(MODELS)}, got {model!r}")
    encoding = query.get("encoding", "linear16")
    if encoding != "linear16":
        raise ParameterError(
            f"encoding must be linear16 (all this server decodes), got {encoding!r}"
        )
    flags = {flag: _boolean(query, flag) for flag in _FLAGS}
    for tag in query.getlist("tag"):
        if len(tag) > LONGEST_TAG:
            raise ParameterError(f"tag must be no longer than {LONGEST_TAG} characters")
    try:
        thresholds = Thresholds().changed(query)
        keyterms = parse_keyterms(query.getlist("keyterm"))
    except ValueError as error:
        raise ParameterError(str(error)) from None
    return ListenParameters(
        model=model,
        sample_rate=_sample_rate(query.get("sample_rate", "16000")),
        thresholds=thresholds,
        keyterms=keyterms,
        numerals=flags["numerals"],
    )


def parse_keyterms(given: object) -> tuple[str, ...]:
    """Key terms from a query or a Configure message.

    Raises:
        ValueError: not a string or a list of strings, or too many.
    """
    terms = [given] if isinstance(given, str) else given
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise ValueError("keyterms must be a string or a list of strings")
    if len(terms) > MOST_KEYTERMS:
        raise ValueError(f"at most {MOST_KEYTERMS} keyterms, got {len(terms)}")
    return tuple(dict.fromkeys(term.strip() for term in terms if term.strip()))


def _sample_rate(text: str) -> int:
    if not re.fullmatch(r"\d{4,6}", text) or not _RATES[0] <= int(text) <= _RATES[1]:
        raise ParameterError(
            f"sample_rate must be between {_RATES[0]} and {_RATES[1]}, got {text!r}"
        )
    return int(text)


def _boolean(query: QueryParams, name: str) -> bool:
    text = query.get(name, "false").lower()
    if text not in ("true", "false"):
        raise ParameterError(f"{name} must be true or false, got {text!r}")
    return text == "true"
