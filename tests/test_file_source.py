from __future__ import annotations

import os
import socket
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from streamer.errors import SourceError
from streamer.sources.file import FileSource
from streamer.sources.preflight import facts
from streamer.types import Frame
from tests.data import data
from tests.media import cut, level, sound, turned, video
from tests.users import open_folder, unprivileged

NEAR = 5
"""Grey levels: what the conversions to and from YUV may change."""


def read(path: Path) -> list[Frame]:
    with FileSource(path) as source:
        return list(source.frames())


def refused(path: Path) -> str:
    """The message, the same from opening and from probing."""
    with pytest.raises(SourceError) as probed:
        facts(path)
    with pytest.raises(SourceError) as opened:
        read(path)
    assert str(opened.value) == str(probed.value)
    assert "\n" not in str(opened.value)
    assert opened.value.__suppress_context__ or opened.value.__context__ is None
    return str(opened.value)


def greys(frames: list[Frame]) -> list[int]:
    return [round(float(frame.image.mean())) for frame in frames]


# What is read


def test_every_picture_comes_in_order_with_its_time(tmp_path: Path) -> None:
    frames = read(video(tmp_path / "a.mkv", 12))
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.pts for frame in frames] == pytest.approx([k / 10 for k in range(12)])
    assert greys(frames) == pytest.approx([level(k) for k in range(12)], abs=NEAR)
    assert {frame.source for frame in frames} == {"a.mkv"}


def test_h264_with_pictures_held_back_by_the_decoder_loses_none(tmp_path: Path) -> None:
    frames = read(video(tmp_path / "a.mp4", 12, codec="libx264"))
    assert greys(frames) == pytest.approx([level(k) for k in range(12)], abs=NEAR)


def test_true_times_of_a_variable_frame_rate(tmp_path: Path) -> None:
    times = [0.5, 0.6, 1.1, 1.14, 3.0]
    frames = read(video(tmp_path / "a.mkv", 5, times=times))
    assert [frame.pts for frame in frames] == pytest.approx([0, 0.1, 0.6, 0.64, 2.5])


def test_times_rise_where_two_recordings_were_joined(tmp_path: Path) -> None:
    one = video(tmp_path / "one.ts", 10, codec="mpeg2video")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(one.read_bytes() * 2)
    pts = [frame.pts for frame in read(joined)]
    assert len(pts) == 20
    assert all(later > earlier for earlier, later in pairwise(pts))
    assert pts[-1] == pytest.approx(1.9, abs=0.15)


def test_times_without_timestamps_come_from_the_rate(tmp_path: Path) -> None:
    frames = read(video(tmp_path / "a.m4v", 10, codec="mpeg4"))
    steps = np.diff([frame.pts for frame in frames])
    assert len(frames) == 10
    assert (steps > 0).all()


def test_a_phone_video_is_put_upright(tmp_path: Path) -> None:
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:16, :16] = 255  # top left, which the header takes to the top right
    upright = video(tmp_path / "a.mp4", [picture] * 3, codec="libx264")
    path = turned(tmp_path / "turned.mp4", upright)
    image = read(path)[0].image
    assert image.shape == (64, 48, 3)
    assert image[4:12, -12:-4].mean() > 200
    assert image[4:12, 4:12].mean() < 50
    assert facts(path).rotation == 270
    assert facts(upright).rotation == 0


@pytest.mark.parametrize(
    "pixel_format", ["gray", "gray16le", "gray10le", "yuva420p", "bgra", "yuv444p", "yuv422p10le", "gbrp16le"]
)
def test_every_pixel_format_becomes_bgr(tmp_path: Path, pixel_format: str) -> None:
    frames = read(video(tmp_path / "a.mkv", 4, pixel_format=pixel_format))
    assert [frame.image.shape for frame in frames] == [(48, 64, 3)] * 4
    assert greys(frames) == pytest.approx([level(k) for k in range(4)], abs=NEAR)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 1), (1, 7), (641, 361)])
def test_odd_sizes(tmp_path: Path, width: int, height: int) -> None:
    picture = np.full((height, width, 3), 77, np.uint8)
    frames = read(video(tmp_path / "a.mov", [picture] * 3, codec="png", pixel_format="rgb24"))
    assert [frame.image.shape for frame in frames] == [(height, width, 3)] * 3
    assert all(frame.image.flags.c_contiguous and (frame.image == 77).all() for frame in frames)


def test_damaged_packets_are_counted_and_skipped(tmp_path: Path) -> None:
    path = video(tmp_path / "a.avi", 10, codec="mjpeg", pixel_format="yuvj420p", broken={3, 4, 7})
    with FileSource(path) as source:
        frames = list(source.frames())
        assert source.damaged == 3
    assert greys(frames) == pytest.approx([level(k) for k in (0, 1, 2, 5, 6, 8, 9)], abs=NEAR)
    assert [frame.index for frame in frames] == list(range(7))


def test_of_a_cut_off_mkv_all_that_is_there_is_read(tmp_path: Path) -> None:
    whole = video(tmp_path / "whole.mkv", 40)
    frames = read(cut(tmp_path / "cut.mkv", whole, 0.6))
    assert 15 <= len(frames) < 30
    assert greys(frames)[:10] == pytest.approx([level(k) for k in range(10)], abs=NEAR)


def test_frames_can_be_converted_after_the_file_is_closed(tmp_path: Path) -> None:
    frames = read(video(tmp_path / "a.mkv", 3))
    assert greys(frames) == pytest.approx([level(k) for k in range(3)], abs=NEAR)


@pytest.mark.parametrize("name", ["concat:a|b.mkv", "http:x.mkv", "a b'c\".mkv", "ünï.mkv", "100%41.mkv", "\udcff.mkv"])
def test_odd_names_are_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)  # a protocol stands at the beginning
    video(tmp_path / "a.mkv", 2).rename(tmp_path / name)
    assert len(read(Path(name))) == 2


def test_facts(tmp_path: Path) -> None:
    found = facts(video(tmp_path / "a.mp4", 20, codec="libx264"))
    assert (found.codec, found.width, found.height, found.pixel_format) == ("h264", 64, 48, "yuv420p")
    assert found.rate == pytest.approx(10, rel=0.06)
    assert found.duration == pytest.approx(2.0, abs=0.15)
    assert found.frames == 20


@pytest.mark.parametrize(
    ("name", "count", "seconds"),
    [
        ("three-at-the-camera.mp4", 41, 41 / 12),
        ("two-head-pose.mp4", 56, 56 / 12),
        ("one-neutral-smile-neutral.mp4", 72, 2.4),
        ("crowd-1080p.mp4", 105, 4.2),
        ("one-leaves.mov", 169, 6.4),
    ],
)
def test_real_videos(name: str, count: int, seconds: float) -> None:
    path = data(f"videos/{name}")
    with FileSource(path) as source:
        pts = [frame.pts for frame in source.frames()]
        assert source.damaged == 0
    rate = facts(path).rate
    assert rate is not None
    assert len(pts) == count
    assert pts[-1] + 1 / rate == pytest.approx(seconds, abs=0.02)


# What is refused


def test_missing_with_the_name_that_was_meant(tmp_path: Path) -> None:
    video(tmp_path / "holiday.mp4", 2, codec="libx264")
    assert f"did you mean {tmp_path / 'holiday.mp4'}?" in refused(tmp_path / "holyday.mp4")
    assert "does not exist; check the path" in refused(tmp_path / "zzz.avi")
    assert f"there is no folder {tmp_path / 'none'}" in refused(tmp_path / "none" / "a.mp4")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "gone.mp4")
    assert "link to a file that does not exist" in refused(tmp_path / "link.mp4")


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    assert refused(tmp_path / "a.mp4").endswith("is empty (0 bytes)")


@pytest.mark.parametrize("content", [b"hello world\n" * 100, bytes(range(256)) * 400, b"\0" * 5000])
def test_not_a_video(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    assert "is not a video that can be read" in refused(tmp_path / "a.mp4")


def test_mp4_whose_index_at_the_end_is_cut_off(tmp_path: Path) -> None:
    path = cut(tmp_path / "cut.mp4", video(tmp_path / "a.mp4", 30, codec="libx264"), 0.7)
    assert "damaged or cut off" in refused(path)


def test_headers_without_a_single_picture(tmp_path: Path) -> None:
    whole = video(tmp_path / "a.avi", 5, codec="mjpeg", pixel_format="yuvj420p", broken=range(5))
    assert "no picture in it can be decoded" in refused(whole)


def test_audio_only(tmp_path: Path) -> None:
    assert "has no video in it, only audio" in refused(sound(tmp_path / "a.mp4"))


def test_music_with_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    assert "has no video in it, only a cover picture" in refused(sound(tmp_path / "a.mp4", cover=True))


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").mkdir()
    assert "is a folder" in refused(tmp_path / "a.mp4")


def test_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    messages: list[str] = []
    thread = threading.Thread(target=lambda: messages.append(refused(tmp_path / "a.mp4")), daemon=True)
    thread.start()
    thread.join(10)  # opening a pipe that nobody writes to would last for ever
    assert "is a named pipe" in messages[0]


def test_device_and_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is a device, not a file" in refused(Path(os.devnull))
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("a.mp4")
        assert "is a socket" in refused(Path("a.mp4"))


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_unreadable() -> None:
    with open_folder() as folder:
        path = video(folder / "a.mp4", 2, codec="libx264")
        path.chmod(0)
        with unprivileged():
            assert "check its permissions" in refused(path)


def test_names_that_are_no_names(tmp_path: Path) -> None:
    assert "cannot be looked at" in refused(Path("a\0b"))
    assert "cannot be looked at" in refused(tmp_path / ("x" * 5000))
    strange = tmp_path / os.fsdecode(b"\xff\x1b.mkv")
    strange.touch()
    assert refused(strange).encode() == str(tmp_path).encode() + b"/\\udcff\\x1b.mkv is empty (0 bytes)"


def test_huge_is_refused_with_its_size(tmp_path: Path) -> None:
    path = tmp_path / "a.y4m"
    path.write_bytes(b"YUV4MPEG2 W16384 H8192 F1:1 Ip A1:1 C420\nFRAME\n" + bytes(1000))
    assert "16384 × 8192 = 134 megapixels" in refused(path)


def test_renamed_playlists_open_nothing_else(tmp_path: Path) -> None:
    video(tmp_path / "secret.ts", 5, codec="mpeg2video")
    for number, text in enumerate(
        (
            "ffconcat version 1.0\nfile secret.ts\n",
            "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsecret.ts\n#EXT-X-ENDLIST\n",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 45678 RTP/AVP 96\n",
        )
    ):
        path = tmp_path / f"{number}.mp4"
        path.write_text(text)
        assert "is not" in refused(path)


def test_a_picture_is_sent_to_analyze(tmp_path: Path) -> None:
    from streamer.sources.images import read_image

    path = tmp_path / "a.png"
    video(path, 1, codec="png", pixel_format="rgb24")
    assert read_image(path).shape == (48, 64, 3)
    assert "use 'groupmood analyze" in refused(path)


def test_frames_before_opening_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="opened by 'with'"):
        next(FileSource(tmp_path / "a.mp4").frames())
    with FileSource(video(tmp_path / "a.mkv", 2)) as source:
        pass
    with pytest.raises(RuntimeError, match="opened by 'with'"):
        next(source.frames())
