"""Reads a profile from the words of a command line, and tells which words there are."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from records.profile import Profile

EXAMPLE = "--profile extra_time_percent=25 --profile typed=true"


def read_profile(options: Iterable[str]) -> Profile:
    """Each option is `name=value`, or a JSON object. ValueError with a sentence for a fault."""
    given: dict[str, Any] = {}
    for option in options:
        for name, value in _pairs(option):
            if name in given:
                raise ValueError(f"--profile: {_shown(name)} is given twice.")
            given[name] = value
    try:
        return Profile.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        raise ValueError(
            f"--profile: there is no field {_shown(name)}. There are: "
            + ", ".join(Profile.model_fields)
            + "."
        )
    raise ValueError(f"--profile {name}: {first['msg']}.")


def field_lines() -> list[str]:
    """One line a field: `breaks (0 to 10, default 0): how many breaks may be taken`."""
    return [
        f"{name} ({_values(field)}, default {_plain(field['default'])}): {field['description']}"
        for name, field in Profile.model_json_schema()["properties"].items()
    ]


def _pairs(option: str) -> list[tuple[str, Any]]:
    if not option.lstrip().startswith("{"):
        name, equals, value = option.partition("=")
        if not equals:
            raise ValueError(f"--profile takes name=value. An example: {EXAMPLE}")
        return [(name.strip(), _value(value.strip()))]
    try:
        pairs: list[tuple[str, Any]] = json.loads(option, object_pairs_hook=list)
    except (ValueError, RecursionError):
        raise ValueError('--profile is not JSON. An example: {"typed": true}') from None
    return pairs


def _value(text: str) -> Any:
    """A number, true or false; any other word is itself."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _values(field: dict[str, Any]) -> str:
    if field["type"] == "boolean":
        return "true or false"
    if words := field.get("enum"):
        return ", ".join(words[:-1]) + f" or {words[-1]}"
    above = field.get("exclusiveMinimum")
    low = f"{field['minimum']:g}" if above is None else f"above {above:g}, up"
    return f"{low} to {field['maximum']:g}"


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else json.dumps(value).strip('"')


def _shown(name: str) -> str:
    return ascii(name[:64])
