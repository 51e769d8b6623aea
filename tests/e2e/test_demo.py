"""The demo as its user starts it, against the truth of its scene."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import cv2
import pytest

from streamer.commands.demo import demo
from streamer.sinks.record import FrameRecord
from streamer.sources.synthetic import SyntheticSource
from streamer.types import Box
from tests.clips import play
from tests.weights import weights

SECONDS = 9
"""Long enough for three people to have come in."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    out = tmp_path_factory.mktemp("demo") / "new" / "folder"
    assert demo(out, headless=True, seconds=SECONDS, offline=True) == 0
    return out


def records(out: Path) -> list[FrameRecord]:
    lines = (out / "results.jsonl").read_text("utf-8").splitlines()
    return [FrameRecord.model_validate(json.loads(line)) for line in lines]


def test_it_writes_a_video_results_and_a_still(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == ["demo.mp4", "demo.png", "results.jsonl"]
    frames = play(written / "demo.mp4")
    assert 0 < len(frames.times) <= len(records(written))
    assert frames.times[-1] == pytest.approx(SECONDS, abs=1)
    still = cv2.imread(str(written / "demo.png"))
    assert still is not None
    assert still.shape == (720, 1280, 3)


def test_each_person_of_the_scene_has_one_id_and_the_right_expression(written: Path) -> None:
    scene = SyntheticSource(f"seconds={SECONDS}")
    ids: dict[str, Counter[int]] = defaultdict(Counter)
    labels: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for record in records(written):
        for person in scene.truth(record.index):
            found = [p for p in record.people if p.box and Box(*p.box).iou(person.box) > 0.3]
            if person.visible > 0.95 and not person.blurred and found and person.expression:
                ids[person.key][found[0].id] += 1
                labels[person.key, person.expression][found[0].label] += 1
    assert set(ids) == {"hopper", "collins", "collins-double"}
    assert all(len(counts) == 1 for counts in ids.values())
    assert len({next(iter(counts)) for counts in ids.values()}) == 3
    for (_, expression), counts in labels.items():
        assert counts[expression] / counts.total() > 0.8


def test_frames_rise_and_the_mood_lifts_when_those_who_smile_come_in(written: Path) -> None:
    lines = records(written)
    assert all(later.index > earlier.index for earlier, later in pairwise(lines))
    moods = [line.mood.valence for line in lines if line.mood and line.mood.valence is not None]
    assert moods[-1] > moods[len(moods) // 10] + 0.2
