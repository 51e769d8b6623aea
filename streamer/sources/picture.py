"""From a decoded picture to the pixels of a Frame: BGR, upright."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from streamer.errors import SourceError
from streamer.types import Image

_TURNS = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}


class Converter:
    """One reformatter for all pictures of a source: one made for each picture would stay with it (megabytes each).

    To be used by one thread at a time, which need not be the one that decodes.
    """

    def __init__(self, *, mirror: bool = False) -> None:
        self._reformatter = VideoReformatter()
        self._mirror = mirror

    def later(self, picture: av.VideoFrame) -> Callable[[], Image]:
        """What converts the picture when it is called; until then only the decoder's own buffer is held."""
        return partial(self.image, picture)

    def image(self, picture: av.VideoFrame) -> Image:
        """Height × width × 3, BGR; grey, 16-bit, palette and alpha become that too (alpha is left out). Turned the way
        a phone says it was held.

        Raises:
            SourceError: the pixel format cannot be converted.
        """
        try:
            bgr = self._reformatter.reformat(picture, format="bgr24", threads=1)
            image = np.asarray(bgr.to_ndarray(), np.uint8)
        except (av.FFmpegError, ValueError):
            name = picture.format.name
            raise SourceError(f"pictures of pixel format {name!r} cannot be converted; re-encode as yuv420p") from None
        turns = quarter_turns(picture)
        if turns:
            image = np.asarray(cv2.rotate(image, _TURNS[turns]), np.uint8)
        if self._mirror:
            image = np.asarray(cv2.flip(image, 1), np.uint8)
        return image


def quarter_turns(picture: av.VideoFrame) -> int:
    """How many quarter turns counter-clockwise, 0…3, put the picture upright; 0 for angles between."""
    turns, rest = divmod(picture.rotation, 90)
    return turns % 4 if rest == 0 else 0
