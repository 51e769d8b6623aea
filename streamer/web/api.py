"""The rooms, the cameras, and what the run is, as JSON."""

from __future__ import annotations

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from streamer.errors import StreamerError
from streamer.hub import HISTORY
from streamer.web.answers import (
    About,
    Ask,
    Asked,
    CameraNow,
    Cameras,
    Explanation,
    History,
    NoticeText,
    RoomNow,
    Rooms,
    Settings,
)
from streamer.web.guard import BOUND
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.site import RoomInfo, Site
from streamer.web.told import cameras_told, room_info, room_told, settings_view

Body = TypeVar("Body", bound=BaseModel)


def answer(model: BaseModel, status: int = 200) -> web.Response:
    return web.Response(status=status, text=model.model_dump_json(), content_type="application/json")


async def body_of(request: web.Request, model: type[Body]) -> Body:
    """
    Raises:
        Refused: it is not the JSON that is expected.
    """
    expected = f"expected JSON with {', '.join(model.model_fields)}"
    if request.content_type != "application/json":
        raise Refused(415, f"{expected}, sent as application/json")
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        place = "; ".join(".".join(map(str, one["loc"])) for one in error.errors() if one["loc"])
        known = place if place in model.model_fields else ""
        raise Refused(400, f"{expected}{f'; wrong: {known}' if known else ''}") from None


def query_of(request: web.Request, model: type[Body]) -> Body:
    """
    Raises:
        Refused: what stands behind the question mark is not what is expected.
    """
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        known = {one.alias or name: one.description or "" for name, one in model.model_fields.items()}
        wrong = next((str(one["loc"][0]) for one in error.errors() if one["loc"] and one["loc"][0] in known), "")
        expected = ", ".join(f"{name} ({text})" for name, text in known.items())
        raise Refused(400, f"expected {expected}{f'; wrong: {wrong}' if wrong else ''}") from None


async def rooms(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return answer(Rooms(rooms=tuple(room_now(site, info) for info in site.rooms.values())))


async def room(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return answer(room_now(site, room_info(site, request.match_info["room"])))


def room_now(site: Site, info: RoomInfo) -> RoomNow:
    result = site.hub.rooms().get(info.name)
    return RoomNow(
        room=info.name,
        sources=info.sources,
        least=info.least,
        overlap=info.overlap,
        now=None if result is None else room_told(site, result),
    )


async def history(request: web.Request) -> web.Response:
    site = request.app[SITE]
    info = room_info(site, request.match_info["room"])
    events = tuple(room_told(site, result) for result in site.hub.history(info.name))
    return answer(History(room=info.name, seconds=HISTORY, events=events))


async def explain(request: web.Request) -> web.Response:
    site = request.app[SITE]
    info = room_info(site, request.match_info["room"])
    explained = site.explain(info.name)
    return answer(Explanation(room=info.name, explained=None if explained is None else settings_view(explained)))


async def cameras(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return answer(Cameras(cameras=tuple(with_streams(site, event.model_dump()) for event in cameras_told(site))))


def with_streams(site: Site, event: dict[str, object]) -> CameraNow:
    source = str(event["source"])
    inlet = site.inlets.get(source)
    return CameraNow.model_validate(
        event
        | {
            "picture": source in site.pictures,
            "video": source in site.packets,
            "inlet": inlet is not None,
            "taken": inlet is not None and inlet.taken,
        }
    )


async def settings(request: web.Request) -> web.Response:
    return answer(Settings(settings=settings_view(request.app[SITE].settings)))


async def about(request: web.Request) -> web.Response:
    site = request.app[SITE]
    return answer(About(program=site.version, purpose=site.purpose, models=site.about()))


async def notice(request: web.Request) -> web.Response:
    site = request.app[SITE]
    own = f"{request.app[BOUND].scheme}://{request.headers['Host']}/notice"
    text = site.notice
    return answer(
        NoticeText(title=text.title, text=text.text, contact=text.contact, link=text.link or own, purpose=site.purpose)
    )


async def command(request: web.Request) -> web.Response:
    asked = (await body_of(request, Ask)).command
    try:
        request.app[SITE].ask(asked)
    except StreamerError as error:
        raise Refused(409, str(error)) from None
    return answer(Asked(command=asked), 202)


ROUTES = (
    Route("GET", "/api/v1/rooms", rooms, "viewer", answer=Rooms, summary="All rooms and their newest event"),
    Route("GET", "/api/v1/rooms/{room}", room, "viewer", answer=RoomNow, summary="A room and its newest event"),
    Route("GET", "/api/v1/rooms/{room}/history", history, "viewer", answer=History, summary="A room's last minutes"),
    Route(
        "GET",
        "/api/v1/rooms/{room}/explain",
        explain,
        "viewer",
        answer=Explanation,
        summary="Where a room's number comes from",
    ),
    Route("GET", "/api/v1/cameras", cameras, "viewer", answer=Cameras, summary="All cameras and their states"),
    Route("GET", "/api/v1/settings", settings, "admin", answer=Settings, summary="The configuration without secrets"),
    Route("GET", "/api/v1/about", about, "viewer", answer=About, summary="Version, purpose, models"),
    Route("GET", "/api/v1/notice", notice, "anyone", answer=NoticeText, summary="What the people seen are told"),
    Route("POST", "/api/v1/commands", command, "admin", answer=Asked, body=Ask, summary="Have the run do something"),
)
