"""What the project is made of, and whether any of it is known to be unsafe."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.errors import DeployError, ToolMissing

LOCK = "requirements.lock"
PAGE = "web"
#: Nothing is known to be unsafe; something is; no list of what is unsafe could be asked.
SAFE, UNSAFE, UNKNOWN = 0, 1, 3
_NAMED = 5


class ListFailed(DeployError):  # noqa: N818 -- the name says what happened
    """No list of the parts could be written."""


def write_sbom(root: Path, folder: Path) -> list[Path]:
    """CycloneDX lists of all packages in both lock files. Raises ListFailed, ToolMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    python, page = folder / "sbom-python.json", folder / "sbom-page.json"
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", LOCK, "--of", "JSON"]
    done = _run([*command, "-o", str(python)], root)
    if done.returncode != 0:
        raise ListFailed(f"The list of Python packages could not be made: {_last(done.stderr)}")
    done = _run([_npm(), "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"], root / PAGE)
    if done.returncode != 0:
        raise ListFailed(f"The list of the page's packages could not be made: {_last(done.stderr)}")
    page.write_text(done.stdout)
    return [python, page]


def audit(root: Path) -> tuple[int, list[str]]:
    """The exit code, and a line for each thing found or not found out."""
    results = [_python(root), _page(root)]
    codes = {code for code, _ in results}
    worst = UNSAFE if UNSAFE in codes else UNKNOWN if UNKNOWN in codes else SAFE
    return worst, [line for _, lines in results for line in lines]


def _python(root: Path) -> tuple[int, list[str]]:
    command = [sys.executable, "-m", "pip_audit", "-r", LOCK, "--require-hashes"]
    done = _run([*command, "--disable-pip", "--format", "json", "--progress-spinner", "off"], root)
    report = _json(done.stdout)
    packages = report.get("dependencies") if report else None
    if not isinstance(packages, list):
        return UNKNOWN, [f"Python packages: NOT CHECKED. {_last(done.stderr)}"]
    return _told(
        "Python packages",
        len(packages),
        [
            f"  {package['name']} {package.get('version', '')}: {fault['id']}"
            for package in packages
            for fault in package.get("vulns", [])
        ],
        [str(package["name"]) for package in packages if "skip_reason" in package],
    )


def _page(root: Path) -> tuple[int, list[str]]:
    done = _run([_npm(), "audit", "--json"], root / PAGE)
    report = _json(done.stdout)
    found = report.get("vulnerabilities") if report else None
    if report is None or not isinstance(found, dict) or "metadata" not in report:
        return UNKNOWN, [f"the page's packages: NOT CHECKED. {_npm_error(report, done.stderr)}"]
    count = report["metadata"].get("dependencies", {}).get("total", 0)
    return _told(
        "the page's packages",
        count,
        [f"  {name}: {fault.get('severity', 'unsafe')}" for name, fault in found.items()],
        [],
    )


def _told(what: str, count: int, faults: list[str], skipped: list[str]) -> tuple[int, list[str]]:
    if faults:
        return UNSAFE, [f"{what}: {len(faults)} known to be unsafe.", *faults]
    if skipped:
        named = ", ".join(skipped[:_NAMED]) + (", …" if len(skipped) > _NAMED else "")
        told = f"{what}: NOT CHECKED: {len(skipped)} of {count} ({named})."
        return UNKNOWN, [told + " Of the others nothing is known." * (len(skipped) < count)]
    return SAFE, [f"{what}: {count} checked, none is known to be unsafe."]


def _npm_error(report: Mapping[str, Any] | None, said: str) -> str:
    error = (report or {}).get("error")
    if isinstance(error, dict) and error.get("summary"):
        return str(error["summary"]).splitlines()[0]
    return str((report or {}).get("message") or _last(said))


def _npm() -> str:
    npm = shutil.which("npm")
    if npm is None:
        raise ToolMissing("npm is missing: it comes with Node.js, which `make setup` asks for.")
    return npm


def _run(command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 -- fixed commands
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )


def _json(text: str) -> dict[str, Any] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _last(said: str) -> str:
    lines = said.strip().splitlines()
    return lines[-1].strip() if lines else "No reason was given."
