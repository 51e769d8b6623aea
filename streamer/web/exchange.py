"""Offer in, answer out over HTTP, as WHIP (RFC 9725) and WHEP have it: what both share."""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from streamer.web.doorkeeper import KEEPER
from streamer.web.peers import PEERS, Kind, Peer
from streamer.web.problems import Refused
from streamer.web.routing import SITE
from streamer.web.sdp import Offer, address_of, answer_of, offer_of
from streamer.web.site import Site

SDP = "application/sdp"


async def offered(request: web.Request) -> Offer:
    """
    Raises:
        Refused: 415, 413 or 400; the body is no offer that can be taken.
    """
    rules = request.app[SITE].peer_rules
    if request.content_type != SDP:
        raise Refused(415, f"expected Content-Type {SDP}, got {request.content_type}")
    data = await request.read()
    if len(data) > rules.body:
        raise Refused(413, f"the offer is longer than {rules.body} bytes")
    return offer_of(data.decode("utf-8", "replace"), rules.candidates)


async def answered(request: web.Request, peer: Peer, offer: Offer, bitrate: int | None = None) -> web.Response:
    """201 with the answer and where the connection can be ended; it ends with the sign-in of who asks as well.
    ``bitrate``: bit/s asked of a sender at most.

    Raises:
        Refused: the offer cannot be taken.
    """
    peer.at_end(request.app[KEEPER].until_signed_out(request, peer.leave))
    text = answer_of(await peer.answer(offer), tellable(request, request.app[SITE]), bitrate)
    place = f"{request.rel_url.raw_path}/{peer.id}"
    return web.Response(status=201, text=text, content_type=SDP, headers={"Location": place})


def tellable(request: web.Request, site: Site) -> Collection[str] | None:
    """The addresses of this machine that an answer may name: those configured, else the one that the peer has called,
    which it knows. None for all of them: who calls the loopback address is on this machine."""
    if site.peer_rules.addresses:
        return site.peer_rules.addresses
    called = request.get_extra_info("sockname")
    address = address_of(str(called[0])) if called else None
    if address is None or (address.is_loopback and site.access.behind_proxy):
        return ()
    return None if address.is_loopback else (str(address),)


async def ended(request: web.Request, kind: Kind) -> web.Response:
    """200 to who ends a connection; it is closed after this answer.

    Raises:
        Refused: 404; there is none of that name, or no longer.
    """
    source, wanted = request.match_info["source"], request.match_info["id"]
    for peer in request.app[PEERS].of(kind, source):
        if peer.id == wanted:
            peer.leave()
            return web.Response()
    raise Refused(404, "there is no such connection, or no longer")


async def no_trickle(_: web.Request) -> web.Response:
    """
    Raises:
        Refused: 405; all candidates are in the offer and in the answer.
    """
    raise Refused(
        405, "candidates are not added later; gather them before sending the offer", headers={"Allow": "DELETE"}
    )


async def options(_: web.Request) -> web.Response:
    """What can be posted here. Nothing for other origins: they are not let in."""
    return web.Response(status=204, headers={"Allow": "OPTIONS, POST", "Accept-Post": SDP})
