"""Signing in and out: a token for a cookie."""

from __future__ import annotations

from aiohttp import web

from streamer.web.answers import Session, SignIn
from streamer.web.api import answer, body_of
from streamer.web.doorkeeper import KEEPER
from streamer.web.routing import Route


async def who(request: web.Request) -> web.Response:
    keeper = request.app[KEEPER]
    return answer(Session(role=keeper.role(request), tokens=keeper.tokens))


async def sign_in(request: web.Request) -> web.Response:
    keeper = request.app[KEEPER]
    token = (await body_of(request, SignIn)).token
    if not keeper.tokens:
        return answer(Session(role="admin", tokens=False))
    role = keeper.checked(request, token)
    keeper.sessions.end(request.cookies.get(keeper.cookie, ""))
    response = answer(Session(role=role, tokens=True), 201)
    keeper.sign_in(response, role)
    return response


async def sign_out(request: web.Request) -> web.Response:
    response = web.Response(status=204)
    request.app[KEEPER].sign_out(request, response)
    return response


ROUTES = (
    Route("GET", "/api/v1/session", who, "anyone", answer=Session, summary="What the caller may do"),
    Route("POST", "/api/v1/session", sign_in, "anyone", answer=Session, body=SignIn, summary="Sign in with a token"),
    Route("DELETE", "/api/v1/session", sign_out, "anyone", summary="Sign out"),
)
