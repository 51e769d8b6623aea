"""WHIP: a browser, OBS or ffmpeg brings the picture of a source (RFC 9725)."""

from __future__ import annotations

import time
from functools import partial

import av
from aiohttp import web
from aiortc import MediaStreamTrack, RTCDataChannel

from streamer.inlet import Inlet
from streamer.web.exchange import answered, ended, no_trickle, offered, options
from streamer.web.feed import LABEL, Feed
from streamer.web.peers import PEERS, Peer, Peers
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.tracks import drain

SILENT = 5.0
"""Seconds without a picture after which a place is anybody's: who was cut off may come back at once."""


class Guest:
    """A peer in the place of an inlet, which it leaves when the peer does."""

    def __init__(self, peer: Peer, inlet: Inlet, feed: Feed) -> None:
        """
        Raises:
            Refused: 409; somebody else has the place.
        """
        self._peer, self._inlet, self._feed = peer, inlet, feed
        session = inlet.take(feed.hear)
        if session is None:
            raise Refused(409, "somebody else brings the picture of this source; they must end that first")
        self._session = session
        peer.at_end(partial(inlet.leave, session))
        peer.connection.on("track", self._brought)
        peer.connection.on("datachannel", self._opened)

    def _brought(self, track: MediaStreamTrack) -> None:
        self._peer.spawn(drain(track, self._came))

    def _came(self, picture: av.VideoFrame) -> None:
        self._peer.heard = time.monotonic()
        if not self._inlet.offer(picture, self._peer.heard, self._session):
            self._peer.leave()

    def _opened(self, channel: RTCDataChannel) -> None:
        if channel.label == LABEL and self._feed.begin():
            self._peer.spawn(self._feed.tell_rooms(channel))
            self._peer.spawn(self._feed.tell_results(channel))
        else:
            channel.close()


async def publish(request: web.Request) -> web.Response:
    """201 to the one peer that has the place of a source. Who had it and has lost the connection comes back at once by
    ``?replaces=ID``, the last part of its Location, or after SILENT seconds.

    Raises:
        Refused: no such place, taken, all full, or no offer that can be taken.
    """
    site, source = request.app[SITE], request.match_info["source"]
    if (inlet := site.inlets.get(source)) is None:
        raise Refused(404, "no such source takes pictures; give it the address webrtc: in the configuration")
    offer = await offered(request)
    if not offer.sends:
        raise Refused(400, "the offer sends no video; its video section must be sendonly or sendrecv")
    peers = request.app[PEERS]
    make_way(peers, source, request.query.get("replaces"))
    peer = await peers.admit("whip", source)
    with peer.kept_if_answered():
        feed = Feed(site, source)
        peer.at_end(feed.end)
        Guest(peer, inlet, feed)
        return await answered(request, peer, offer, site.peer_rules.bitrate)


def make_way(peers: Peers, source: str, replaced: str | None) -> None:
    """End the peer that has the place, where it is the one to be replaced or has long been silent."""
    for peer in tuple(peers.of("whip", source)):
        if peer.id == replaced or time.monotonic() - peer.heard > SILENT:
            peer.leave()


async def end(request: web.Request) -> web.Response:
    return await ended(request, "whip")


ROUTES = (
    Route("POST", "/whip/{source}", publish, "admin", "sdp", summary="Bring a picture: SDP offer in, answer out"),
    Route("DELETE", "/whip/{source}/{id}", end, "admin", "sdp", summary="End bringing a picture"),
    Route("PATCH", "/whip/{source}/{id}", no_trickle, "admin", "sdp", summary="Candidates are not added later: 405"),
    Route("OPTIONS", "/whip/{source}", options, "anyone", "sdp", summary="What can be posted here"),
)
