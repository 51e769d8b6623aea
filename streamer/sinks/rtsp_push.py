"""The annotated stream, sent to an RTSP server such as MediaMTX, which hands it on."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from streamer.errors import SinkError
from streamer.mailbox import Mailbox
from streamer.packets import Packet
from streamer.sinks.gaps import Gaps
from streamer.sinks.rtsp_address import parse_push_target
from streamer.sinks.rtsp_session import Refused, RtspSession

log = logging.getLogger(__name__)

FIRST, LONGEST, HOPELESS = 0.5, 5.0, 60.0
"""Seconds: the bound of the first wait, which doubles up to LONGEST; HOPELESS where the server declines. Each wait is
random between 0 and its bound (full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015).
"""

STEADY = 10.0
"""Seconds of sending after which the waits begin anew."""

WAITING = 64
"""Packets that may wait for the server: about two seconds; the oldest give way."""

END = 1.2
"""Seconds that what waits has to get out when the run ends."""


@dataclass(frozen=True, slots=True)
class Pace:
    """``patience``: seconds without progress after which a server counts as stalled; bounds in seconds of the ``first``
    wait, which doubles, the ``longest`` and the ``hopeless`` ones; ``chance`` 0…1."""

    patience: float = 3.0
    first: float = FIRST
    longest: float = LONGEST
    hopeless: float = HOPELESS
    chance: Callable[[], float] = random.random

    def bound(self, attempt: int) -> float:
        """Of the wait before an attempt counted from 0."""
        return min(self.longest, self.first * 2.0 ** min(attempt, 10))


class RtspPush:
    """Packets as they are, to the server at ``url`` (rtsp or rtsps, with user name and password where it wants them).

    write() never waits: a thread of its own sends, reconnects for as long as it takes, and goes on with a keyframe. So
    a server that is absent, gone or stalled costs the packets meanwhile and nothing else. Meant for a
    live source: what comes faster than the network takes it is dropped.
    """

    def __init__(self, url: str, *, pace: Pace | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Raises:
            SinkError: it is no RTSP address.
        """
        self._target, self._pace, self._clock = parse_push_target(url), pace or Pace(), clock
        self._box: Mailbox[Packet] = Mailbox("latest", WAITING)
        self._gaps = Gaps()
        self._session: RtspSession | None = None
        self._thread: threading.Thread | None = None
        self._attempt, self._next, self._since, self._reason = 0, clock(), 0.0, ""
        self.connections = 0
        """Times that the server has accepted the stream."""

    def __repr__(self) -> str:
        return f"RtspPush({self._target.label})"

    @property
    def dropped(self) -> int:
        """Packets that did not get to the server, as far as it is known."""
        return self._gaps.dropped

    @property
    def connected(self) -> bool:
        return self._session is not None

    def __enter__(self) -> RtspPush:
        if self._box.finished:
            self._box = Mailbox("latest", WAITING)
        self._thread = threading.Thread(target=self._send_all, name=f"push to {self._target.label}", daemon=True)
        self._thread.start()
        return self

    def write(self, packet: Packet) -> None:
        """Hand a packet to the sending thread.

        Raises:
            SinkError: it was not entered, or its thread has ended.
        """
        if self._thread is None or not self._thread.is_alive():
            raise SinkError(f"the push to {self._target.label} is not open; enter it before writing")
        self._box.put(packet)

    def close(self) -> None:
        """Waits at most END seconds for what is to be sent; closing again does nothing."""
        thread, self._thread = self._thread, None
        self._box.close()
        if thread is None:
            return
        thread.join(END)
        session = self._session
        if thread.is_alive() and session is not None:
            self._box.close(discard=True)
            session.abort()
            thread.join(END / 4)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # In the sending thread

    def _send_all(self) -> None:
        for packet in self._box:
            if self._gaps.usable(packet):
                self._send(packet)
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _send(self, packet: Packet) -> None:
        session = self._session or self._connect(packet)
        if session is None:
            self._gaps.lose()
            return
        try:
            session.send(packet)
        except OSError as error:
            self._session = None
            session.drop()
            self._gaps.lose()
            if self._clock() - self._since >= STEADY:
                self._attempt = 0
            self._wait(f"the connection is lost: {spoken(error)}")

    def _connect(self, packet: Packet) -> RtspSession | None:
        """A session for a stream that begins with this packet (a keyframe: see Gaps), when it is time for a try."""
        if self._clock() < self._next:
            return None
        try:
            self._session = RtspSession(self._target, packet.format, self._pace.patience)
        except Refused as error:
            self._wait(f"{error}; check the address and the server", hopeless=True)
            return None
        except OSError as error:
            self._wait(spoken(error))
            return None
        self.connections += 1
        log.log(logging.WARNING if self._reason else logging.INFO, "%s takes the stream", self._target.label)
        self._since, self._reason = self._clock(), ""
        return self._session

    def _wait(self, reason: str, *, hopeless: bool = False) -> None:
        """Not again before a random part of the bound; each new reason is one line of the log."""
        bound = self._pace.hopeless if hopeless else self._pace.bound(self._attempt)
        self._attempt += 1
        self._next = self._clock() + bound * self._pace.chance()
        if reason != self._reason and not self._box.finished:  # at the end of the run nothing is tried again
            self._reason = reason
            log.warning("%s: %s; trying again", self._target.label, reason)


def spoken(error: OSError) -> str:
    """What the system says, without the address."""
    return error.strerror or str(error) or type(error).__name__
