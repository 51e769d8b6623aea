"""Errors as application/problem+json (RFC 9457), without a word of what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from streamer.redaction import redact
from streamer.web.answers import Problem

PROBLEM = "application/problem+json"


class Refused(Exception):
    """A request that is not carried out: ``status`` and what to do, told to the caller."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}

    def response(self) -> web.Response:
        return problem(self.status, self.detail, self.headers)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=redact(detail))
    response = web.Response(status=status, text=body.model_dump_json(), content_type=PROBLEM, headers=headers)
    if status >= 500 or status in (400, 408, 413, 421):
        response.force_close()  # what is left of the request is not worth reading
    return response


def problem_of(error: web.HTTPException) -> web.Response:
    """The same for an error raised as aiohttp has it: its own words only where the handler chose them."""
    standard = f"{error.status}: {error.reason}"
    detail = error.text if error.content_type == "text/plain" and error.text not in (None, standard) else ""
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return problem(error.status, detail or "", kept)
