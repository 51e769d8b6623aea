"""All routes of the live pages in one table, and an application of any such table, each route guarded by what the
table says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from streamer.web import (
    api,
    archive,
    events,
    health,
    openapi,
    pages,
    peers,
    prometheus,
    reports,
    signing,
    streams,
    timeline,
    trends,
    whep,
    whip,
)
from streamer.web.doorkeeper import KEEPER, RANKS, Doorkeeper, nothing, unauthorised
from streamer.web.guard import BOUND, SAFE, Bound, check_host, check_origin, put_headers
from streamer.web.limits import LIMITS, VIEWERS, Limits, Viewers
from streamer.web.problems import Refused, problem_of
from streamer.web.routing import SITE, Handler, Route
from streamer.web.site import Access, Site, uncounted

ROUTES: tuple[Route, ...] = (
    *pages.ROUTES,
    *api.ROUTES,
    *timeline.ROUTES,
    *trends.ROUTES,
    *reports.ROUTES,
    *signing.ROUTES,
    *events.ROUTES,
    *streams.ROUTES,
    *whip.ROUTES,
    *whep.ROUTES,
    *health.ROUTES,
    *prometheus.ROUTES,
    *openapi.ROUTES,
)
"""Whatever is not listed here is not served."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server has: ``routes``, for those whom ``access`` lets in. ``fill`` puts into the application what their
    handlers need, and what has to run beside them. ``largest``: bytes of an SDP; ``lost``: the page for a visitor who
    asked for what is not there, None for a problem as everybody else gets it. ``wrong_tokens``: see Site."""

    access: Access
    routes: tuple[Route, ...]
    fill: Callable[[web.Application], None]
    largest: int = 0
    lost: Callable[[web.Request], web.Response] | None = None
    wrong_tokens: Callable[[int], None] = uncounted


OFFER: web.AppKey[Offer] = web.AppKey("offer", Offer)


def live(site: Site) -> Offer:
    """The live pages, and the whole API."""

    def fill(app: web.Application) -> None:
        app[SITE], app[openapi.TABLE] = site, ROUTES
        app.cleanup_ctx.append(events.spreading)
        app.cleanup_ctx.append(peers.connections)
        app.cleanup_ctx.append(archive.archive)

    return Offer(site.access, ROUTES, fill, site.peer_rules.body, no_page, site.wrong_tokens)


def no_page(request: web.Request) -> web.Response:
    return pages.error_page(request, 404, "No such page", "Choose one of those named above.")


def make_app(served: Site | Offer, place: Bound, limits: Limits) -> web.Application:
    offer = served if isinstance(served, Offer) else live(served)
    app = web.Application(middlewares=[answered], client_max_size=max(limits.plain, offer.largest))
    app[OFFER], app[BOUND], app[LIMITS] = offer, place, limits
    app[KEEPER], app[VIEWERS] = Doorkeeper(offer.access, wrong=offer.wrong_tokens), Viewers(offer.access.viewers)
    app.on_response_prepare.append(put_headers)
    app.on_shutdown.append(end_viewers)
    offer.fill(app)
    for route in offer.routes:
        app.router.add_route(route.method, route.path, guarded(route))
        if route.method == "GET" and route.kind in ("plain", "page"):
            app.router.add_route("HEAD", route.path, guarded(route))
    return app


async def end_viewers(app: web.Application) -> None:
    await app[VIEWERS].end(app[LIMITS].stop)


@web.middleware
async def answered(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Errors as problems, or as a page for a visitor who is lost; nothing for who calls us by a name not ours."""
    try:
        check_host(request)
        return await handler(request)
    except Refused as refusal:
        return refusal.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        lost = request.app[OFFER].lost
        if lost is not None and error.status == 404 and "text/html" in request.headers.get("Accept", ""):
            return lost(request)
        return problem_of(error)


def guarded(route: Route) -> Handler:
    """The route's handler, for those who may call it, within the limits."""

    async def handle(request: web.Request) -> web.StreamResponse:
        keeper = request.app[KEEPER]
        check_origin(request, route, by_cookie=keeper.by_cookie(request))
        admit(request, route, keeper)
        await read_body(request, route)
        if route.kind in ("stream", "socket"):
            with request.app[VIEWERS].place(route.kind), while_signed_in(request, keeper):
                return await route.handler(request)
        async with asyncio.timeout(request.app[LIMITS].handling):
            return await route.handler(request)

    return handle


@contextmanager
def while_signed_in(request: web.Request, keeper: Doorkeeper) -> Iterator[None]:
    """The task of a connection that stays open is cancelled when the sign-in behind it is over."""
    task = asyncio.current_task()
    forget = keeper.until_signed_out(request, task.cancel if task is not None else nothing)
    try:
        yield
    finally:
        forget()


def admit(request: web.Request, route: Route, keeper: Doorkeeper) -> None:
    """
    Raises:
        Refused: the caller may not.
        HTTPSeeOther: to the sign-in, for the visitor of a page.
    """
    if route.role == "anyone":
        return
    role = keeper.role(request)
    if role is None and route.kind == "page":
        raise web.HTTPSeeOther(f"/sign-in?next={quote(request.path, safe='/')}")
    if role is None:
        raise unauthorised("sign in, or send the token in the Authorization header as Bearer")
    if RANKS[role] < RANKS[route.role]:
        raise Refused(403, "this needs the admin's token")


async def read_body(request: web.Request, route: Route) -> None:
    """Have the body here, whole, before the handler asks for it.

    Raises:
        Refused: it is too large or too slow.
    """
    if route.method in SAFE:
        return
    limits = request.app[LIMITS]
    most = request.app[OFFER].largest if route.kind == "sdp" else limits.plain
    if (request.content_length or 0) > most:
        raise Refused(413, f"the body is larger than {most} bytes")
    try:
        async with asyncio.timeout(limits.body):
            body = await request.read()
    except TimeoutError:
        raise Refused(408, f"the body did not come within {limits.body:g} s") from None
    if len(body) > most:
        raise Refused(413, f"the body is larger than {most} bytes")
