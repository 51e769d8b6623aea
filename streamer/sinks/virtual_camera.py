"""The annotated picture as a camera of this computer, for meeting programs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from types import TracebackType
from typing import Protocol

import cv2
import numpy as np

from streamer.errors import SinkError
from streamer.types import Frame, FrameResult, Image

INSTALL = "pip install 'groupmood[virtual-camera]'"

NEEDS = {
    "linux": "the kernel module v4l2loopback: sudo apt install v4l2loopback-dkms, then sudo modprobe v4l2loopback",
    "darwin": "OBS 30 or later: install it, press Start Virtual Camera once, then quit it",
    "win32": "OBS 26 or later, which brings the device OBS Virtual Camera: install it",
}
"""What each system must have before a program can be a camera."""

RATE = 30.0
"""Pictures a second that are promised to who looks; fewer may come."""


class Device(Protocol):
    """What pictures are sent to: height × width × 3, BGR, of the size it was opened with."""

    def send(self, image: Image, /) -> None: ...

    def close(self) -> None: ...


Opener = Callable[[int, int, str | None], Device]
"""Opens a device for pictures of a width and a height; None: the first there is. Raises RuntimeError."""


def check_virtual_camera() -> None:
    """Nothing, where the package is installed; whether there is a device shows when it is opened.

    Raises:
        SinkError: it is not.
    """
    if find_spec("pyvirtualcam") is None:
        raise SinkError(f"a virtual camera needs the package 'pyvirtualcam', which is not installed: {INSTALL}")


def open_device(width: int, height: int, device: str | None) -> Device:
    """Raises:
    RuntimeError: there is no such device, or it is in use.
    """
    from pyvirtualcam import Camera, PixelFormat

    made: Device = Camera(width, height, RATE, fmt=PixelFormat.BGR, device=device)
    return made


class VirtualCamera:
    """Has the size of the first picture (less a last odd column or row); others are fitted into it, with black borders.

    ``device``: ``/dev/videoN`` on Linux, the camera's name elsewhere; None for the first there is.
    """

    def __init__(
        self, device: str | None = None, *, opener: Opener = open_device, platform: str = sys.platform
    ) -> None:
        self._name, self._opener, self._platform = device, opener, platform
        self._device: Device | None = None
        self._size = (0, 0)

    def __enter__(self) -> VirtualCamera:
        if self._opener is open_device:
            check_virtual_camera()
        return self

    def write(self, picture: Frame, result: FrameResult) -> None:  # noqa: ARG002  (PictureSink's)
        """Raises:
        SinkError: there is no such camera, or it takes no more pictures; what to do.
        """
        if self._device is None:
            self._device = self._open(picture.size)
        try:
            self._device.send(fitted(picture.image, *self._size))
        except (RuntimeError, OSError) as error:
            raise self._refusal("takes no more pictures", error) from error

    def close(self) -> None:
        """Closing again does nothing; a later picture opens it anew."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, size: tuple[int, int]) -> Device:
        self._size = max(2, size[0] // 2 * 2), max(2, size[1] // 2 * 2)  # the device's 4:2:0 needs even sizes
        try:
            return self._opener(*self._size, self._name)
        except (RuntimeError, OSError) as error:
            raise self._refusal("cannot be opened", error) from error

    def _refusal(self, what: str, error: Exception) -> SinkError:
        name = "the virtual camera" if self._name is None else f"the virtual camera {self._name!r}"
        reason = "; ".join(line.strip().rstrip(".") for line in str(error).splitlines() if line.strip())
        needs = NEEDS.get(self._platform, "a virtual camera device")
        return SinkError(f"{name} {what}: {reason}. It needs {needs}; close other programs that write to it")


def fitted(image: Image, width: int, height: int) -> Image:
    """The whole picture, as large as fits into ``width`` × ``height`` pixels, in the middle of black."""
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    wide = min(width, max(1, round(image.shape[1] * scale)))
    high = min(height, max(1, round(image.shape[0] * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (width - wide) // 2, (height - high) // 2
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[top : top + high, left : left + wide] = cv2.resize(image, (wide, high), interpolation=way)
    return canvas
