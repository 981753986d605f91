"""`python -m records invite|revoke`: who may take which exam."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import ValidationError

from records.door import AsJson, opened, run, stop
from records.errors import UnknownExam
from records.invitations import SECRET_LENGTH, named, sign
from records.naming import USER_ID, USER_ID_RULE
from records.profile import Profile
from records.profile_options import EXAMPLE, field_lines, read_profile
from records.settings import InvitationSettings, Settings

app = typer.Typer()


@app.command(epilog="\n\n".join(["Fields of --profile:", *field_lines()]))
def invite(
    user: Annotated[str, typer.Option(help="The student: " + USER_ID_RULE + ".")],
    exam: Annotated[str, typer.Option(help="The id of a published exam.")],
    attempts: Annotated[int, typer.Option(min=1, help="How often the exam may be begun.")] = 1,
    days: Annotated[
        float, typer.Option(min=0.001, max=3650, help="How long the link lets a student in.")
    ] = 7,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help=f"What differs for this student: {EXAMPLE}. Or as JSON."
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Invite a student to an exam, and print the link to send."""
    if not USER_ID.fullmatch(user):
        stop(f"A user is named by {USER_ID_RULE}.")
    settings = invitation_settings()
    made = run(_invite(settings, user, exam, attempts, days, _profile(profile or [])))
    typer.echo(json.dumps(made) if json_ else f"Student link: {made['link']}")


@app.command()
def revoke(
    invitation: Annotated[str, typer.Argument(help="Its link, or its id (jti).")],
) -> None:
    """Withdraw an invitation: nobody joins by it any more. An exam under way is not ended by it."""
    settings = Settings()
    jti = run(_revoke(settings, invitation))
    typer.echo(f"The invitation {jti} is withdrawn.")


async def _invite(
    settings: InvitationSettings,
    user: str,
    exam: str,
    attempts: int,
    days: float,
    profile: Profile,
) -> dict[str, str]:
    async with opened(settings) as records:
        if await records.paper(exam) is None:
            known = ", ".join(paper.exam_id for paper in await records.papers())
            raise UnknownExam(
                f"No exam {exam!r} is published. Published: "
                + (known or "none yet; publish papers with python -m worker publish")
                + "."
            )
        expires_at = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
        invitation = await records.create_invitation(
            user_id=user,
            exam_id=exam,
            profile=profile.as_given(),
            attempts=attempts,
            expires_at=expires_at,
        )
    token = sign(invitation.jti, expires_at, settings.invitation_secret.get_secret_value())
    return {
        "link": f"{settings.public_url.rstrip('/')}/#invitation={token}",
        "invitation": token,
        "jti": invitation.jti,
        "expires_at": expires_at.isoformat(),
    }


async def _revoke(settings: Settings, invitation: str) -> str:
    jti = named(invitation)
    async with opened(settings) as records:
        await records.revoke_invitation(jti)
    return jti


def _profile(options: list[str]) -> Profile:
    try:
        return read_profile(options)
    except ValueError as error:
        stop(str(error))


def invitation_settings() -> InvitationSettings:
    try:
        # pydantic-settings fills the fields from the environment.
        return InvitationSettings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        missing = error.errors()[0]["type"] == "missing"
        stop(
            "INVITATION_SECRET is not set: invitations are signed with it."
            if missing
            else f"INVITATION_SECRET is too short: it needs {SECRET_LENGTH} characters or more."
        )
