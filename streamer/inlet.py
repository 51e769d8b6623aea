"""Pictures that somebody else brings: from a browser's camera, through the web's thread, to a capture thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamer.mailbox import Mailbox
from streamer.types import FrameResult

if TYPE_CHECKING:
    import av


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A decoded picture as it came; ``captured``: time.monotonic() of its coming; ``session`` counts the peers that
    have taken the place so far, from 1; ``number`` the pictures of all of them, from 0."""

    picture: av.VideoFrame
    captured: float
    session: int
    number: int


def unheard(_: bool) -> None:
    """Nobody wants to know."""


class Inlet:
    """One place for one peer at a time, named as the source that reads it. The newest picture wins.

    The web's thread takes and leaves the place and offers pictures; the capture thread reads ``box``; the results of
    its pictures go back through ``feed``, set by the peer and called from a sink's thread: it must return at once.
    """

    def __init__(
        self,
        name: str,
        clock: Callable[[], float] = time.monotonic,
        on_change: Callable[[bool], None] = unheard,
    ) -> None:
        """``on_change`` is told that the place was taken, or left, in the web's thread."""
        self.name, self._on_change = name, on_change
        self.box: Mailbox[Arrival] = Mailbox("latest")
        self._clock = clock
        self._lock = threading.Lock()
        self._session, self._taken, self._count = 0, False, 0
        self._feed: Callable[[FrameResult], None] | None = None
        self._since = 0.0

    @property
    def taken(self) -> bool:
        return self._taken

    def take(self, feed: Callable[[FrameResult], None] | None = None) -> int | None:
        """The number of the new session; None where somebody else has the place."""
        with self._lock:
            if self._taken:
                return None
            self._taken, self._feed, self._since = True, feed, self._clock()
            self._session += 1
            session = self._session
        self._on_change(True)
        return session

    def leave(self, session: int) -> None:
        """Free the place, if it is still this session's."""
        with self._lock:
            if session != self._session or not self._taken:
                return
            self._taken, self._feed = False, None
        self._on_change(False)

    def offer(self, picture: av.VideoFrame, captured: float, session: int) -> bool:
        """Hand in a picture; False when nobody reads any more, or the place is no longer this session's."""
        with self._lock:
            if not self._taken or session != self._session:
                return False
            number, self._count = self._count, self._count + 1
        return self.box.put(Arrival(picture, captured, session, number))

    def tell(self, result: FrameResult) -> None:
        """Hand a result to the peer whose picture it is of; one whose peer has left goes to nobody."""
        with self._lock:
            feed = self._feed if result.captured >= self._since else None
        if feed is not None:
            feed(result)
