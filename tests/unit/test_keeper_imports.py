"""The keeper stays small: import-linter cannot see into `livekit`, so this looks at run time."""

import subprocess
import sys

import pytest

from tests.processes import ROOT

pytestmark = pytest.mark.unit


def test_it_loads_neither_langgraph_nor_the_agents_framework() -> None:
    look = "import sys, keeper.app; print(*(m for m in sys.modules if m in sys.argv))"
    unwanted = ["langgraph", "langchain_core", "livekit.agents", "exam_graph", "worker"]
    done = subprocess.run(
        [sys.executable, "-c", look, *unwanted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
