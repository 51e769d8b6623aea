from __future__ import annotations

import threading
import time
from itertools import pairwise

import av
import numpy as np

from streamer.inlet import Inlet
from streamer.sinks.personal import Personal
from streamer.sources.webrtc import WebRtcSource
from streamer.types import Frame, FrameResult


def grey(level: int = 90, width: int = 64) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((48, width, 3), level, np.uint8), format="bgr24")


def of(captured: float) -> FrameResult:
    return FrameResult("desk", 0, 0.0, captured, (), None)


def test_one_peer_at_a_time_has_the_place() -> None:
    inlet = Inlet("desk")
    first = inlet.take()
    assert first == 1
    assert inlet.take() is None
    inlet.leave(first)
    assert not inlet.taken
    assert inlet.take() == 2
    inlet.leave(first)  # too late: the place is another's
    assert inlet.taken


def test_who_has_left_brings_nothing_more() -> None:
    inlet = Inlet("desk")
    session = inlet.take()
    assert session is not None
    assert inlet.offer(grey(), 1.0, session)
    inlet.leave(session)
    assert not inlet.offer(grey(), 1.1, session)
    following = inlet.take()
    assert not inlet.offer(grey(), 1.2, session)
    assert following is not None
    assert inlet.offer(grey(), 1.3, following)
    assert inlet.box.received == 2


def test_results_reach_the_peer_whose_picture_it_was_and_no_other() -> None:
    now = 100.0
    inlet = Inlet("desk", clock=lambda: now)
    first: list[FrameResult] = []
    second: list[FrameResult] = []
    with Personal(inlet) as sink:
        sink.write(of(99.0))
        session = inlet.take(first.append)
        sink.write(of(100.5))
        assert session is not None
        inlet.leave(session)
        sink.write(of(100.6))
        now = 101.0
        inlet.take(second.append)
        sink.write(of(100.7))  # still on its way when its peer left
        sink.write(of(101.2))
    assert [result.captured for result in first] == [100.5]
    assert [result.captured for result in second] == [101.2]


def test_the_newest_picture_wins_and_what_was_missed_shows_in_the_indices() -> None:
    inlet = Inlet("desk")
    session = inlet.take()
    assert session is not None
    with WebRtcSource(inlet) as source:
        assert (source.name, source.live) == ("desk", True)
        frames = source.frames()
        inlet.offer(grey(50), 10.0, session)
        first = next(frames)
        for number in range(1, 5):
            inlet.offer(grey(50 + number), 10.0 + number / 10, session)
        second = next(frames)
    assert (first.index, first.pts, first.captured) == (0, 0.0, 10.0)
    assert second.index == 4
    assert abs(second.pts - 0.4) < 1e-9
    assert first.size == (64, 48)
    assert int(second.image.mean()) == 54
    assert inlet.box.received == inlet.box.taken + inlet.box.dropped


def test_the_time_without_a_peer_is_a_gap() -> None:
    inlet = Inlet("desk")
    frames = WebRtcSource(inlet).frames()
    seen: list[Frame] = []
    for began in (5.0, 65.0):
        session = inlet.take()
        assert session is not None
        for step in range(3):
            inlet.offer(grey(width=64 if began < 60 else 128), began + step / 30, session)
            seen.append(next(frames))
        inlet.leave(session)
    assert [frame.index for frame in seen] == list(range(6))
    assert abs(seen[3].pts - seen[0].pts - 60.0) < 1e-9
    assert [frame.size[0] for frame in seen] == [64] * 3 + [128] * 3


def test_pts_rises_whatever_the_clock_says() -> None:
    inlet = Inlet("desk")
    session = inlet.take()
    assert session is not None
    frames = WebRtcSource(inlet).frames()
    seen = []
    for captured in (1.0, 1.0, 0.5, 1.2):
        inlet.offer(grey(), captured, session)
        seen.append(next(frames).pts)
    assert all(before < after for before, after in pairwise(seen))


def test_mirrored_pictures_are() -> None:
    half = np.zeros((48, 64, 3), np.uint8)
    half[:, :32] = 200
    inlet = Inlet("desk")
    session = inlet.take()
    assert session is not None
    inlet.offer(av.VideoFrame.from_ndarray(half, format="bgr24"), 1.0, session)
    image = next(WebRtcSource(inlet, mirror=True).frames()).image
    assert image[:, :32].max() < 40
    assert image[:, 32:].min() > 160


def test_a_stop_ends_the_waiting_without_a_peer() -> None:
    stop, ended = threading.Event(), threading.Event()

    def read() -> None:
        with WebRtcSource(Inlet("desk"), stop=stop) as source:
            assert list(source.frames()) == []
        ended.set()

    threading.Thread(target=read).start()
    began = time.monotonic()
    stop.set()
    assert ended.wait(2.0)
    assert time.monotonic() - began < 2.0


def test_a_closed_box_ends_it_too() -> None:
    inlet = Inlet("desk")
    inlet.box.close()
    assert list(WebRtcSource(inlet).frames()) == []


def test_leaving_tells_the_peers() -> None:
    inlet = Inlet("desk")
    session = inlet.take()
    assert session is not None
    with WebRtcSource(inlet):
        assert inlet.offer(grey(), 1.0, session)
    assert not inlet.offer(grey(), 1.1, session)
    assert inlet.box.waiting == 0
