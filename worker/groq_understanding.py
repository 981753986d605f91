"""Understanding by a model at Groq, within a deadline; whatever fails, rules decide.

The model returns names out of lists, numbers and ids of points, and `groq_reading` tells how much
of that is believed. It is asked while the student still speaks (`groq_ahead`).
"""

import asyncio
import dataclasses

from exam_graph.paper import OpenQuestion
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard, Understood
from worker.groq_ahead import ReadAhead, merged, settled
from worker.groq_client import GroqClient
from worker.groq_reading import Reading, believed


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
        known = self._ahead.known(question, heard, context)
        if known and (understood := settled(known, by_rules, heard, context)):
            return understood
        reading = await self._in_time(self._ahead.read(question, heard, context), heard)
        if reading is not None:
            return believed(reading, by_rules, heard, context)
        # Of the words before the last ones it may be known all the same what they reached.
        partly = known and known.reading.intent == by_rules.intent == "answer"
        understood = merged(known, by_rules, heard, context) if known and partly else by_rules
        return dataclasses.replace(understood, doubtful=True)

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

    async def _in_time(self, asked: asyncio.Task[Reading | None], heard: Heard) -> Reading | None:
        """The reading, if it comes until the deadline, which is counted from when the words are
        certain."""
        if heard.certain is not None:
            certain = asyncio.ensure_future(heard.certain.wait())
            try:
                await asyncio.wait((asked, certain), return_when=asyncio.FIRST_COMPLETED)
            finally:
                certain.cancel()
        await asyncio.wait((asked,), timeout=self._client.deadline_s)
        if asked.done():
            return None if asked.cancelled() else asked.result()
        asked.cancel()
        self._client.note_late("understanding")
        return None
