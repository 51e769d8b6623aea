"""What every sink promises, whatever it writes. A sink that is added gets a row in CASES."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import pytest

from streamer.errors import SinkError, StreamerError
from streamer.fanout import Fanout
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.hls import Hls
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.mjpeg import Mjpeg
from streamer.sinks.picture_file import StillPicture
from streamer.sinks.rtsp_push import RtspPush
from streamer.sinks.video_file import VideoFile
from streamer.sinks.virtual_camera import VirtualCamera
from streamer.sinks.window import Window
from streamer.stages import Encoder, PacketSink, PictureSink, ResultSink
from tests.clips import packets, picture, play, result

RESULT_SINKS: list[Callable[[Path], ResultSink]] = [JsonLines]
PICTURE_SINKS: list[Callable[[Path], PictureSink]] = [
    StillPicture,
    lambda path: Window(print, snapshots=path),
    lambda _: Mjpeg(Fanout(1)),
    lambda _: VirtualCamera(),
]
PACKET_SINKS: list[Callable[[Path], PacketSink]] = [VideoFile, Hls, lambda _: RtspPush("rtsp://host/name")]
ENCODERS: list[Callable[[Fraction], Encoder]] = [lambda rate: H264Encoder(rate_hint=rate)]
"""For mypy, which compares them with what their stage promises."""

COUNT = 40


@dataclass(frozen=True, slots=True)
class Case:
    """``write`` gives the sink its n-th input; ``read`` says how many things a reader finds in the file."""

    make: Callable[[Path], Any]
    name: str
    write: Callable[[Any, int], None]
    read: Callable[[Path], int]
    whole: int  # what a reader finds after COUNT inputs
    half: int  # what a reader finds at least when COUNT inputs were written and the sink is still open


CODED = packets([n / 30 for n in range(COUNT)])


def write_result(sink: ResultSink, index: int) -> None:
    sink.write(result(index, index / 30))


def write_picture(sink: PictureSink, index: int) -> None:
    sink.write(picture(index, index / 30), result(index, index / 30))


def write_packet(sink: PacketSink, index: int) -> None:
    sink.write(CODED[index])


def lines(path: Path) -> int:
    return len([json.loads(line) for line in path.read_text("utf-8").splitlines()])


def pictures(path: Path) -> int:
    return int(cv2.imread(str(path)) is not None)


def played(path: Path) -> int:
    return len(play(path).times)


CASES = [
    pytest.param(Case(JsonLines, "a.jsonl", write_result, lines, COUNT, COUNT), id="JsonLines"),
    pytest.param(Case(VideoFile, "a.mp4", write_packet, played, COUNT, 30), id="VideoFile"),
    pytest.param(Case(StillPicture, "a.png", write_picture, pictures, 1, 0), id="StillPicture"),
]

pytestmark = pytest.mark.parametrize("case", CASES)


def nothing() -> None:
    pass


def fill(case: Case, path: Path, first: Callable[[], object] = nothing, last: Callable[[], object] = nothing) -> None:
    """``first`` and ``last`` happen within the open sink."""
    with case.make(path) as sink:
        first()
        for index in range(COUNT):
            case.write(sink, index)
        last()


def test_what_was_written_can_be_read(case: Case, tmp_path: Path) -> None:
    fill(case, tmp_path / case.name)
    assert case.read(tmp_path / case.name) == case.whole
    assert [path.name for path in tmp_path.iterdir()] == [case.name]


def test_a_file_that_is_not_finished_can_be_read(case: Case, tmp_path: Path) -> None:
    with case.make(tmp_path / case.name) as sink:
        for index in range(COUNT):
            case.write(sink, index)
        assert case.half == 0 or case.read(tmp_path / case.name) >= case.half


def test_closing_is_idempotent(case: Case, tmp_path: Path) -> None:
    sink = case.make(tmp_path / case.name)
    sink.close()
    with sink:
        for index in range(COUNT):
            case.write(sink, index)
        sink.close()
        before = (tmp_path / case.name).read_bytes()
        sink.close()
    sink.close()
    assert (tmp_path / case.name).read_bytes() == before
    assert case.read(tmp_path / case.name) == case.whole


def test_opened_and_closed_without_a_write_it_leaves_everything_as_it_was(case: Case, tmp_path: Path) -> None:
    with case.make(tmp_path / case.name):
        pass
    assert list(tmp_path.iterdir()) == []
    (tmp_path / case.name).write_bytes(b"of yesterday")
    with case.make(tmp_path / case.name):
        pass
    assert (tmp_path / case.name).read_bytes() == b"of yesterday"


def test_what_is_there_already_is_replaced(case: Case, tmp_path: Path) -> None:
    (tmp_path / case.name).write_bytes(b"of yesterday" * 10_000)
    fill(case, tmp_path / case.name)
    assert case.read(tmp_path / case.name) == case.whole


def fail() -> None:
    raise KeyError("something else went wrong")


def test_an_error_in_the_body_keeps_what_was_written(case: Case, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="something else"):
        fill(case, tmp_path / case.name, last=fail)
    assert case.read(tmp_path / case.name) == case.whole


def test_it_lives_in_whatever_thread_opens_it(case: Case, tmp_path: Path) -> None:
    thread = threading.Thread(target=fill, args=(case, tmp_path / case.name))
    thread.start()
    thread.join()
    assert case.read(tmp_path / case.name) == case.whole


def refused(case: Case, path: Path) -> str:
    """What the sink says of the path when it is entered, before anything is written."""
    with pytest.raises(SinkError) as said, case.make(path):
        pass
    assert isinstance(said.value, StreamerError)
    assert str(path) in str(said.value)
    return str(said.value)


def test_a_missing_directory_is_said_with_the_line_that_makes_it(case: Case, tmp_path: Path) -> None:
    assert f"mkdir -p {tmp_path / 'gone'}" in refused(case, tmp_path / "gone" / case.name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_for_a_directory(case: Case, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file, not a directory" in refused(case, tmp_path / "file" / case.name)


def test_a_directory_for_a_file(case: Case, tmp_path: Path) -> None:
    (tmp_path / case.name).mkdir()
    assert "it is a directory; name a file in it" in refused(case, tmp_path / case.name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(case: Case, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / case.name)
    assert "a pipe or a socket" in refused(case, tmp_path / case.name)


@contextmanager
def nobody() -> Iterator[Path]:
    """A directory that everybody may enter but only its owner may write, and we are not its owner."""
    with tempfile.TemporaryDirectory() as name:
        root = os.geteuid() == 0
        Path(name).chmod(0o755 if root else 0o555)
        try:
            if root:
                os.seteuid(65_534)  # root may write everywhere
            yield Path(name)
        finally:
            if root:
                os.seteuid(0)
            Path(name).chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_no_permission(case: Case) -> None:
    with nobody() as directory:
        assert "no permission" in refused(case, directory / case.name)


def test_a_name_that_is_too_long(case: Case, tmp_path: Path) -> None:
    assert "name too long" in refused(case, tmp_path / ("a" * 300 + case.name))


def test_a_directory_that_goes_away_is_an_error_with_the_path(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "gone" / case.name
    path.parent.mkdir()
    with pytest.raises(SinkError, match="No such file or directory") as said:
        fill(case, path, path.parent.rmdir)
    assert str(path) in str(said.value)
    assert list(tmp_path.iterdir()) == []
