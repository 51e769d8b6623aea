"""WebRTC connections: how many, how long each may take, and an end for every one."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Literal, TypeAlias

from aiohttp import web
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import OperationError

from streamer.web.problems import Refused
from streamer.web.routing import SITE
from streamer.web.sdp import MALFORMED, Offer
from streamer.web.site import PeerRules

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["whip", "whep"]

LATER = {"Retry-After": "10"}

CLOSING = 2.0
"""Seconds for a connection to close; one that does not is left to the operating system."""


class Peer:
    """One connection, of which the loop's thread alone knows. It ends by leave(), whoever calls it and how often.
    ``heard``: time.monotonic() of the last picture that it brought, or of its coming."""

    def __init__(self, kind: Kind, source: str, servers: Sequence[str]) -> None:
        """``servers``: URLs of STUN and TURN servers; without any, none is asked."""
        self.id, self.kind, self.source = secrets.token_urlsafe(16), kind, source
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[ice_server(url) for url in servers]))
        self.connection.on("connectionstatechange", self._changed)
        self.connected, self.gone = asyncio.Event(), asyncio.Event()
        self.heard = time.monotonic()
        self._leaving: list[Callable[[], object]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, offer: Offer) -> str:
        """The answer as aiortc has it. No sound is taken or sent.

        Raises:
            Refused: the offer cannot be taken, or (503) the time to be connected was over before there was an answer.
        """
        try:
            await self.connection.setRemoteDescription(RTCSessionDescription(offer.text, "offer"))
            for transceiver in self.connection.getTransceivers():
                if transceiver.kind != "video":
                    transceiver.direction = "inactive"
            await self.connection.setLocalDescription()
            answer = str(self.connection.localDescription.sdp)
        except OperationError:
            raise Refused(
                406, "no codec of the offer fits; offer H.264, constrained baseline, packetization mode 1"
            ) from None
        except MALFORMED as error:
            if not self.gone.is_set():
                raise Refused(
                    400, f"the offer cannot be taken ({type(error).__name__}); send that of createOffer()"
                ) from None
        if self.gone.is_set():
            raise Refused(503, "the connection was closed before its answer; try again later", headers=LATER)
        return answer

    @contextmanager
    def kept_if_answered(self) -> Iterator[None]:
        """A peer that gets no answer leaves."""
        with ExitStack() as undo:
            undo.callback(self.leave)
            yield
            undo.pop_all()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that ends with the peer at the latest."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def at_end(self, call: Callable[[], object]) -> None:
        """To be called, once, as soon as the peer leaves."""
        self._leaving.append(call)

    def leave(self) -> None:
        """Give back what it held; whoever keeps it closes it then."""
        calls, self._leaving = self._leaving, []
        for call in calls:
            call()
        self.gone.set()
        self.connected.set()

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        try:
            async with asyncio.timeout(CLOSING):
                await self.connection.close()
        except (TimeoutError, ConnectionError, *MALFORMED) as error:
            log.warning("a %s connection of %s did not close: %s", self.kind, self.source, type(error).__name__)

    def _changed(self) -> None:
        state = self.connection.connectionState
        if state == "connected":
            self.connected.set()
        elif state in ("failed", "closed"):
            self.leave()


def ice_server(url: str) -> RTCIceServer:
    """'stun:host:port', or 'turn:user:password@host:port'."""
    scheme, _, rest = url.partition(":")
    account, _, host = rest.rpartition("@")
    name, _, password = account.partition(":")
    return RTCIceServer(urls=f"{scheme}:{host}", username=name or None, credential=password or None)


class Peers:
    """All connections of a server, each kept by a task of its own until it is closed."""

    def __init__(self, rules: PeerRules) -> None:
        self._rules = rules
        self._peers: dict[str, Peer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """Connections that are open or not yet closed."""
        return len(self._tasks)

    def of(self, kind: Kind, source: str) -> Iterator[Peer]:
        """Those of one source that have not left."""
        return (
            one for one in self._peers.values() if (one.kind, one.source) == (kind, source) and not one.gone.is_set()
        )

    async def admit(self, kind: Kind, source: str, place: AbstractContextManager[object] | None = None) -> Peer:
        """A new peer, which has so many seconds to be connected; ``place`` is held for as long as it is there.

        Raises:
            Refused: 503; there are too many, or there is no place.
        """
        if len(self) >= self._rules.peers:
            raise Refused(
                503,
                f"all {self._rules.peers} places for WebRTC are taken; try again later",
                headers=LATER,
            )
        begun: asyncio.Future[Peer] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._keep(kind, source, place or nullcontext(), begun))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await begun

    async def end(self) -> None:
        """Close them all."""
        for peer in tuple(self._peers.values()):
            peer.leave()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=CLOSING + 0.5)

    async def _keep(
        self, kind: Kind, source: str, place: AbstractContextManager[object], begun: asyncio.Future[Peer]
    ) -> None:
        """Hold a place, if there is one, and the connection in it until it is gone."""
        try:
            with place:
                await self._serve(Peer(kind, source, self._rules.ice_servers), begun)
        except Refused as error:
            begun.set_exception(error)

    async def _serve(self, peer: Peer, begun: asyncio.Future[Peer]) -> None:
        self._peers[peer.id] = peer
        begun.set_result(peer)
        try:
            async with asyncio.timeout(self._rules.handshake):
                await peer.connected.wait()
            await peer.gone.wait()
        except TimeoutError:
            log.info("a peer of %s was not connected within %g s", peer.source, self._rules.handshake)
        finally:
            peer.leave()
            await peer.close()
            del self._peers[peer.id]


PEERS: web.AppKey[Peers] = web.AppKey("peers", Peers)


async def connections(app: web.Application) -> AsyncIterator[None]:
    """For ``app.cleanup_ctx``: the connections of a server, all closed at its end."""
    app[PEERS] = Peers(app[SITE].peer_rules)
    yield
    await app[PEERS].end()
