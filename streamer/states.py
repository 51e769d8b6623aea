"""What is known of a live camera besides its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

CameraState: TypeAlias = Literal["starting", "online", "stalled", "reconnecting", "failed", "stopped"]
"""``starting``: not yet a picture. ``stalled``: open, but no picture comes. ``reconnecting``: closed, tried again soon.
``failed``: tried again rarely, because it fails in a way that time alone hardly mends (address, password, format), or
not at all. ``stopped``: at its end, or by request."""

CAMERA_STATES: tuple[CameraState, ...] = get_args(CameraState)


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One source at one time. ``since``: ``time.monotonic()`` at which the state began. ``reason``: why, without the
    secrets of its address; ``fix``: the next step for a person; both '' while there is nothing to say. ``reconnects``:
    times it came back. ``size``: width and height of its pictures in pixels, once known."""

    source: str
    room: str
    state: CameraState
    since: float
    reason: str = ""
    fix: str = ""
    reconnects: int = 0
    size: tuple[int, int] | None = None
