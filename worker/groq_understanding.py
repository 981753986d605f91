"""Understanding by a model at Groq, within a deadline; whatever fails, rules decide.

The model returns names out of lists, numbers and ids of points, and `groq_reading` tells how much
of that is believed. It is asked while the student still speaks (`groq_ahead`).
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator

from exam_graph.paper import OpenQuestion, Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard, Understood
from worker.groq_ahead import ReadAhead, merged, settled
from worker.groq_client import GroqClient
from worker.groq_reading import believed


class GroqUnderstanding:
    """An `Understanding` that asks a model for what rules cannot know. Of one sitting."""

    def __init__(self, rules: RulesUnderstanding, client: GroqClient) -> None:
        self._rules = rules
        self._client = client
        self._ahead = ReadAhead(client)

    async def understand(self, heard: Heard, context: Context) -> Understood:
        by_rules, obvious = self._rules.judge(heard, context)
        question = context.question
        if obvious or question is None:
            return by_rules

        def by_what_is_read() -> Understood | None:
            known = self._ahead.known(question, heard, context)
            return settled(known, by_rules, heard, context) if known else None

        if (understood := by_what_is_read()) is not None:
            return understood
        asked = self._ahead.read(question, heard, context)
        try:
            async with self._deadline(heard):
                while not asked.done():
                    await self._ahead.news()
                    # A reading that was under way may be enough before this one comes.
                    if (understood := by_what_is_read()) is not None:
                        return understood
        except TimeoutError:
            asked.cancel()
            self._client.note_late("understanding")
        else:
            if not asked.cancelled() and (reading := asked.result()) is not None:
                return believed(reading, by_rules, heard, context)
        return self._by_rules_mostly(question, by_rules, heard, context)

    def overhear(self, heard: Heard, context: Context) -> None:
        if isinstance(context.question, OpenQuestion):
            self._ahead.follow(context.question, heard, context)

    def is_answer(self, heard: Heard, context: Context) -> bool:
        if self._rules.is_answer(heard, context):
            return True
        by_rules = self._rules.decide(heard, context)
        if context.question is None or by_rules.intent != "answer" or by_rules.unfinished:
            return False
        known = self._ahead.known(context.question, heard, context)
        return known is not None and known.reading.intent == "answer"

    def close(self) -> None:
        """The exam is over."""
        self._ahead.close()

    def _by_rules_mostly(
        self, question: Question, by_rules: Understood, heard: Heard, context: Context
    ) -> Understood:
        """No reading in time; of the words before the last ones one may be there all the same."""
        known = self._ahead.known(question, heard, context)
        partly = known and known.reading.intent == by_rules.intent == "answer"
        understood = merged(known, by_rules, heard, context) if known and partly else by_rules
        return dataclasses.replace(understood, doubtful=True)

    @contextlib.asynccontextmanager
    async def _deadline(self, heard: Heard) -> AsyncIterator[None]:
        """TimeoutError when it has passed, counted from when the words are certain."""
        certain = heard.certain
        async with asyncio.timeout(None) as limit:

            async def begin() -> None:
                if certain is not None:
                    await certain.wait()
                limit.reschedule(asyncio.get_running_loop().time() + self._client.deadline_s)

            beginning = asyncio.create_task(begin())
            try:
                yield
            finally:
                beginning.cancel()
