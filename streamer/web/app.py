"""All routes of the server in one table, and each guarded by what the table says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote

from aiohttp import web

from streamer.web import api, events, health, openapi, pages, peers, prometheus, signing, streams, whep, whip
from streamer.web.doorkeeper import KEEPER, RANKS, Doorkeeper, unauthorised
from streamer.web.guard import BOUND, SAFE, Bound, check_host, check_origin, put_headers
from streamer.web.limits import LIMITS, VIEWERS, Limits, Viewers
from streamer.web.problems import Refused, problem_of
from streamer.web.routing import SITE, Handler, Route
from streamer.web.site import Site

ROUTES: tuple[Route, ...] = (
    *pages.ROUTES,
    *api.ROUTES,
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


def make_app(site: Site, place: Bound, limits: Limits, routes: tuple[Route, ...] = ROUTES) -> web.Application:
    app = web.Application(middlewares=[answered], client_max_size=max(limits.plain, site.peer_rules.body))
    app[SITE], app[BOUND], app[LIMITS] = site, place, limits
    app[KEEPER], app[VIEWERS] = Doorkeeper(site.access), Viewers(site.access.viewers)
    app[openapi.TABLE] = routes
    app.on_response_prepare.append(put_headers)
    app.on_shutdown.append(end_viewers)
    app.cleanup_ctx.append(events.spreading)
    app.cleanup_ctx.append(peers.connections)
    for route in routes:
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
        if error.status == 404 and "text/html" in request.headers.get("Accept", ""):
            return pages.error_page(request, 404, "No such page", "Choose one of those named above.")
        return problem_of(error)


def guarded(route: Route) -> Handler:
    """The route's handler, for those who may call it, within the limits."""

    async def handle(request: web.Request) -> web.StreamResponse:
        keeper = request.app[KEEPER]
        check_origin(request, route, by_cookie=keeper.by_cookie(request))
        admit(request, route, keeper)
        await read_body(request, route)
        if route.kind in ("stream", "socket"):
            with request.app[VIEWERS].place(route.kind):
                return await route.handler(request)
        async with asyncio.timeout(request.app[LIMITS].handling):
            return await route.handler(request)

    return handle


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
    most = request.app[SITE].peer_rules.body if route.kind == "sdp" else limits.plain
    if (request.content_length or 0) > most:
        raise Refused(413, f"the body is larger than {most} bytes")
    try:
        async with asyncio.timeout(limits.body):
            body = await request.read()
    except TimeoutError:
        raise Refused(408, f"the body did not come within {limits.body:g} s") from None
    if len(body) > most:
        raise Refused(413, f"the body is larger than {most} bytes")
