"""`python -m deploy.setup PART…`: everything a fresh clone needs, each only when it has changed.

Parts: python (.venv with the locked packages), page (the student's page, built), livekit (a server:
LIVEKIT_URL, or the binary), livekit-server (the binary in any case); and for tests chromium,
postgresql (a server to start) and faketime (a clock that is wrong).
Runs before anything is installed: standard library only, and it must parse in old Pythons.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- this is where an old Python is told
    sys.exit(
        f"Voxam needs Python 3.11 or newer, and this is {sys.version.split()[0]}. Get one (Debian, "
        "Ubuntu: `apt install python3 python3-venv`; macOS: `brew install python`; or python.org) "
        "and, if `python3` is still the old one, say `make PYTHON=python3.12 …`."
    )

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic

from deploy import livekit_server, postgres
from deploy.errors import DeployError, ToolMissing

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WEB = ROOT / "web"
NODE_MISSING = (
    "The student's page needs Node.js 20.19 or newer with npm to be built{found}. Get it from "
    "nodejs.org, or by `brew install node`, or by `apt install nodejs npm` if that is new enough."
)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


class StepFailed(DeployError):  # noqa: N818 -- the name says what happened
    """A command of the setup failed."""


def python() -> None:
    """The virtual environment and what requirements.lock names."""
    lock = ROOT / "requirements.lock"
    interpreter = VENV / "bin" / "python"
    if not interpreter.exists():
        _run("making .venv", [sys.executable, "-m", "venv", "--clear", VENV], hint=_VENV_HINT)
    digest = _digest([lock]) + sys.version
    stamp = VENV / ".voxam"
    if _is_done(stamp, digest):
        return
    pip: list[str | Path] = [
        interpreter,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    pip += ["--require-hashes"]
    uv: list[str | Path] = [
        VENV / "bin" / "uv",
        "pip",
        "install",
        "--quiet",
        # Else every start compiles what it imports, where the environment forbids a cache.
        "--compile-bytecode",
        "--python",
        interpreter,
    ]
    uv += ["--require-hashes"]
    try:
        _run("getting uv", [*pip, "-r", ROOT / "deploy" / "installer.lock"])
        _run("installing Python packages", [*uv, "-r", lock])
    except StepFailed:  # a platform that uv has no build for, or an index that only pip knows
        _run("installing Python packages with pip, which takes minutes", [*pip, "-r", lock])
    stamp.write_text(digest)


_VENV_HINT = "If it says that ensurepip is not available: `apt install python3-venv`."


def page() -> None:
    """The student's page in web/dist."""
    npm = _npm()
    lock = _digest([WEB / "package-lock.json"])
    installed = WEB / "node_modules" / ".voxam"
    if not _is_done(installed, lock):
        _run("installing the page's packages", [npm, "ci", "--no-audit", "--no-fund"], cwd=WEB)
        installed.write_text(lock)
    sources = lock + _digest(_page_sources())
    built = WEB / "node_modules" / ".voxam-built"  # not in dist, which is served
    if not _is_done(built, sources) or not (WEB / "dist" / "index.html").is_file():
        _run("building the page", [npm, "run", "build"], cwd=WEB)
        built.write_text(sources)


def _page_sources() -> list[Path]:
    made = {WEB / "node_modules", WEB / "dist", WEB / "test"}
    return sorted(
        path for path in WEB.rglob("*") if path.is_file() and not made & set(path.parents)
    )


def _npm() -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise ToolMissing(NODE_MISSING.format(found="; it is missing"))
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout  # noqa: S603
    version = tuple(int(number) for number in re.findall(r"\d+", said)[:2])
    if version < (20, 19):
        raise ToolMissing(NODE_MISSING.format(found=f", and this is {said.strip()}"))
    return npm


def livekit() -> None:
    """A LiveKit to use: the one that LIVEKIT_URL names, else the binary."""
    if not _livekit_url():
        livekit_binary()


def _livekit_url() -> str:
    if "LIVEKIT_URL" in os.environ:
        return os.environ["LIVEKIT_URL"]
    dotenv = ROOT / ".env"
    text = dotenv.read_text() if dotenv.is_file() else ""
    found = re.search(r"""^\s*(?:export\s+)?LIVEKIT_URL\s*=\s*["']?([^\s"'#]+)""", text, re.M)
    return found.group(1) if found else ""


def livekit_binary() -> None:
    """livekit-server: on PATH, built earlier, or built now with Go."""
    try:
        livekit_server.find(ROOT)
    except ToolMissing:
        go = shutil.which("go")
        if not go:
            raise
        target = livekit_server.built(ROOT)
        target.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            _run(
                "building livekit-server with Go, which takes some minutes",
                [go, "install", "-ldflags=-s -w", livekit_server.GO_MODULE],
                env={"GOBIN": folder},
                hint=livekit_server.MISSING,
            )
            (Path(folder) / "server").replace(target)


def chromium() -> None:
    """A browser for the browser tests."""
    if not any(shutil.which(name) for name in CHROMIUM_NAMES):
        _apt(
            "chromium",
            "The browser tests need Chromium on PATH: `sudo apt install chromium`, "
            "or install Chrome or Chromium from its site.",
        )


def postgresql() -> None:
    """A Postgres server for the storage tests; they start one of their own."""
    if postgres.binaries() is None:
        _apt("postgresql", postgres.MISSING)


def faketime() -> None:
    """What gives a process another time of day, for the fault tests."""
    if not shutil.which("faketime"):
        _apt(
            "faketime",
            "The fault tests need faketime on PATH: `sudo apt install faketime`, "
            "or `brew install libfaketime`.",
        )


def _apt(package: str, missing: str) -> None:
    """Installs a Debian package. Raises ToolMissing where that cannot be done."""
    apt = shutil.which("apt-get")
    if not apt or os.geteuid() != 0:
        raise ToolMissing(missing)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    _run("asking what Debian packages there are", [apt, "update", "-qq"], env=quiet)
    install: list[str | Path] = [apt, "install", "-y", "-qq", "--no-install-recommends", package]
    _run(f"installing {package}", install, env=quiet)


def _run(
    what: str,
    command: list[str | Path],
    *,
    cwd: Path = ROOT,
    env: dict[str, str] | None = None,
    hint: str = "",
) -> None:
    """Runs a command quietly. Raises StepFailed with what it said."""
    print(f"  {what} …", flush=True)
    began = monotonic()
    done = subprocess.run(  # noqa: S603 -- fixed commands
        command,
        cwd=cwd,
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise StepFailed(f"{what} failed. It said:\n{done.stdout.rstrip()}\n{hint}".rstrip())
    print(f"  {what}: done in {monotonic() - began:.1f} s", flush=True)


def _digest(files: Iterable[Path]) -> str:
    whole = hashlib.sha256()
    for file in files:
        whole.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return whole.hexdigest()


def _is_done(stamp: Path, digest: str) -> bool:
    return stamp.is_file() and stamp.read_text() == digest


PARTS: dict[str, Callable[[], None]] = {
    "python": python,
    "page": page,
    "livekit": livekit,
    "livekit-server": livekit_binary,
    "chromium": chromium,
    "postgresql": postgresql,
    "faketime": faketime,
}


def main(wanted: list[str]) -> int:
    """Sets up the parts named; all that fails is told, in one go. The exit code."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown or not wanted:
        print(f"usage: python3 -m deploy.setup {{{','.join(PARTS)}}}…", file=sys.stderr)
        return 2
    failed = False
    for name in wanted:
        try:
            PARTS[name]()
        except DeployError as error:
            print(f"Error: {error}", file=sys.stderr)
            failed = True
        except KeyboardInterrupt:
            return 130
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
