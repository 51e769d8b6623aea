"""The labels over HTTP: what there is, the pictures, and every change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from streamer.errors import ConfigError
from streamer.web import signing
from streamer.web.api import answer, body_of
from streamer.web.app import Offer
from streamer.web.problems import Refused
from streamer.web.routing import Route
from streamer.web.site import Access
from tools.label import pages
from tools.label.answers import Changed, EditSent, Labelling, ProposalSent, Stepped, StepSent, labelling
from tools.label.desk import Desk, Nothing, Stale, Unsaved
from tools.label.pictures import Later, Pictures
from tools.label.proposals import Busy, Proposals
from tools.labelled.document import Medium
from tools.labelled.edits import edit_of, medium_at


@dataclass(frozen=True, slots=True)
class Room:
    """All that the handlers work with. ``file``: the label file, as it is told; ``detector``: the default one."""

    desk: Desk
    pictures: Pictures
    proposals: Proposals
    file: str
    detector: str


ROOM: web.AppKey[Room] = web.AppKey("labelling", Room)


async def overview(request: web.Request) -> web.Response:
    room = request.app[ROOM]
    return answer(labelling(room.desk, room.file, room.detector, room.proposals.now))


async def medium(request: web.Request) -> web.Response:
    desk, index = request.app[ROOM].desk, index_of(request)
    return answer(Changed(revision=desk.revision, medium=desk.labels.media[index]))


async def picture(request: web.Request) -> web.Response:
    """Known by the medium's digest, so that a browser that has it needs it no second time."""
    room, index, frame = request.app[ROOM], index_of(request), int(request.match_info["frame"])
    with refusals(404):
        shown = room.desk.medium(index)
    if frame >= shown.frames:
        raise Refused(404, f"{shown.file} has frames 0 to {shown.frames - 1}")
    headers = {"ETag": tag_of(shown, frame), "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    try:
        with refusals(422):
            data = await room.pictures.jpeg(index, frame)
    except Later:
        raise Refused(503, f"still on the way to frame {frame}; ask again", headers={"Retry-After": "2"}) from None
    return web.Response(body=data, content_type="image/jpeg", headers=headers)


async def edit(request: web.Request) -> web.Response:
    desk, index = request.app[ROOM].desk, index_of(request)
    sent = await body_of(request, EditSent)
    with refusals(422):
        after = desk.edit(sent.revision, index, edit_of(sent.edit))
    return answer(Changed(revision=desk.revision, medium=after))


async def undo(request: web.Request) -> web.Response:
    return await step(request, request.app[ROOM].desk.undo)


async def redo(request: web.Request) -> web.Response:
    return await step(request, request.app[ROOM].desk.redo)


async def step(request: web.Request, go: Callable[[int], int]) -> web.Response:
    desk, sent = request.app[ROOM].desk, await body_of(request, StepSent)
    with refusals(422):
        index = go(sent.revision)
    return answer(Stepped(revision=desk.revision, index=index, medium=desk.labels.media[index]))


async def propose(request: web.Request) -> web.Response:
    room, index = request.app[ROOM], index_of(request)
    sent = await body_of(request, ProposalSent)
    with refusals(422):
        room.proposals.propose(index, sent.detector, sent.frame)
    return answer(labelling(room.desk, room.file, room.detector, room.proposals.now), 202)


def index_of(request: web.Request) -> int:
    """
    Raises:
        Refused: there is no such medium.
    """
    index = int(request.match_info["index"])
    with refusals(404):
        medium_at(request.app[ROOM].desk.labels, index)
    return index


def tag_of(shown: Medium, frame: int) -> str:
    return f'"{shown.sha256[:32]}-{frame}"'


@contextmanager
def refusals(status: int) -> Iterator[None]:
    """What the desk refuses as problems; ``status`` for what has none of its own."""
    try:
        yield
    except (Stale, Nothing, Busy) as error:
        raise Refused(409, str(error)) from None
    except Unsaved as error:
        raise Refused(507, str(error)) from None
    except ConfigError as error:
        raise Refused(status, str(error)) from None


MEDIUM = "/api/v1/label/media/{index:[0-9]{1,9}}"

ROUTES = (
    *pages.ROUTES,
    *signing.ROUTES,
    Route("GET", "/api/v1/label", overview, "admin", answer=Labelling, summary="All there is"),
    Route("GET", MEDIUM, medium, "admin", answer=Changed, summary="A medium and its faces"),
    Route("GET", MEDIUM + "/frames/{frame:[0-9]{1,9}}.jpg", picture, "admin", summary="A picture of it, upright"),
    Route("POST", MEDIUM + "/edits", edit, "admin", answer=Changed, body=EditSent, summary="Change its labels"),
    Route("POST", MEDIUM + "/proposals", propose, "admin", answer=Labelling, body=ProposalSent, summary="Find faces"),
    Route("POST", "/api/v1/label/undo", undo, "admin", answer=Stepped, body=StepSent, summary="Undo"),
    Route("POST", "/api/v1/label/redo", redo, "admin", answer=Stepped, body=StepSent, summary="Redo"),
)


def offered(access: Access, room: Room, shut: Callable[[], None]) -> Offer:
    """The labelling page and its API; ``shut`` lets go of the media."""

    async def working(_: web.Application) -> AsyncIterator[None]:
        yield
        await room.proposals.close()
        await room.pictures.close(shut)

    def fill(app: web.Application) -> None:
        app[ROOM] = room
        app.cleanup_ctx.append(working)

    return Offer(access, ROUTES, fill)
