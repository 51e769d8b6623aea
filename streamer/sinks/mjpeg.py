"""The annotated picture as JPEG, for pages and for programs that show MJPEG."""

from __future__ import annotations

from types import TracebackType

import cv2
import numpy as np

from streamer.errors import SinkError
from streamer.fanout import Fanout
from streamer.types import Frame, FrameResult, Image

JITTER = 0.25
"""Of the time between two pictures: by how much one may come early and still be taken, so that a camera whose rate is a
multiple of ours is not thinned out further by the wavering of its times."""


class Mjpeg:
    """Encodes a picture once for all readers, and only while there are any; never waits for one.

    At most ``max_fps`` a second and ``max_width`` pixels wide (larger ones are scaled down); ``quality`` 1…100. The end
    of the run ends the readers.
    """

    def __init__(
        self, fanout: Fanout[bytes], *, quality: int = 80, max_fps: float = 15.0, max_width: int = 1280
    ) -> None:
        if not 1 <= quality <= 100 or max_fps <= 0 or max_width < 1:
            raise ValueError(
                f"quality must be 1…100, max_fps > 0 and max_width ≥ 1, got {quality}, {max_fps} and {max_width}"
            )
        self._fanout, self._quality, self._max_width = fanout, quality, max_width
        self._period = 1 / max_fps
        self._due = float("-inf")

    @property
    def wanted(self) -> bool:
        """Whether a picture given now would be seen; may be asked from any thread."""
        return self._fanout.wanted

    def __enter__(self) -> Mjpeg:
        return self

    def write(self, picture: Frame, result: FrameResult) -> None:  # noqa: ARG002  (PictureSink's)
        """Raises:
        SinkError: it cannot be encoded.
        """
        if self._fanout.wanted and self._is_due(picture.captured):
            self._fanout.put(jpeg(narrowed(picture.image, self._max_width), self._quality))

    def close(self) -> None:
        """Ends the readers; closing again does nothing."""
        self._fanout.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_due(self, captured: float) -> bool:
        if captured < self._due - JITTER * self._period:
            return False
        late = captured - self._due >= self._period  # after a pause; else on time, whatever the wavering
        self._due = (captured if late else self._due) + self._period
        return True


def narrowed(image: Image, width: int) -> Image:
    """The picture, scaled down where it is wider than ``width`` pixels; its proportions stay."""
    height, now = image.shape[:2]
    if now <= width:
        return image
    size = width, max(1, round(height * width / now))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def jpeg(image: Image, quality: int) -> bytes:
    """Raises:
    SinkError: the picture is larger than JPEG allows (65 500 pixels a side).
    """
    try:
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error:
        done, data = False, np.empty(0, np.uint8)
    if not done:
        height, width = image.shape[:2]
        raise SinkError(f"a picture of {width}×{height} cannot be encoded as JPEG; scale the source down")
    return data.tobytes()
