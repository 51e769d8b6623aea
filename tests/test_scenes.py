"""At a cut everybody is somebody new, and the detector looks at once."""

from __future__ import annotations

import numpy as np

from streamer.analyzer import Analyzer, Models
from streamer.cuts import Cuts
from streamer.labels import Labels
from streamer.schedule import Plan, Schedule
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.trackers.scenes import SceneTracker
from streamer.types import Frame, Image
from tests.fakes import FakeClassifier, FakeDetector, FakeMood


def scene(seed: int) -> Image:
    """A picture of large patches that has nothing in common with that of another seed."""
    patches = np.random.default_rng(seed).integers(0, 255, (9, 16, 3), np.uint8)
    return np.ascontiguousarray(np.kron(patches, np.ones((20, 20, 1), np.uint8)))


def test_who_sits_where_somebody_else_sat_is_nobody_else() -> None:
    detector = FakeDetector()
    tracker = SceneTracker(NorfairTracker(), Cuts())
    schedule = Schedule(Plan(detect_every=5))
    seen = []
    with Analyzer(Models(detector, FakeClassifier()), tracker, Labels(), FakeMood(), schedule) as analyzer:
        for index in range(24):
            image = scene(1 if index < 12 else 2)
            result = analyzer.process(Frame("meeting", index, index / 10, 0.0, image))
            seen.append({person.track.id for person in result.people})
    assert seen[11]
    assert seen[23]
    assert not seen[11] & seen[23]
    assert seen[12] == set()
    assert seen[9] == seen[11]
