"""What a path of the server is: who may call it, and how it is guarded. Every module of handlers lists its own in
``ROUTES``; ``app`` joins them, and the tests go through the whole table."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from aiohttp import web
from pydantic import BaseModel

from streamer.web.site import Site

SITE: web.AppKey[Site] = web.AppKey("site", Site)

Role: TypeAlias = Literal["anyone", "viewer", "admin"]
"""``anyone``: also without a token (liveness, the notice, styles). ``viewer``: may look. ``admin``: may change."""

Kind: TypeAlias = Literal["plain", "page", "stream", "socket", "sdp"]
"""``page``: HTML, whose visitor without a token is led to the sign-in. ``stream`` and ``socket`` stay open and are
counted. ``sdp``: WHIP and WHEP."""

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """``answer``: the model of its JSON, for the OpenAPI document; None where it has none, and ``media`` the type of
    what it answers instead, where it is known. ``body``: the model of what is sent; ``query``: of what may stand behind
    the path's question mark."""

    method: Literal["GET", "POST", "DELETE", "PATCH", "OPTIONS"]
    path: str
    handler: Handler
    role: Role
    kind: Kind = "plain"
    answer: type[BaseModel] | None = None
    summary: str = ""
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    media: str = ""
