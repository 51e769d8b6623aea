"""The labelling page and its files. There are no data in them, so anyone may have them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from aiohttp import web

from streamer.web.pages import KINDS
from streamer.web.pages import static as live_static
from streamer.web.routing import Route

STATIC = Path(__file__).parent / "static"
PAGE = STATIC / "label.html"


async def page(_: web.Request) -> web.StreamResponse:
    return served(PAGE, "text/html")


async def static(request: web.Request) -> web.StreamResponse:
    path = files().get(request.match_info["path"])
    if path is None:
        raise web.HTTPNotFound(text="there is no such file")
    return served(path, KINDS[path.suffix])


def served(path: Path, kind: str) -> web.FileResponse:
    return web.FileResponse(path, headers={"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-cache"})


@cache
def files() -> dict[str, Path]:
    """The files that are served, by their path below STATIC: what is not listed here is not there."""
    paths = (path for path in STATIC.rglob("*") if path.suffix in KINDS and path.is_file())
    return {path.relative_to(STATIC).as_posix(): path for path in paths}


ROUTES = (
    Route("GET", "/", page, "anyone", "page", summary="The page"),
    Route("GET", "/label/{path:.+}", static, "anyone", summary="Its styles and scripts"),
    Route("GET", "/static/{path:.+}", live_static, "anyone", summary="Those that it shares with the live pages"),
)
