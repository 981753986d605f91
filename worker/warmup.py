"""What a job process has ready before its exam comes: the voice detector and the graph."""

from dataclasses import dataclass

from livekit.agents import JobProcess
from livekit.agents.vad import VAD
from livekit.plugins import silero

from exam_graph.graph import ExamGraph, build_graph

_KEY = "voxam.warm"


@dataclass(frozen=True)
class Warm:
    """Shared by the jobs of one process, which come one after another; holds nothing of an exam."""

    vad: VAD
    graph: ExamGraph

    @classmethod
    def of(cls, process: JobProcess) -> "Warm":
        """What `warm_up` left in this process."""
        warm = process.userdata[_KEY]
        assert isinstance(warm, cls)
        return warm


def warm_up(process: JobProcess) -> None:
    """Called once in a new job process."""
    process.userdata[_KEY] = Warm(silero.VAD.load(), build_graph())
