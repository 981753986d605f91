"""Finds and runs livekit-server. Standard library only: setup needs it before anything else."""

import shutil
from pathlib import Path

from deploy.errors import ToolMissing

VERSION = "v1.13.5"
GO_MODULE = f"github.com/livekit/livekit-server/cmd/server@{VERSION}"
MISSING = (
    "livekit-server is missing. Three ways to get it: "
    "install Go (1.26 or newer) and run `make setup`, which then builds it; "
    "or install it yourself (macOS: `brew install livekit`; other systems: the install "
    "page of docs.livekit.io) so that it is on PATH; "
    "or set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET to use a server that runs already, "
    "LiveKit Cloud included."
)


def built(root: Path) -> Path:
    """Where `make setup` puts the binary that it builds."""
    return root / ".tools" / "livekit-server"


def find(root: Path) -> Path:
    """The binary on PATH, else the one that setup built. Raises ToolMissing."""
    on_path = shutil.which("livekit-server")
    if on_path:
        return Path(on_path)
    if built(root).is_file():
        return built(root)
    raise ToolMissing(MISSING)


def command(
    binary: Path, config: Path, keys: Path, *, port: int, tcp_port: int, udp_port: int
) -> tuple[str, ...]:
    """How to run it. `keys` is a file `KEY: SECRET` of mode 0600.

    A file and not LIVEKIT_KEYS: 1.13.5 ignores that variable (and --keys) next to a config file.
    """
    return (
        str(binary),
        *("--config", str(config)),
        *("--key-file", str(keys)),
        *("--port", str(port)),
        *("--rtc.tcp_port", str(tcp_port)),
        *("--udp-port", str(udp_port)),
    )
