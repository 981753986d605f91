"""What the calls take. Strict: no field too many, no type that is nearly right."""

from re import Pattern
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from records.naming import EXAM_ID, EXAM_ID_RULE, USER_ID, USER_ID_RULE
from records.profile import Profile
from token_api.errors import bad_request

Body = TypeVar("Body", bound=BaseModel)


def _named(pattern: Pattern[str], rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise PydanticCustomError("name", "Must be {rule}", {"rule": rule})
        return value

    return AfterValidator(check)


class Consent(BaseModel):
    """What the student agreed to, and in which wording."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    recording: bool
    text_version: str = Field(pattern=r"^[A-Za-z0-9._:-]{1,32}$")


class StartRequest(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    user_id: Annotated[str, _named(USER_ID, USER_ID_RULE)]
    exam_id: Annotated[str, _named(EXAM_ID, EXAM_ID_RULE)]
    consent: Consent
    profile: Profile = Profile()


class InvitationRequest(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    invitation: str = Field(min_length=1, max_length=2048)


class JoinRequest(InvitationRequest):
    consent: Consent


def parse(body: type[Body], data: dict[str, Any]) -> Body:
    """ApiError bad_request that names the first field at fault, and never its value."""
    try:
        return body.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    raise bad_request(f"{first['msg']}.", ".".join(map(str, first["loc"])) or None)
