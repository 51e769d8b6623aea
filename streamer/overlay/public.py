"""The picture that others may see: no single person's expression, and faces only where they may be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, Protocol

from streamer.types import Box, Face, Frame, FrameResult, RoomResult, Status, View

HELD = 1.0
"""Seconds for which a place stays veiled whose face is no longer found there: a detector misses faces for moments."""


class DrawnBy(Protocol):
    """What draws: an ``Overlay``."""

    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame: ...


class PublicOverlay:
    """Implements ``stages.Overlay`` by another one, which is told nothing of single people: of the ``room`` what is
    published, ``least`` people for any of it. The badge is always on it, and no key of the local user bares a face;
    where the picture is recorded, the view may ask for one that is blurred in any case.

    Where the picture is ``blurred``, each face is veiled that was found or is thought to be where its track leads, and
    for HELD seconds the place of one that vanished; all of the picture while nobody looks for faces. Not veiled is who
    is not found: a face turned far away, too small or covered, and somebody new in the picture until the detector looks
    next, at most a few frames later. Who must be sure shows no picture.
    """

    def __init__(
        self,
        inner: DrawnBy,
        room: Callable[[], RoomResult | None],
        *,
        picture: Literal["blurred", "plain"] = "blurred",
        least: int = 5,
    ) -> None:
        self._inner, self._room, self._least = inner, room, least
        self._blurred = picture == "blurred"
        self._held: list[tuple[Box, float]] = []

    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame:
        room = None if view.paused else self._room()
        shown = FrameResult(
            result.source,
            result.index,
            result.pts,
            result.captured,
            (),
            room.mood if room else None,
            dropped=result.dropped,
            faces=self._faces(result),
            size=result.size,
            signs=room.signs if room else None,
        )
        view = replace(view, blur=self._blurred or view.blur, labels=False, help=False, badge=True, least=self._least)
        return self._inner.draw(frame, shown, view, status)

    def _faces(self, result: FrameResult) -> tuple[Face, ...]:
        """Those found, those where their tracks lead, and the places of those that were there a moment ago."""
        there = (*(person.track.face for person in result.people), *result.faces)
        gone = [
            (box, until)
            for box, until in self._held
            if 0 <= until - result.pts <= HELD and not any(box.overlap(face.box) > 0 for face in there)
        ]
        self._held = [*gone, *((face.box, result.pts + HELD) for face in there)]
        return (*there, *(Face(box, 0.0) for box, _ in gone))
