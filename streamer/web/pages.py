"""The pages: HTML from the templates beside the styles and scripts, and these files themselves.

A page knows from the server only what is in ``data-site``: names of rooms, cameras and places, never a secret. What
changes comes to it by the API and the WebSocket. Nothing is inline: the Content-Security-Policy forbids it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from aiohttp import web

from streamer.notice import qr_svg
from streamer.purposes import Purpose
from streamer.web import trends
from streamer.web.guard import is_loopback
from streamer.web.routing import SITE, Route
from streamer.web.site import RoomInfo, Site

STATIC = Path(__file__).parent / "static"

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""What is served of STATIC, by suffix; the templates are not."""

FILES = {"signs": "room", "numbers_of_signs": "numbers", "history": "past"}
"""Pages that share the styles and scripts of another."""

PLACES = (
    ("room", "/", "Room"),
    ("history", "/history", "History"),
    ("meeting", "/meeting", "Meeting"),
    ("cameras", "/cameras", "Cameras"),
)
NUMBERS = ("about", "/about", "Numbers")

WORDS: Mapping[Purpose, str] = {
    "self": "For yourself: you alone are in the picture, and you alone see what is said of it.",
    "research": "Research, with the consent of everybody who can be seen.",
    "audience": "An audience that has agreed to it, neither at work nor in education.",
    "medical_safety": "Medical or safety reasons.",
    "expressions_only": "Smiles, frowns, nods and where heads turn. No emotion is inferred.",
}
"""Each purpose as it is told to people."""

TAKEN_ALONG = "This notice, to take with you:"
LOCAL = "This address opens on this computer alone. For one that phones can open, set link: under notice:."
"""What stands beside the code of the notice's address."""

READS = {
    False: "What is read is how faces look, which is not what people feel.",
    True: "What is read is what faces visibly do, and nothing else.",
}
"""What is read of faces, by whether no emotion is inferred."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page: its template, its title, and what the template has places for: ``words``, which are escaped, and
    ``raw`` HTML. ``about`` goes to the scripts. ``base``: the template around it, with all of the navigation, ``quiet``
    without what needs a token, or ``bare``."""

    name: str
    title: str
    words: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)
    base: Literal["base", "quiet", "bare"] = "base"


def error_page(request: web.Request, status: int, title: str, text: str) -> web.Response:
    """A page for what went wrong; ``text`` says the next step."""
    return _page(request, Sheet("error", title, {"heading": title, "text": text}), status)


async def room(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name = request.match_info.get("room") or next(iter(site.rooms), None)
    if name is None or name not in site.rooms:
        return _no_room(request, name)
    template = "signs" if _signs_only(site) else "room"
    return _page(request, Sheet(template, name, {"room": name, "path": quote(name, safe="")}, about={"room": name}))


async def history(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name = request.match_info.get("room") or next(iter(site.rooms), None)
    if name is None or name not in site.rooms:
        return _no_room(request, name)
    words = {"room": name, "path": quote(name, safe=""), "one_room": "hidden" if len(site.rooms) < 2 else ""}
    about = {
        "room": name,
        "kept": site.timeline is not None,
        "marks": site.mark is not None,
        "people": site.purpose in trends.SINGLE,
        "report": site.report is not None,
    }
    return _page(request, Sheet("history", f"History of {name}", words, {"rooms": _room_links(site, name)}, about))


async def overlay(request: web.Request) -> web.Response:
    site, name = request.app[SITE], request.match_info["room"]
    if name not in site.rooms:
        return _no_room(request, name)
    return _page(request, Sheet("overlay", name, {"room": name}, about={"room": name}, base="bare"))


async def meeting(request: web.Request) -> web.Response:
    site, place = request.app[SITE], request.match_info.get("source", "")
    if place and place not in site.inlets:
        known = ", ".join(site.inlets) or "none"
        text = f"There is no place for a browser's picture called “{place}”; there are: {known}."
        return error_page(request, 404, "No such place", text)
    told = site.notice
    words = {"notice_title": told.title, "notice_text": told.text, "purpose": WORDS[site.purpose]}
    raw = {"qr": qr_svg(_notice_link(request))}
    about = {"place": place, "iceServers": [url for url in site.peer_rules.ice_servers if "@" not in url]}
    return _page(request, Sheet("meeting", "Meeting", words, raw, about))


async def cameras(request: web.Request) -> web.Response:
    return _page(request, Sheet("cameras", "Cameras"))


async def settings(request: web.Request) -> web.Response:
    return _page(request, Sheet("settings", "Settings"))


async def about(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name = "numbers_of_signs" if _signs_only(site) else "numbers"
    return _page(request, Sheet(name, "About the numbers", {"purpose": WORDS[site.purpose]}))


async def notice(request: web.Request) -> web.Response:
    site, link = request.app[SITE], _notice_link(request)
    told = site.notice
    words = {
        "heading": told.title,
        "link": link,
        "caption": LOCAL if is_loopback(urlsplit(link).hostname or "") else TAKEN_ALONG,
        "purpose": WORDS[site.purpose],
        "reads": READS[_signs_only(site)],
    }
    parts = "".join(f"<p>{escape(part)}</p>" for part in told.text.split("\n\n"))
    contact = f"<p class=contact>{escape(told.contact)}</p>" if told.contact else ""
    raw = {"text": parts, "contact": contact, "qr": qr_svg(link)}
    return _page(request, Sheet("notice", told.title, words, raw, base="quiet"))


async def sign_in(request: web.Request) -> web.Response:
    return _page(request, Sheet("sign-in", "Sign in", base="quiet"))


async def static(request: web.Request) -> web.StreamResponse:
    path = _files().get(request.match_info["path"])
    if path is None:
        raise web.HTTPNotFound(text="there is no such file")
    headers = {"Content-Type": f"{KINDS[path.suffix]}; charset=utf-8", "Cache-Control": "no-cache"}
    return web.FileResponse(path, headers=headers)


ROUTES = (
    Route("GET", "/", room, "viewer", "page", summary="The first room"),
    Route("GET", "/room/{room}", room, "viewer", "page", summary="A room"),
    Route("GET", "/history", history, "viewer", "page", summary="The first room's past"),
    Route("GET", "/history/{room}", history, "viewer", "page", summary="A room's past"),
    Route("GET", "/overlay/{room}", overlay, "viewer", "page", summary="A room's meter for a video mixer"),
    Route("GET", "/meeting", meeting, "viewer", "page", summary="Bring a camera or a window"),
    Route("GET", "/meeting/{source}", meeting, "viewer", "page", summary="The same, for one place"),
    Route("GET", "/cameras", cameras, "viewer", "page", summary="The cameras and their states"),
    Route("GET", "/settings", settings, "viewer", "page", summary="The configuration"),
    Route("GET", "/about", about, "viewer", "page", summary="What the numbers mean"),
    Route("GET", "/notice", notice, "anyone", "page", summary="What the people seen are told"),
    Route("GET", "/sign-in", sign_in, "anyone", "page", summary="Sign in with a token"),
    Route("GET", "/static/{path:.+}", static, "anyone", summary="Styles and scripts"),
)


def _page(request: web.Request, sheet: Sheet, status: int = 200) -> web.Response:
    site = request.app[SITE]
    open_to_all = sheet.base == "quiet" or status != 200
    known = {} if open_to_all else {**_known(site), **sheet.about}
    words = {key: escape(value) for key, value in sheet.words.items()}
    outer = {
        "title": escape(sheet.title),
        "name": sheet.name,
        "files": _tags(FILES.get(sheet.name, sheet.name)),
        "data": escape(json.dumps(known)),
        "navigation": _navigation(request.path),
        "version": escape(site.version),
        "body": _template(sheet.name).substitute({**words, **sheet.raw}),
    }
    text = _template(sheet.base).substitute(outer)
    return web.Response(text=text, content_type="text/html", status=status)


def _known(site: Site) -> dict[str, Any]:
    """What a page may know of the site before it has asked for anything."""
    return {
        "purpose": site.purpose,
        "signs": _signs_only(site),
        "rooms": [_room(site, room) for room in site.rooms.values()],
        "places": [{"name": name, "room": site.sources.get(name, "")} for name in site.inlets],
    }


def _room(site: Site, room: RoomInfo) -> dict[str, Any]:
    sources = [{"name": n, "picture": n in site.pictures, "video": n in site.packets} for n in room.sources]
    return {"name": room.name, "least": room.least, "overlap": room.overlap, "sources": sources}


def _signs_only(site: Site) -> bool:
    return site.purpose == "expressions_only"


def _room_links(site: Site, here: str) -> str:
    """To the history of each room."""
    marked = {here: " aria-current=page"}
    links = (f'<a href="/history/{quote(one, safe="")}"{marked.get(one, "")}>{escape(one)}</a>' for one in site.rooms)
    return "".join(links)


def _no_room(request: web.Request, name: str | None) -> web.Response:
    if name is None:
        return error_page(request, 404, "There is no room yet", "Name a source in the configuration, and start again.")
    known = ", ".join(request.app[SITE].rooms) or "none"
    return error_page(request, 404, "No such room", f"There is no room called “{name}”; there are: {known}.")


def _notice_link(request: web.Request) -> str:
    """Where the notice can be read: as set, or this server as the visitor reached it."""
    site = request.app[SITE]
    scheme = "https" if site.access.behind_proxy else request.scheme
    return site.notice.link or f"{scheme}://{request.host}/notice"


def _navigation(path: str) -> str:
    parts = []
    for name, place, word in (*PLACES, NUMBERS):
        here = path == place or path.startswith(f"/{name}/")
        parts.append(f'<a href="{place}"{" aria-current=page" if here else ""}>{word}</a>')
    return "".join(parts)


def _tags(name: str) -> str:
    """Those of the page's own style and script, where it has them."""
    tags = {
        f"css/{name}.css": '<link rel="stylesheet" href="/static/{}">',
        f"js/{name}.js": '<script type="module" src="/static/{}"></script>',
    }
    return "\n".join(tag.format(path) for path, tag in tags.items() if path in _files())


@cache
def _template(name: str) -> Template:
    return Template((STATIC / "pages" / f"{name}.html").read_text(encoding="utf-8"))


@cache
def _files() -> dict[str, Path]:
    """The files that are served, by their path below STATIC: what is not listed here is not there."""
    paths = (path for path in STATIC.rglob("*") if path.suffix in KINDS and path.is_file())
    return {path.relative_to(STATIC).as_posix(): path for path in paths}
