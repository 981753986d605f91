"""What a job process has ready before its exam comes: all that takes long to load or to make."""

import gc
from dataclasses import dataclass
from typing import get_args

import anyio._backends._asyncio  # noqa: F401  (imported on first use otherwise, in mid-exam)
from livekit.agents import JobProcess
from livekit.agents.vad import VAD
from livekit.plugins import groq, silero

from exam_graph import foreign
from exam_graph.aloud import aloud
from exam_graph.graph import ExamGraph, build_graph
from exam_graph.paper import Language
from exam_graph.phrasebook import phrasebook
from exam_graph.rules import RulesUnderstanding
from worker.settings import LOCAL_KEY, Settings

_KEY = "voxam.warm"


@dataclass(frozen=True)
class Warm:
    """Shared by the jobs of one process, which come one after another; holds nothing of an exam."""

    vad: VAD
    graph: ExamGraph
    llm: groq.LLM
    rules: RulesUnderstanding

    @classmethod
    def of(cls, process: JobProcess) -> "Warm":
        """What `warm_up` left in this process."""
        warm = process.userdata[_KEY]
        assert isinstance(warm, cls)
        return warm


def warm_up(process: JobProcess) -> None:
    """Called once in a new job process."""
    settings = Settings()
    # Never asked: llm_node speaks for the exam graph. Without it a session does not reply.
    llm = groq.LLM(model=settings.groq_model, api_key=settings.groq_key or LOCAL_KEY)
    process.userdata[_KEY] = Warm(silero.VAD.load(), build_graph(), llm, RulesUnderstanding())
    # Each is kept by its module; the first to need it would block the exam for up to a second.
    foreign.load()
    for language in get_args(Language):
        phrasebook(language)
        aloud("30°", language)
    # What is loaded stays: the collector need not walk it again while a student speaks.
    gc.collect()
    gc.freeze()
