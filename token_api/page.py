"""Serves the built page."""

import os
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from token_api.errors import ApiError, respond

# Vite puts a hash of the content into the name of everything under assets/.
_HASHED = "assets"
_FOREVER = "public, max-age=31536000, immutable"


class Page(StaticFiles):
    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, html=True, check_dir=False)
        self._folder = folder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not (self._folder / "index.html").is_file():
            message = (
                f"The student's page is not built: {self._folder} has no index.html. "
                "Run make setup."
            )
            await respond(ApiError(503, "unavailable", message))(scope, receive, send)
            return
        await super().__call__(scope, receive, send)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        hashed = Path(self.get_path(scope)).parts[:1] == (_HASHED,)
        response.headers["cache-control"] = _FOREVER if hashed else "no-cache"
        return response
