"""Real detectors and the tracker on real videos: who is there keeps one id, who is not leaves none."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import av
import numpy as np
import pytest

from engines.ort import OnnxRuntimeEngine
from streamer.detectors.auto import AutoDetector
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.detectors.mediapipe_face import MediaPipeFace
from streamer.stages import Detector
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Face, Image, Track, read_only
from tests.data import data
from tests.weights import weights

SKIPPED = pytest.mark.parametrize("every", [1, 3], ids=["each frame", "every 3rd frame"])
BOTH = pytest.mark.parametrize("name", ["mediapipe", "centerface"])


def mediapipe() -> Detector:
    return MediaPipeFace(weights("mediapipe"))


def centerface() -> Detector:
    model = dynamic(weights("centerface"))
    return CenterFace(lambda: OnnxRuntimeEngine(model, name="centerface", threads=2))


def auto() -> Detector:
    return AutoDetector(mediapipe(), centerface())


DETECTORS: dict[str, Callable[[], Detector]] = {"mediapipe": mediapipe, "centerface": centerface, "auto": auto}


def frames(clip: str) -> list[tuple[float, Image]]:
    """Time in seconds and picture."""
    with av.open(str(data(f"videos/{clip}"))) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        return [
            (frame.time, read_only(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)))
            for frame in container.decode(stream)
        ]


@cache
def sightings(name: str, clip: str, every: int) -> list[tuple[float, tuple[Face, ...] | None]]:
    """What the detector finds in every so manieth frame, None in the others; kept, since two tests look at it."""
    with DETECTORS[name]() as detector:
        return [(pts, None if i % every else detector.detect(image)) for i, (pts, image) in enumerate(frames(clip))]


def tracked(name: str, clip: str, every: int) -> list[tuple[float, tuple[Track, ...]]]:
    tracker = NorfairTracker()
    return [(pts, tracker.update(faces, pts)) for pts, faces in sightings(name, clip, every)]


@SKIPPED
@BOTH
@pytest.mark.parametrize(("clip", "people"), [("three-at-the-camera.mp4", 3), ("two-head-pose.mp4", 2)])
def test_everybody_keeps_one_id_throughout(name: str, clip: str, people: int, every: int) -> None:
    history = tracked(name, clip, every)
    seen = [{track.id for track in tracks} for _, tracks in history]
    # The second detection shows a track; MediaPipe misses one of the three in the first frame.
    assert all(known == set(range(1, people + 1)) for known in seen[2 * every :])
    assert all(known <= set(range(1, people + 1)) for known in seen)


@SKIPPED
@BOTH
def test_ids_stay_with_their_people(name: str, every: int) -> None:
    """The three stand beside each other and do not change places."""
    order = [
        [track.id for track in sorted(tracks, key=lambda track: track.face.box.x1)]
        for _, tracks in tracked(name, "three-at-the-camera.mp4", every)
        if len(tracks) == 3
    ]
    assert len(order) >= 35
    assert all(ids == order[0] for ids in order)


# CenterFace takes five times as long as MediaPipe: it sees every frame only where that matters.
@pytest.mark.parametrize(("name", "every"), [("mediapipe", 1), ("mediapipe", 3), ("centerface", 3)])
def test_who_leaves_is_gone_within_a_second(name: str, every: int) -> None:
    history = tracked(name, "one-leaves.mov", every)
    last = max(pts for pts, faces in sightings(name, "one-leaves.mov", every) if faces)
    assert {track.id for _, tracks in history for track in tracks} == {1}
    assert all(len(tracks) == 1 and tracks[0].seen for pts, tracks in history[every:] if pts <= last)
    assert all(tracks == () for pts, tracks in history if pts > last + 1.0)
    assert 2.2 < last < history[-1][0] - 3


@pytest.mark.parametrize(("name", "every"), [("mediapipe", 1), ("centerface", 2)])
def test_where_nobody_is_nobody_is_tracked(name: str, every: int) -> None:
    history = tracked(name, "nobody.mp4", every)
    assert len(history) > 90
    assert all(tracks == () for _, tracks in history)


def test_auto_sees_nobody_either_and_chooses_by_the_size_of_the_faces() -> None:
    tracker = NorfairTracker()
    with auto() as detector:
        for pts, image in frames("nobody.mp4")[::4]:
            assert tracker.update(detector.detect(image), pts) == ()
        assert "still looking" in detector.about
        for _, image in frames("three-at-the-camera.mp4")[:7]:
            detector.detect(image)
        assert "MediaPipe" in detector.about
    with auto() as detector:
        for _, image in frames("classroom-small-faces.mp4")[:7]:
            assert len(detector.detect(image)) == 4
        assert "still looking" not in detector.about
        assert "CenterFace" in detector.about
