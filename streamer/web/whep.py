"""WHEP: viewers of a source's annotated picture, encoded once for all of them (draft-ietf-wish-whep)."""

from __future__ import annotations

from aiohttp import web
from aiortc import RTCRtpCodecCapability, RTCRtpSender

from streamer.web.exchange import answered, ended, no_trickle, offered, options
from streamer.web.limits import VIEWERS
from streamer.web.peers import PEERS
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.tracks import PacketTrack


async def view(request: web.Request) -> web.Response:
    """201 to one more viewer.

    Raises:
        Refused: no such picture, all full, or no offer that can be taken.
    """
    site, source = request.app[SITE], request.match_info["source"]
    if (packets := site.packets.get(source)) is None:
        raise Refused(404, "no video is shown of such a camera")
    offer = await offered(request)
    if not offer.receives:
        raise Refused(400, "the offer takes no video; its video section must be recvonly or sendrecv")
    if not offer.h264:
        raise Refused(
            406, "the offer takes no H.264 in packetization mode 1, and nothing else is sent; look at /streams"
        )
    peer = await request.app[PEERS].admit("whep", source, request.app[VIEWERS].place("whep"))
    with peer.kept_if_answered():
        track = PacketTrack(packets)
        track.on("ended", peer.leave)
        peer.connection.addTransceiver(track, direction="sendonly").setCodecPreferences(h264())
        return await answered(request, peer, offer)


def h264() -> list[RTCRtpCodecCapability]:
    """Of what aiortc can send: H.264 and its retransmission. To be set before the offer, or it is of no effect."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    return [codec for codec in codecs if codec.mimeType.lower() in ("video/h264", "video/rtx")]


async def end(request: web.Request) -> web.Response:
    return await ended(request, "whep")


ROUTES = (
    Route("POST", "/whep/{source}", view, "viewer", "sdp", summary="Look at a source: SDP offer in, answer out"),
    Route("DELETE", "/whep/{source}/{id}", end, "viewer", "sdp", summary="End looking"),
    Route("PATCH", "/whep/{source}/{id}", no_trickle, "viewer", "sdp", summary="Candidates are not added later: 405"),
    Route("OPTIONS", "/whep/{source}", options, "anyone", "sdp", summary="What can be posted here"),
)
