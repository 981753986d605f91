"""A scripted token service: serves the student's page, answers its POST /invitation and /join.

    async with exam_site(web_dist) as site:
        site.answers.append(admission("ws://…", token))
        await page.goto(site.link)
        assert site.joins == [{"invitation": INVITATION, "consent": {…}}]

The last answer stands for all that follow. Headers are as strict as in production.
"""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

INVITATION = "stand.in.invitation"
POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss: http:; media-src 'self' blob:; "
    "object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


def admission(
    livekit_url: str,
    token: str,
    *,
    resumed: bool = False,
    typed: bool = False,
    own_turn_end: bool = False,
    captions: str = "normal",
) -> Answer:
    page = {"typed": typed, "own_turn_end": own_turn_end, "captions": captions}
    return Answer(
        200,
        {
            "session_id": "0" * 32,
            "room_name": "exam-student-00000000",
            "livekit_url": livekit_url,
            "token": token,
            "token_expires_at": "2030-01-01T00:00:00+00:00",
            "resumed": resumed,
            "page": page,
        },
    )


def refusal(status: int, code: str, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"error": {"code": code, "message": "As the service says it."}}, names)


@dataclass
class ExamSite:
    origin: str
    answers: list[Answer] = field(default_factory=list)
    joins: list[dict[str, Any]] = field(default_factory=list)

    @property
    def link(self) -> str:
        return f"{self.origin}/#invitation={INVITATION}"

    async def look(self, _: Request) -> Response:
        """What the page is told before joining: the same as after it."""
        plain = {"typed": False, "own_turn_end": False, "captions": "normal"}
        page = self.answers[0].body.get("page", plain) if self.answers else plain
        return JSONResponse({"page": page})

    async def join(self, request: Request) -> Response:
        self.joins.append(await request.json())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return JSONResponse(answer.body, answer.status, answer.headers)


@asynccontextmanager
async def exam_site(web_dist: Path) -> AsyncIterator[ExamSite]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        site = ExamSite(f"http://127.0.0.1:{listener.getsockname()[1]}")
        routes = [
            Route("/invitation", site.look, methods=["POST"]),
            Route("/join", site.join, methods=["POST"]),
            Mount("/", StaticFiles(directory=web_dist, html=True)),
        ]
        app = Starlette(routes=routes)

        async def with_policy(scope: Any, receive: Any, send: Any) -> None:
            async def send_with_policy(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"content-security-policy", POLICY.encode()))
                await send(message)

            await app(scope, receive, send_with_policy)

        config = uvicorn.Config(with_policy, ws="none", lifespan="off", log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield site
        finally:
            server.should_exit = True
            server.force_exit = True
            await serving
