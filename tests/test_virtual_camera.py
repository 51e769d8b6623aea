from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from streamer.errors import SinkError
from streamer.sinks.virtual_camera import NEEDS, VirtualCamera, check_virtual_camera, fitted
from streamer.types import Frame, Image
from tests.clips import picture, plain, result


class Device:
    """A camera that keeps what it is shown; fails at the ``fail_at``-th picture."""

    def __init__(self, fail_at: int = -1) -> None:
        self.shown: list[Image] = []
        self.opened: list[tuple[int, int, str | None]] = []
        self.closed, self.fail_at = 0, fail_at

    def __call__(self, width: int, height: int, device: str | None) -> Device:
        self.opened.append((width, height, device))
        return self

    def send(self, image: Image) -> None:
        if len(self.shown) == self.fail_at:
            raise RuntimeError("device unplugged")
        self.shown.append(image)

    def close(self) -> None:
        self.closed += 1


def show(sink: VirtualCamera, image: Image, index: int = 0) -> None:
    sink.write(Frame("cam", index, float(index), float(index), image), result(index, float(index)))


def test_the_camera_has_the_size_of_the_first_picture() -> None:
    device = Device()
    with VirtualCamera("/dev/video7", opener=device) as sink:
        assert device.opened == []
        for index in range(3):
            sink.write(picture(index, index / 30, 96, 80), result(index, index / 30))
    assert device.opened == [(96, 80, "/dev/video7")]
    assert [image.shape for image in device.shown] == [(80, 96, 3)] * 3
    assert device.shown[2][0, 90].tolist() == [42, 42, 42]  # BGR as it is
    assert device.closed == 1


def test_another_size_is_fitted_with_black_borders() -> None:
    device = Device()
    with VirtualCamera(opener=device) as sink:
        show(sink, np.full((40, 80, 3), 200, np.uint8))
        show(sink, np.full((80, 80, 3), 200, np.uint8))  # fills the height
        show(sink, np.full((10, 40, 3), 200, np.uint8))  # fills the width
    assert device.opened == [(80, 40, None)]
    columns = device.shown[1][20, :, 0]
    assert (columns[:20] == 0).all()
    assert (columns[20:60] == 200).all()
    assert (columns[60:] == 0).all()
    rows = device.shown[2][:, 40, 0]
    assert (rows[:10] == 0).all()
    assert (rows[10:30] == 200).all()
    assert (rows[30:] == 0).all()


def test_odd_sizes_lose_a_line() -> None:
    device = Device()
    with VirtualCamera(opener=device) as sink:
        show(sink, plain(100, 65, 49))
    assert device.opened == [(64, 48, None)]
    assert device.shown[0].shape == (48, 64, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 1000), (1000, 1), (63, 48), (64, 48), (641, 3)])
def test_whatever_is_fitted_has_the_right_size(size: tuple[int, int]) -> None:
    image = np.full((size[1], size[0], 3), 9, np.uint8)
    done = fitted(image, 64, 48)
    assert done.shape == (48, 64, 3)
    assert done.dtype == np.uint8
    assert (done == 9).any()


def test_no_picture_opens_nothing_and_closing_again_does_nothing() -> None:
    device = Device()
    with VirtualCamera(opener=device) as sink:
        pass
    sink.close()
    assert (device.opened, device.closed) == ([], 0)


def test_a_camera_that_goes_away() -> None:
    device = Device(fail_at=1)
    with VirtualCamera("/dev/video7", opener=device, platform="linux") as sink:
        show(sink, plain(50))
        with pytest.raises(SinkError, match=r"virtual camera '/dev/video7' takes no more pictures: device unplugged"):
            show(sink, plain(50))
    assert device.closed == 1


@pytest.mark.parametrize(("platform", "word"), [("linux", "v4l2loopback"), ("darwin", "OBS 30"), ("win32", "OBS 26")])
def test_what_each_system_needs(platform: str, word: str) -> None:
    def absent(_width: int, _height: int, _device: str | None) -> Device:
        raise RuntimeError("'one' backend: not there.\n'two' backend: neither.")

    with VirtualCamera(opener=absent, platform=platform) as sink, pytest.raises(SinkError) as said:
        show(sink, plain(50))
    assert "the virtual camera cannot be opened: 'one' backend: not there; 'two' backend: neither. It" in str(
        said.value
    )
    assert word in str(said.value)
    assert platform in NEEDS


@pytest.mark.skipif(find_spec("pyvirtualcam") is None, reason="pyvirtualcam is not installed (an extra)")
@pytest.mark.skipif(sys.platform != "linux", reason="names a device file of Linux")
def test_the_real_package_says_that_there_is_no_such_device() -> None:
    check_virtual_camera()
    path = Path("/dev/video99")
    if path.exists():
        pytest.skip(f"{path} exists here")
    with VirtualCamera(str(path)) as sink, pytest.raises(SinkError, match="modprobe v4l2loopback") as said:
        show(sink, plain(50))
    assert str(path) in str(said.value)
    assert "Traceback" not in str(said.value)


WITHOUT = """
import importlib.util, sys
from streamer.errors import SinkError
from streamer.sinks import virtual_camera
sys.path = []  # nothing more is found
try:
    virtual_camera.VirtualCamera().__enter__()
except SinkError as error:
    print(error)
"""


def test_without_the_package_it_is_said_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip().endswith("pip install 'groupmood[virtual-camera]'")
