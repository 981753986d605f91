"""What a job has ready before its exam comes: all that takes long to load or to make.

Job processes are forked from one that has made it (`worker/preloaded.py`), and share its memory.
"""

import gc
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import anyio._backends._asyncio  # noqa: F401  (imported on first use otherwise, in mid-exam)
from livekit import local_inference
from livekit.agents import JobProcess, inference
from livekit.agents.llm import LLM
from livekit.agents.vad import VAD

from exam_graph import foreign
from exam_graph.aloud import aloud
from exam_graph.graph import ExamGraph, build_graph
from exam_graph.paper import Language
from exam_graph.phrasebook import phrasebook
from exam_graph.rules import RulesUnderstanding
from worker.inline import Inline
from worker.no_model import NoModel

_KEY = "voxam.warm"


@dataclass(frozen=True)
class Warm:
    """Shared by all jobs; holds nothing of an exam."""

    vad: VAD
    graph: ExamGraph
    llm: LLM[Any]
    rules: RulesUnderstanding

    @classmethod
    def of(cls, process: JobProcess) -> "Warm":
        """What `warm_up` left in this process."""
        warm = process.userdata[_KEY]
        assert isinstance(warm, cls)
        return warm


@cache
def make() -> Warm:
    """Made once, before a fork or after it: it starts no thread and opens no connection."""
    # Each is kept by its module; the first to need it would block the exam for up to a second.
    foreign.load()
    local_inference.init_vad()
    for language in get_args(Language):
        phrasebook(language)
        aloud("30°", language)
    return Warm(voice_detector(), build_graph(), NoModel(), RulesUnderstanding())


def voice_detector() -> VAD:
    """Silero's network in the build that comes with the framework: a third of the plugin's CPU and
    no onnxruntime in every process. A window takes 20 µs, so no thread is asked for it."""
    return inference.VAD(min_silence_duration=0.55, executor=Inline())


def warm_up(process: JobProcess) -> None:
    """Called once in a new job process."""
    process.userdata[_KEY] = make()
    # What is loaded stays: the collector need not walk it again while a student speaks.
    gc.collect()
    gc.freeze()
