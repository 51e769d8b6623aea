"""The detector that suits the place: a light one for faces near a webcam, a sharper one for rooms."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from statistics import median

from streamer.stages import Detector
from streamer.types import Face, Fit, Image

logger = logging.getLogger(__name__)

NEAR = 0.09
"""Least height of the smallest face, as a share of the picture's longer side, for the near detector. MediaPipe found
345 of 349 faces from 0.08 on, 0.90 of those at 0.07 and 0.48 at 0.05 (photographs and clips, also with margins put
round them). How many faces there are made no difference."""

PATIENCE = 150
"""Frames without any face, some 5 seconds, after which the place is looked at afresh."""


class AutoDetector:
    """Looks with ``room`` until ``look`` frames had faces, then stays with ``near`` or ``room``.

    While it looks, and as long as nobody is there, faces come from ``room``. ``fit`` and ``about`` are always those of
    the faces that came last.
    """

    def __init__(self, near: Detector, room: Detector, *, look: int = 5) -> None:
        self._near, self._room, self._look = near, room, look
        self._chosen = room
        self._shares: list[float] = []
        self._settled = False
        self._nobody = 0
        self._stack = ExitStack()

    def __enter__(self) -> AutoDetector:
        with ExitStack() as stack:
            stack.enter_context(self._near)
            stack.enter_context(self._room)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def apart(self) -> AutoDetector:
        """A choice of its own for another camera, over the same two detectors; this one opens and closes them."""
        return AutoDetector(self._near, self._room, look=self._look)

    @property
    def about(self) -> str:
        return f"{self._chosen.about}, {'chosen' if self._settled else 'still looking'} by auto"

    @property
    def news(self) -> str:
        """What the chosen detector's engine is busy with besides running; "" for nothing."""
        return getattr(self._chosen, "news", "")

    @property
    def fit(self) -> Fit:
        return self._chosen.fit

    def detect(self, image: Image) -> tuple[Face, ...]:
        if not self._settled and len(self._shares) >= self._look:
            self._settle()
        elif self._settled and self._nobody >= PATIENCE:
            self._look_afresh()
        faces = self._chosen.detect(image)
        self._nobody = 0 if faces else self._nobody + 1
        if faces and not self._settled:
            self._shares.append(min(face.box.height for face in faces) / max(image.shape[:2]))
        return faces

    def _settle(self) -> None:
        share = median(self._shares)
        self._chosen = self._near if share >= NEAR else self._room
        self._settled = True
        logger.info("faces from %.0f %% of the picture's longer side on: %s", 100 * share, self._chosen.about)

    def _look_afresh(self) -> None:
        self._chosen, self._settled, self._nobody = self._room, False, 0
        self._shares.clear()
