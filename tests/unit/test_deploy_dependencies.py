"""Every package is pinned with its hash; what was not checked is never called safe."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from deploy import dependencies
from deploy.dependencies import SAFE, UNKNOWN, UNSAFE, audit, write_sbom
from tests.processes import ROOT

pytestmark = pytest.mark.unit

NO_FAULT = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []})
A_FAULT = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1"}]}]})
SKIPPED = json.dumps({"dependencies": [{"name": "a", "skip_reason": "not on the index"}]})
PAGE_SAFE = json.dumps({"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}})
PAGE_UNSAFE = json.dumps(
    {"vulnerabilities": {"b": {"severity": "high"}}, "metadata": {"dependencies": {"total": 7}}}
)
PAGE_AWAY = json.dumps({"message": "request failed", "error": {"summary": "cannot ask\nmore"}})


def test_every_python_package_is_pinned_with_hashes() -> None:
    lines = (ROOT / "requirements.lock").read_text().replace("\\\n", " ").splitlines()
    named = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert len(named) > 50
    for line in named:
        assert re.match(r"^[a-zA-Z0-9._-]+(\[[a-z,]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line
    assert not re.search(r"https?://", "".join(named))


def test_every_package_of_the_page_is_pinned_with_its_hash() -> None:
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert len(packages) > 10
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


class Tools:
    """pip-audit, npm and cyclonedx-py that say what a test wants."""

    def __init__(self, python: tuple[int, str, str], page: tuple[int, str, str]) -> None:
        self._python, self._page = python, page

    def run(self, command: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
        answer = self._python if "-m" in command else self._page
        return subprocess.CompletedProcess(command, *answer)


@pytest.mark.parametrize(
    ("python", "page", "code", "told"),
    [
        ((0, NO_FAULT, ""), (0, PAGE_SAFE, ""), SAFE, ["1 checked, none", "7 checked, none"]),
        ((1, A_FAULT, ""), (0, PAGE_SAFE, ""), UNSAFE, ["1 known", "a 1: X-1", "7 checked"]),
        ((0, NO_FAULT, ""), (1, PAGE_UNSAFE, ""), UNSAFE, ["1 checked", "1 known", "b: high"]),
        ((1, "", "x\nno host"), (0, PAGE_SAFE, ""), UNKNOWN, ["NOT CHECKED. no host", "7 checked"]),
        ((0, SKIPPED, ""), (0, PAGE_SAFE, ""), UNKNOWN, ["NOT CHECKED: 1 of 1 (a).", "7 checked"]),
        ((0, NO_FAULT, ""), (1, PAGE_AWAY, ""), UNKNOWN, ["1 checked", "NOT CHECKED. cannot ask"]),
        ((1, "", ""), (1, PAGE_UNSAFE, ""), UNSAFE, ["NOT CHECKED. No reason", "1 known", "b:"]),
    ],
)
def test_safe_unsafe_and_unknown_are_told_apart(
    python: tuple[int, str, str],
    page: tuple[int, str, str],
    code: int,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dependencies, "_run", Tools(python, page).run)
    monkeypatch.setattr(dependencies, "_npm", lambda: "npm")
    found, lines = audit(ROOT)
    assert found == code
    assert len(lines) == len(told)
    assert all(part in line for line, part in zip(lines, told, strict=True)), lines


def test_both_lists_of_parts_are_written(tmp_path: Path) -> None:
    python, page = write_sbom(ROOT, tmp_path / "reports")
    lists = [json.loads(path.read_text()) for path in (python, page)]
    assert [each["bomFormat"] for each in lists] == ["CycloneDX", "CycloneDX"]
    names = [{part["name"] for part in each["components"]} for each in lists]
    assert "livekit-agents" in names[0]
    assert "livekit-client" in names[1]
    for part in lists[0]["components"]:
        assert any(place.get("hashes") for place in part["externalReferences"]), part["name"]
