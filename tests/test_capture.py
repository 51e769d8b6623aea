from __future__ import annotations

import errno
import struct
import sys
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest
from av.container import InputContainer

from streamer.errors import ConfigError, SourceError, SourceLost
from streamer.sources.address import Address, parse
from streamer.sources.cameras import Camera, cameras, captures_video, describe, linux_cameras, listed_cameras
from streamer.sources.capture import CaptureSource
from streamer.sources.devices import Attempt, Wish, attempts, refusal

BARS = parse("lavfi:testsrc2=size=64x48:rate=30")
SHORT = parse("lavfi:testsrc2=size=64x48:rate=10:duration=1")


def first_image(source: CaptureSource) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with source:
        return next(source.frames()).image


def test_a_graph_is_live_and_counts_from_zero() -> None:
    with CaptureSource(BARS, name="desk") as source:
        assert source.live
        frames = list(islice(source.frames(), 20))
    assert [frame.index for frame in frames] == list(range(20))
    assert [frame.pts for frame in frames] == pytest.approx([k / 30 for k in range(20)])
    assert {frame.source for frame in frames} == {"desk"}


def test_a_graph_with_an_end_ends() -> None:
    with CaptureSource(SHORT) as source:
        assert len(list(source.frames())) == 10


def test_mirror_swaps_left_and_right() -> None:
    plain, mirrored = first_image(CaptureSource(BARS)), first_image(CaptureSource(BARS, mirror=True))
    assert (plain[:, ::-1] == mirrored).all()
    assert not (plain == mirrored).all()


@pytest.mark.parametrize("text", ["lavfi:nosuchfilter=1", "lavfi:", "lavfi:movie=/does/not/exist.mp4"])
def test_a_graph_that_cannot_be_built(text: str) -> None:
    with pytest.raises(SourceError, match=r"check it, as in lavfi:testsrc2") as caught, CaptureSource(parse(text)):
        pass
    assert not isinstance(caught.value, SourceLost)


def test_a_graph_of_sound_only() -> None:
    with pytest.raises(SourceError, match="no video in it, only audio"), CaptureSource(parse("lavfi:sine")):
        pass


def test_too_large_a_graph() -> None:
    with pytest.raises(SourceError, match="16384 × 8192"), CaptureSource(parse("lavfi:color=size=16384x8192")):
        pass


def test_a_camera_that_ends_is_lost() -> None:
    def open_short(_address: Address, _wish: Wish) -> InputContainer:
        return av.open(SHORT.value, format="lavfi")

    with CaptureSource(parse("7"), opener=open_short) as source:
        frames = source.frames()
        assert len(list(islice(frames, 10))) == 10
        with pytest.raises(SourceLost, match="camera 7 stopped"):
            next(frames)


def test_a_camera_that_is_closed_in_mid_stream_is_not_lost() -> None:
    def open_bars(_address: Address, _wish: Wish) -> InputContainer:
        return av.open(BARS.value, format="lavfi")

    source = CaptureSource(parse("7"), opener=open_bars)
    with source:
        frames = source.frames()
        next(frames)
    assert list(frames) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the message is that of Video4Linux")
@pytest.mark.parametrize("text", ["99", "/dev/video99"])
def test_an_absent_camera_says_which_there_are(text: str) -> None:
    with pytest.raises(SourceLost, match=r"99 is not there; cameras found: .*; plug it in") as caught:
        CaptureSource(parse(text)).__enter__()
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.ENOENT, SourceLost, "is not there"),
        (errno.ENODEV, SourceLost, "is not there"),
        (errno.EBUSY, SourceLost, "in use by another program; close that program"),
        (errno.EACCES, SourceError, "may not be opened"),
        (errno.EPERM, SourceError, "may not be opened"),
        (errno.ENOTTY, SourceError, "cannot be opened as a camera"),
    ],
)
def test_why_a_camera_does_not_open(number: int, kind: type[SourceError], words: str) -> None:
    told = refusal(parse("0"), OSError(number, "why"))
    assert type(told) is kind
    assert str(told).startswith("camera 0 ")
    assert words in str(told)


def test_how_each_system_opens_a_camera() -> None:
    wish = Wish((1280, 720), 29.97)
    asked = {"video_size": "1280x720", "framerate": "2997/100"}
    assert attempts(parse("1"), wish, "linux") == (
        Attempt("v4l2", "/dev/video1", {"input_format": "mjpeg", **asked}),
        Attempt("v4l2", "/dev/video1", asked),
    )
    assert attempts(parse("/dev/video3"), Wish(), "linux")[1] == Attempt("v4l2", "/dev/video3", {})
    assert attempts(parse("1"), Wish(), "darwin") == (Attempt("avfoundation", "1:none", {"framerate": "30"}),)
    assert attempts(parse("1"), Wish(fps=15), "darwin")[0].options == {"framerate": "15"}
    assert attempts(parse("video=HD Cam"), Wish(), "win32") == (Attempt("dshow", "video=HD Cam", {}),)
    assert attempts(BARS, Wish(), "win32") == (Attempt("lavfi", BARS.value),)


def test_a_size_is_not_wished_of_a_graph() -> None:
    with pytest.raises(ConfigError, match="set in its graph"):
        CaptureSource(BARS, size=(64, 48))


@pytest.mark.parametrize("text", ["film.mp4", "rtsp://u:secret@cam/1"])
def test_other_addresses_are_no_cameras(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a camera") as caught:
        CaptureSource(parse(text))
    assert "secret" not in str(caught.value)


def test_frames_before_opening_is_a_mistake_of_the_program() -> None:
    with pytest.raises(RuntimeError, match="opened by 'with'"):
        next(CaptureSource(BARS).frames())


# The list of cameras


@pytest.mark.skipif(sys.platform == "win32", reason="opens files as Linux devices")
def test_linux_cameras(tmp_path: Path) -> None:
    sysfs, dev = tmp_path / "sys", tmp_path / "dev"
    dev.mkdir()
    for number, name in ((10, "Capture\n"), (2, "HD Webcam: HD\n"), (3, "gone\n")):
        (sysfs / f"video{number}").mkdir(parents=True)
        (sysfs / f"video{number}" / "name").write_text(name)
    (sysfs / "v4l-subdev0").mkdir()
    for number in (2, 10):
        (dev / f"video{number}").touch()
    found = linux_cameras(sysfs, dev)
    assert [(one.index, one.name, one.device) for one in found] == [
        (2, "HD Webcam: HD", str(dev / "video2")),
        (3, "gone", str(dev / "video3")),
        (10, "Capture", str(dev / "video10")),
    ]
    assert "does not answer as a camera" in found[0].fault  # it is a plain file
    assert "is not there" in found[1].fault


def test_no_cameras(tmp_path: Path) -> None:
    assert linux_cameras(tmp_path / "none", tmp_path / "none") == ()
    assert listed_cameras("nosuchformat") == ()
    assert describe(()) == "none"
    assert describe((Camera(0, "/dev/video0", "HD"), Camera(2, "/dev/video2", "X"))) == "0 (HD), 2 (X)"
    assert all(isinstance(one, Camera) for one in cameras())


def test_a_webcams_metadata_device_is_none() -> None:
    def capability(all_of_them: int, own: int) -> bytes:
        return struct.pack("16s32s32s6I", b"uvcvideo", b"HD Webcam", b"usb", 0, all_of_them, own, 0, 0, 0)

    assert captures_video(capability(0x84A00001, 0x04200001))
    assert not captures_video(capability(0x84A00001, 0x04A00000))  # metadata only, of a device that also captures
    assert captures_video(capability(0x04200001, 0))
    assert not captures_video(capability(0x00000002, 0))
