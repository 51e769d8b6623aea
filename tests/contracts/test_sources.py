"""What every source promises. A new source is one row in SOURCES."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from queue import SimpleQueue

import av
import numpy as np
import pytest
from PIL import Image as Pillow

from streamer.sources.address import parse
from streamer.sources.capture import CaptureSource
from streamer.sources.file import FileSource
from streamer.sources.images import ImageSource
from streamer.sources.reconnect import Reconnecting, Waiting
from streamer.sources.rtsp import RtspSource
from streamer.sources.screen import ScreenSource
from streamer.stages import Source
from tests.media import video
from tests.rtsp_server import rtsp_server

COUNT = 300
SIZE = (320, 240)


def a_file(folder: Path) -> Source:
    grey = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    return FileSource(video(folder / "a.mp4", [grey] * COUNT, codec="libx264"), name="one")


def a_graph(_folder: Path) -> Source:
    return CaptureSource(parse(f"lavfi:testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=30"), name="one")


def pictures(folder: Path) -> Source:
    Pillow.new("RGB", SIZE).save(folder / "a.png")
    return ImageSource([folder / "a.png"] * COUNT, name="one")


def a_graph_that_comes_back(_folder: Path) -> Source:
    """Lost and found each two seconds."""
    address = parse(f"lavfi:testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=30:duration=2")
    return Reconnecting(lambda: CaptureSource(address, name="one"), waiting=Waiting(lambda _: False))


def a_screen(_folder: Path) -> Source:
    """One that shows a graph; see tests/test_screen.py for a real one."""
    graph = f"testsrc2=size={SIZE[0]}x{SIZE[1]}:rate=30"
    display = {"DISPLAY": ":0"}
    return ScreenSource("", environ=display, platform="linux", opener=lambda _: av.open(graph, format="lavfi"))


SOURCES: dict[str, Callable[[Path], Source]] = {
    "file": a_file,
    "lavfi": a_graph,
    "images": pictures,
    "reconnecting": a_graph_that_comes_back,
    "screen": a_screen,
}


@pytest.fixture(scope="module")
def network_camera() -> Iterator[Source]:
    with rtsp_server(size=SIZE, fps=200) as server:
        yield RtspSource(server.url, name="one")


@pytest.fixture(params=[*SOURCES, "rtsp"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    if request.param == "rtsp":
        camera: Source = request.getfixturevalue("network_camera")
        return camera
    return SOURCES[request.param](tmp_path)


def test_indices_and_times(source: Source) -> None:
    with source:
        frames = list(islice(source.frames(), 80))
    assert [frame.index for frame in frames] == list(range(80))
    assert frames[0].pts == 0
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert all(later.captured >= earlier.captured for earlier, later in pairwise(frames))
    assert {frame.source for frame in frames} == {source.name}
    assert source.name


def test_pictures_are_bgr_and_closed_for_writing(source: Source) -> None:
    with source:
        for frame in islice(source.frames(), 3):
            assert frame.size == SIZE
            assert frame.image.shape == (SIZE[1], SIZE[0], 3)
            assert frame.image.dtype == np.uint8
            assert frame.image.flags.c_contiguous
            assert not frame.image.flags.writeable
            assert frame.image is frame.image


def test_whether_it_is_live_and_ends(source: Source) -> None:
    with source:
        count = sum(1 for _ in islice(source.frames(), COUNT + 1))
    assert count == (COUNT + 1 if source.live else COUNT)


def test_closed_in_mid_stream(source: Source) -> None:
    with source:
        frames = source.frames()
        kept = list(islice(frames, 3))
    assert [frame.image.shape[2] for frame in kept] == [3, 3, 3]  # what was handed out stays good
    source.__exit__(None, None, None)  # closing again does nothing


def test_asking_for_more_after_closing_is_safe(source: Source) -> None:
    with source:
        frames = source.frames()
        next(frames)
    if not isinstance(source, ImageSource):  # which holds nothing open
        assert list(islice(frames, 3)) == []


def test_opened_read_and_closed_in_another_thread(source: Source) -> None:
    count: SimpleQueue[int] = SimpleQueue()

    def read() -> None:
        with source:
            count.put(sum(frame.image.size > 0 for frame in islice(source.frames(), 5)))

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert count.get(timeout=20) == 5
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="resident memory is read from /proc")
def test_memory_stays_flat(source: Source) -> None:
    """300 pictures are 69 MB decoded or, planar, 35 MB: any one of them kept would show."""
    before = 0
    with source:
        for frame in islice(source.frames(), COUNT):
            assert frame.image.size
            if frame.index == 50:
                gc.collect()
                before = resident()
        assert frame.index == COUNT - 1
        assert resident() - before < 12_000_000


def resident() -> int:
    """Bytes of memory this process holds."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
