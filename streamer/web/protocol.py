"""The edge of the HTTP library: who connects while there is no room, and what is said of an error nobody foresaw."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import Any

from aiohttp import web

from streamer.redaction import redact
from streamer.web.problems import problem

log = logging.getLogger(__name__)


class TooMany(asyncio.Protocol):
    """Closes a connection for which there is no room."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class Connection(web.RequestHandler):
    """One connection. An error that is none of ours becomes a line of the log, and a 500 that says nothing of it."""

    __slots__ = ()

    def log_exception(self, *args: Any, **kw: Any) -> None:
        error = kw.get("exc_info")
        text = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else ""
        log.error("%s\n%s", args[0], redact(text))

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - the library's own words repeat what was sent
    ) -> web.StreamResponse:
        if status >= 500 and exc is not None:
            self.log_exception("a request failed", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is under way; another cannot be sent")
        response = problem(status, "this is no valid HTTP request" if status == 400 else "")
        response.force_close()
        return response
