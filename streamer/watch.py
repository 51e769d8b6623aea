"""Who looks after the cameras: which of them are online, stalled, reconnecting, failed, stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from streamer.hub import Hub
from streamer.metrics import Metrics
from streamer.states import CameraState, CameraStatus

log = logging.getLogger(__name__)

PATIENCE = 1.5
"""Seconds without a picture after which an online camera counts as stalled: so that the page shows it within 2.5."""

SLOW = 3.0
"""A camera that gives few pictures a second is waited for this many of its usual gaps, if that is longer."""

_SHARE = 0.1
"""Weight of the newest gap in the usual one (exponential moving average)."""


@dataclass(slots=True)
class Watched:
    """``seen``: when its last picture came; ``gap``: seconds usual between two, None before there were two in a row;
    ``came``: whether it was ever online."""

    status: CameraStatus
    seen: float = 0.0
    gap: float | None = None
    came: bool = False

    @property
    def patience(self) -> float:
        """Seconds it may be without a picture."""
        return max(PATIENCE, SLOW * (self.gap or 0.0))

    def picture(self, now: float) -> bool:
        """Whether it shows that the camera is online: a stalled one may still hand out a last picture, late."""
        late = now - self.seen > self.patience
        if self.status.state in ("online", "stalled"):
            gap = now - self.seen
            self.gap = gap if self.gap is None else self.gap + _SHARE * (gap - self.gap)
        self.seen = now
        return self.status.state != "stalled" or not late


class Watch:
    """The state of every source, published to the hub with each change, logged and counted once each.

    One thread for all, between entering and leaving: it sleeps until the next camera would be overdue. The methods may
    be called from any thread and return at once; a name that is not in ``rooms`` is not watched.
    """

    def __init__(
        self,
        hub: Hub,
        rooms: Mapping[str, str],
        metrics: Metrics | None = None,
        *,
        files: Collection[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``rooms``: the room of each source. ``files``: sources that wait for their reader, so that they never count
        as stalled. ``metrics`` gets the count "state changes" of each source."""
        self._hub, self.metrics, self._files, self._clock = hub, metrics, frozenset(files), clock
        self._changed = threading.Condition()
        self._ended = False
        self._cameras = {name: Watched(CameraStatus(name, room, "starting", clock())) for name, room in rooms.items()}
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        for camera in self._cameras.values():
            hub.publish(camera.status)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        self._thread.join(PATIENCE)

    def seen(self, source: str) -> None:
        """A picture of that source came just now."""
        with self._changed:
            camera = self._cameras.get(source)
            if camera is None:
                return
            if camera.picture(self._clock()) and camera.status.state != "online":
                self._turn(camera, "online")
                self._changed.notify_all()

    def state(self, source: str, state: CameraState, reason: str = "", fix: str = "") -> None:
        """What the source itself says of its state; without secrets."""
        with self._changed:
            camera = self._cameras.get(source)
            if camera is None or state == "online":  # which is seen by its pictures
                return
            self._turn(camera, state, reason, fix)

    def ended(self, source: str, fault: str = "") -> None:
        """Its capture has ended for good: by request, or with an error, "what came; what to do" without secrets."""
        reason, _, fix = fault.partition("; ")
        self.state(source, "failed" if fault else "stopped", reason, fix)

    def sized(self, source: str, size: tuple[int, int] | None) -> None:
        """Width and height of its latest picture."""
        with self._changed:
            camera = self._cameras.get(source)
            if camera is not None and size is not None and camera.status.size != size:
                camera.status = replace(camera.status, size=size)
                self._hub.publish(camera.status)

    def check(self) -> float | None:
        """Call every overdue camera stalled; the seconds until the next will be overdue, None while none is online."""
        with self._changed:
            now = self._clock()
            waits = []
            for name, camera in self._cameras.items():
                if camera.status.state != "online" or name in self._files:
                    continue
                left = camera.seen + camera.patience - now
                if left > 0:
                    waits.append(left)
                else:
                    told = f"no picture for {now - camera.seen:.1f} s"
                    self._turn(
                        camera, "stalled", told, "check the camera and its network; it is opened again by itself"
                    )
            return min(waits, default=None)

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                self._changed.wait(self.check())

    def _turn(self, camera: Watched, state: CameraState, reason: str = "", fix: str = "") -> None:
        """Publish the new state; count and log it, unless only the reason is another."""
        before, now = camera.status, self._clock()
        if (before.state, before.reason) == (state, reason):
            return
        changed = before.state != state
        back = state == "online" and camera.came and before.state in ("reconnecting", "failed")
        camera.came = camera.came or state == "online"
        camera.status = replace(
            before,
            state=state,
            since=now if changed else before.since,
            reason=reason,
            fix=fix,
            reconnects=before.reconnects + back,
        )
        if changed:
            self._count(before.source)
            _log(before, camera.status)
        self._hub.publish(camera.status)

    def _count(self, source: str) -> None:
        if self.metrics is not None:
            self.metrics.count("state changes", source)


def _log(before: CameraStatus, now: CameraStatus) -> None:
    """One line; of a camera that comes for the first time or is stopped none that disturbs."""
    calm = before.state == "starting" or now.state == "stopped"
    why = "; ".join(part for part in (now.reason, now.fix) if part) or f"was {before.state}"
    level = logging.INFO if calm and now.state in ("online", "stopped") else logging.WARNING
    log.log(level, "%s is %s (%s)", now.source, now.state, why)
