"""Pictures that have nothing to do with each other: every face is somebody new."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from streamer.types import Face, Track


class StillTracker:
    """Each face a track of its own, with an id that no earlier picture had."""

    def __init__(self) -> None:
        self._ids = count(1)

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:  # noqa: ARG002  (Tracker's)
        return tuple(Track(next(self._ids), face, 0.0, True) for face in faces or ())

    def reset(self) -> None:
        """Nothing is remembered from picture to picture."""
