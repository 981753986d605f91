"""An exam of one question, played through before job processes are forked.

What Python, the database's driver and the framework prepare on first use is then prepared once, in
memory that all jobs share, and not in each at its first turn. Nothing of it is kept.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from livekit.agents import llm
from livekit.agents.utils import http_context

from exam_graph.events import Event, Started, StudentSpoke
from exam_graph.paper import Paper
from exam_graph.understanding import Context
from records.migrate import migrate
from records.store import Records
from worker.examiner import Examiner
from worker.groq_client import Asking, GroqClient
from worker.groq_reading import Reading, properties
from worker.lease import holding
from worker.opening import open_examiner
from worker.settings import LOCAL_KEY, Settings
from worker.speech import build_session, build_voice
from worker.warmup import Warm

_PAPER = {
    "id": "rehearsal",
    "title": "Rehearsal",
    "duration_minutes": 10,
    "questions": [
        {
            "id": "atp",
            "kind": "open",
            "ask": "What does a mitochondrion produce?",
            "marks": 2,
            "follow_ups": 1,
            "points": [
                {"id": "atp", "marks": 2, "looks_for": "produces ATP", "probe": "In what form?"}
            ],
        }
    ],
}
_SAID = (
    "I can hear you.",
    "I like to read.",
    "Could you repeat the question, please?",
    "It releases the energy of our food and stores it.",
    "In the form of ATP.",
)


def rehearse(warm: Warm) -> None:
    """Takes a second. Starts no thread that is still there afterwards."""
    asyncio.run(_rehearse(warm))


async def _rehearse(warm: Warm) -> None:
    if Settings().groq_key is not None:
        await _ask_a_model()
    # Its validators are made when the first message is.
    llm.ChatContext.empty().add_message(role="user", content="")
    async with http_context.open(), _examiner(warm) as (examiner, settings):
        build_session(settings, examiner.context, examiner.state, warm)
        build_voice(settings, examiner.context.profile)
        events: list[Event] = [Started(), *(StudentSpoke(text=text) for text in _SAID)]
        for event in events:
            turn = examiner.submit(event)
            async for _ in turn.marks():
                pass
            await turn.committed


async def _ask_a_model() -> None:
    """One reading over HTTP on this machine: the client makes most of itself at its first call."""
    read = Reading(
        intent="answer", covered=[], target=None, content=False, unfinished=False, notices=[]
    )
    message = {"role": "assistant", "content": read.model_dump_json()}
    completion = {
        "id": "rehearsal",
        "object": "chat.completion",
        "created": 0,
        "model": "rehearsal",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }

    async def reply(_: web.Request) -> web.Response:
        return web.json_response(completion)

    app = web.Application()
    app.add_routes([web.get("/models", reply), web.post("/chat/completions", reply)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        async with GroqClient(
            api_key=LOCAL_KEY,
            base_url=f"http://127.0.0.1:{port}",
            model="rehearsal",
            deadline_s=5.0,
            token_budget=10_000,
        ) as client:
            await client.warm()
            asking = Asking("understanding", {}, properties(Context()))
            if await client.ask(asking, Reading) != read:
                raise RuntimeError("the model's first call could not be rehearsed")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _examiner(warm: Warm) -> AsyncIterator[tuple[Examiner, Settings]]:
    paper = Paper.from_dict(_PAPER)
    with TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'rehearsal.db'}", groq_api_key=None
        )
        await asyncio.to_thread(migrate, settings.database_url)
        records = await Records.open(settings.database_url)
        try:
            await records.publish_paper(paper.id, paper.to_dict(), paper.content_hash)
            opened, _ = await records.open_sitting(
                user_id="nobody",
                exam_id=paper.id,
                consent={"recording": False, "text_version": "rehearsal"},
                profile={},
                invitation=None,
            )
            sitting = await records.sitting(opened.id)
            assert sitting is not None
            async with (
                holding(records, sitting.id) as hold,
                open_examiner(
                    sitting, hold.fence, records, warm.graph, warm.rules, settings
                ) as examiner,
            ):
                work = asyncio.create_task(examiner.run())
                yield examiner, settings
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        finally:
            await records.close()
