"""The machine and the versions that figures belong to."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import psutil

from bench.processes import ROOT
from bench.systems.pipecat import LOCK
from deploy import livekit_server

PACKAGES = (
    "livekit",
    "livekit-agents",
    "livekit-plugins-deepgram",
    "livekit-plugins-groq",
    "livekit-plugins-silero",
    "langgraph",
)


def machine() -> dict[str, str]:
    """Name and value of each."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": _commit(),
        **versions,
        "livekit-server": livekit_server.VERSION,
        "pipecat-ai": _pipecat(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _pipecat() -> str:
    lines = LOCK.read_text().splitlines()
    pinned = next(line for line in lines if line.startswith("pipecat-ai"))
    return pinned.split("==")[1].split()[0]
