"""Two cameras in one room: one mood over the people of both, each person still with its own camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streamer import build
from streamer.config import check
from streamer.sources.synthetic import SyntheticSource
from tests.fakes import ListSink
from tests.media import video
from tests.weights import weights

SIZE = "size=640x360"


@pytest.fixture
def clips(tmp_path: Path) -> dict[str, str]:
    """A video of one person who stands still, and one of another."""
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    with SyntheticSource(SIZE, realtime=False) as source:
        neutral = np.asarray(source.scene.render(5), np.uint8)
        smiling = np.asarray(source.scene.render(round(source.scene.best_moment * 30)), np.uint8)
    return {
        "left": str(video(tmp_path / "left.mkv", [neutral] * 20)),
        "right": str(video(tmp_path / "right.mkv", [smiling] * 20)),
    }


def results(clips: dict[str, str], rooms: dict[str, dict[str, list[str]]]) -> ListSink:
    config = check({"sources": {name: {"address": path} for name, path in clips.items()}, "rooms": rooms}, {})
    sink = ListSink()
    build.pipeline(config, build.Extras(result_sinks=(sink,))).run()
    return sink


def last(sink: ListSink, source: str) -> tuple[int, int]:
    """People in the picture of a camera, and in the mood that its last result tells."""
    result = [r for r in sink.results if r.source == source][-1]
    assert result.mood is not None
    return len(result.people), result.mood.people


def test_a_room_has_the_people_of_all_its_cameras(clips: dict[str, str]) -> None:
    sink = results(clips, {"hall": {"sources": ["left", "right"]}})
    assert max(last(sink, "left")[1], last(sink, "right")[1]) == 4
    assert (last(sink, "left")[0], last(sink, "right")[0]) == (1, 3)


def test_cameras_without_a_room_have_one_of_their_own(clips: dict[str, str]) -> None:
    sink = results(clips, {})
    assert last(sink, "left") == (1, 1)
    assert last(sink, "right") == (3, 3)
