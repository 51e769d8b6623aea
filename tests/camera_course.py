"""One network camera as a server runs it, read in a thread and watched, and every state it goes through."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from streamer.hub import Hub
from streamer.sources.reconnect import Reconnecting, Waiting
from streamer.sources.rtsp import RtspSource
from streamer.states import CameraState, CameraStatus
from streamer.watch import Watch

QUICK = 0.01
"""Share of the longest wait that is waited between two attempts."""


class Course:
    """``url`` is asked for at each opening. ``states``: each that differs from the one before."""

    def __init__(self, url: Callable[[], str], *, stall: float = 1.0) -> None:
        self.states: list[CameraState] = []
        self.said: list[CameraStatus] = []
        self.stop, self._changed = threading.Event(), threading.Condition()
        self.hub, self.pictures = Hub(), 0
        self.hub.listen(self._note)
        self.watch = Watch(self.hub, {"hall": "lobby"})
        self.source = Reconnecting(
            lambda: RtspSource(url(), name="hall", stall=stall, stopped=self.stop.is_set),
            self.stop,
            on_state=lambda state, reason, fix: self.watch.state("hall", state, reason, fix),
            first="retry",
            waiting=Waiting(chance=lambda: QUICK),
        )
        self._thread = threading.Thread(target=self._read, name="hall", daemon=True)

    def __enter__(self) -> Self:
        self.watch.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop.set()
        self._thread.join(10)
        self.watch.__exit__(None, None, None)

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    def reached(self, state: CameraState, seconds: float = 20.0) -> bool:
        """Whether it is, or comes, to that state within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self.states) and self.states[-1] == state, seconds)

    def seen(self, more: int, seconds: float = 20.0) -> bool:
        """Whether so many pictures come from now on."""
        with self._changed:
            goal = self.pictures + more
            return self._changed.wait_for(lambda: self.pictures >= goal, seconds)

    def _read(self) -> None:
        with self.source:
            for _ in self.source.frames():
                self.watch.seen("hall")
                with self._changed:
                    self.pictures += 1
                    self._changed.notify_all()

    def _note(self, event: object) -> None:
        assert isinstance(event, CameraStatus)
        with self._changed:
            self.said.append(event)
            if not self.states or self.states[-1] != event.state:
                self.states.append(event.state)
            self._changed.notify_all()
