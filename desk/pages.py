"""Makes pages of templates: escaped, with what every page needs."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from desk import words
from desk.session import csrf_token
from desk.state import State
from records.teachers import Teacher

FOLDER = Path(__file__).parent

environment = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def moment(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else "–"


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


environment.filters |= {"moment": moment, "number": number, **words.FILTERS}


def page(
    request: Request[State],
    template: str,
    values: dict[str, Any],
    *,
    teacher: Teacher | None = None,
    status: int = 200,
) -> HTMLResponse:
    """`values` are those of the template; each page also knows who is signed in."""
    known = {
        "teacher": teacher,
        "csrf": csrf_token(request),
        "here": request.url.path,
        "note": request.session.pop("note", None),
    }
    return HTMLResponse(environment.get_template(template).render(known | values), status)


def back(request: Request[State], to: str, note: str | None = None) -> RedirectResponse:
    """After a form: to a page, which says `note` once."""
    if note:
        request.session["note"] = note
    return RedirectResponse(to, 303)
