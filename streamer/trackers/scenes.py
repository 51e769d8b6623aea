"""A tracker whose people end when the picture becomes another one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from streamer.types import Face, Image, Track


class Cutting(Protocol):
    """Notices that a picture is another one than the last: a cut, a new layout of a meeting's tiles."""

    def cut(self, image: Image, pts: float) -> bool: ...


class Following(Protocol):
    """What follows the faces: a ``Tracker``."""

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]: ...

    def reset(self) -> None: ...


class SceneTracker:
    """Another tracker's tracks, within one scene each: whoever sits where somebody else sat is nobody else."""

    def __init__(self, inner: Following, cuts: Cutting) -> None:
        self._inner, self._cuts = inner, cuts

    def see(self, image: Image, pts: float) -> bool:
        """Whether everybody ended, because this picture is of another scene; to be asked before update()."""
        cut = self._cuts.cut(image, pts)
        if cut:
            self.reset()
        return cut

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        return self._inner.update(faces, pts)

    def reset(self) -> None:
        self._inner.reset()
