"""Looks at everything that an exam needs, and says in plain words what is to be mended."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from rich.console import Console
from rich.markup import escape

from worker.checks.addresses import check_addresses
from worker.checks.database import check_database
from worker.checks.finding import Finding, failed
from worker.checks.keeper import check_keeper, check_webhook
from worker.checks.keys import check_keys
from worker.checks.livekit import check_clock, check_livekit
from worker.checks.machine import check_machine
from worker.checks.media import check_media
from worker.checks.papers import check_papers
from worker.checks.providers import check_deepgram, check_groq
from worker.checks.settings import DoctorSettings
from worker.checks.turn import check_turn

Check = Callable[[DoctorSettings], Awaitable[list[Finding]]]

CHECKS: tuple[Check, ...] = (
    check_keys,
    check_addresses,
    check_livekit,
    check_media,
    check_turn,
    check_keeper,
    check_webhook,
    check_database,
    check_clock,
    check_machine,
    check_papers,
    check_deepgram,
    check_groq,
)
#: Longer than any check waits for what it asks, in seconds.
PATIENCE_S = 40.0
_SIGNS = {"ok": "[green]✓[/green]", "failed": "[red]✗[/red]", "open": "[dim]–[/dim]"}


async def examine_all(
    settings: DoctorSettings, checks: tuple[Check, ...] = CHECKS
) -> list[Finding]:
    """All at once, told in their order."""
    found = await asyncio.gather(*(_examine(check, settings) for check in checks))
    return [finding for findings in found for finding in findings]


async def _examine(check: Check, settings: DoctorSettings) -> list[Finding]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await check(settings)
    except Exception as error:
        name = check.__name__.removeprefix("check_")
        kind = type(error).__name__
        return [failed(name, f"could not be checked ({kind}).", "This is a fault of the doctor's.")]


def healthy(findings: list[Finding]) -> bool:
    return not any(finding.status == "failed" for finding in findings)


def as_json(findings: list[Finding]) -> str:
    return json.dumps(
        {"ok": healthy(findings), "checks": [vars(finding) for finding in findings]},
        ensure_ascii=False,
        indent=2,
    )


def print_findings(findings: list[Finding], screen: Console) -> None:
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        screen.print(
            f"{_SIGNS[finding.status]} {finding.name:<{width}}  {escape(finding.text)}",
            highlight=False,
            soft_wrap=True,
        )
        if finding.mend:
            screen.print(
                f"  {'':<{width}}  [dim]→[/dim] {escape(finding.mend)}",
                highlight=False,
                soft_wrap=True,
            )
