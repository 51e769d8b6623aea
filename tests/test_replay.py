"""What a run wrote, read back: the same people and, by the same rules, the same mood."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from streamer.analyzer import Analyzer, Models
from streamer.emotions import LABELS
from streamer.errors import ConfigError, SourceError
from streamer.labels import Labels
from streamer.mood import MoodRules, RoomMood
from streamer.replay import Wanted, look, merged, replay, result_of, results
from streamer.schedule import Plan, Schedule
from streamer.sinks.jsonl import JsonLines
from streamer.sinks.record import FrameRecord, to_record
from streamer.types import Chip, Emotion, Face, Frame, FrameResult, GroupMood, Image
from tests.fakes import FakeClassifier, FakeDetector, FakeTracker, picture
from tests.rooms import person
from tests.test_correction import answers
from tests.test_jsonl import FULL, NOON

FPS = 20
IMAGE = picture(640, 200)


class Comings(FakeDetector):
    """Two to five faces, another number every second; nobody in the third second of every seven."""

    def detect(self, image: Image) -> tuple[Face, ...]:
        second, self.calls = self.calls // FPS % 7, self.calls + 1
        self.faces = 0 if second == 3 else 2 + second % 4
        return super().detect(image)


class Moods(FakeClassifier):
    """Doubtful readings that change from look to look."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._rng = np.random.default_rng(seed)

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        rows = self._rng.dirichlet(np.full(len(LABELS), 0.4), len(chips))
        return tuple(Emotion(tuple(row.tolist()), "fake", chip.pts) for row, chip in zip(rows, chips, strict=True))


def analyzer(room: RoomMood, seed: int = 1) -> Analyzer:
    return Analyzer(Models(Comings(), Moods(seed)), FakeTracker(), Labels(), room, Schedule(Plan(interval=0.2)))


def frame(source: str, index: int, captured: float, start: float = 0.0) -> Frame:
    return Frame(source, index, start + index / FPS, captured, IMAGE)


@pytest.mark.parametrize("correct", [False, True])
def test_the_explained_value_is_the_recorded_one(tmp_path: Path, correct: bool) -> None:
    path, known = tmp_path / "run.jsonl", answers() if correct else None
    analysis, truth = analyzer(RoomMood(MoodRules(tau=3.0), known)), dict[float, GroupMood | None]()
    with analysis, JsonLines(path) as sink:
        for index in range(12 * FPS):
            result = analysis.process(frame("cam", index, 100 + index / FPS))
            sink.write(result)
            truth[result.pts] = result.mood
    for at in (1.4, 3.2, 7.05, 12.0):
        room = RoomMood(MoodRules(tau=3.0), known)
        shown = replay([look(path)], room, Wanted("cam", at, lambda _: True))
        told, mood = room.explain(), truth[shown.pts]
        assert shown.pts == pytest.approx(min(at, 12 - 1 / FPS))
        assert told is not None
        assert mood is not None
        assert (told.mood.people, told.mood.used) == (mood.people, mood.used)
        assert told.mood.valence == pytest.approx(mood.valence, abs=5e-4)
        assert told.mood.interval == pytest.approx(mood.interval, abs=5e-4)
        assert shown.mood is not None
        assert shown.mood.valence == pytest.approx(mood.valence, abs=5e-5)


def test_two_cameras_of_a_run_are_one_room_again(tmp_path: Path) -> None:
    """The second joins 1.5 s later, with a zero of its own; both change their people."""
    room, moods = RoomMood(), []
    cameras = [("left", analyzer(room, 1), 0.0, 0.0), ("right", analyzer(room, 2), 1.5, 40.0)]
    with JsonLines(tmp_path / "left.jsonl") as left, JsonLines(tmp_path / "right.jsonl") as right:
        for index in range(8 * FPS):
            for (name, analysis, late, start), sink in zip(cameras, (left, right), strict=True):
                if index >= late * FPS:
                    one = frame(name, index - int(late * FPS), 1000 + index / FPS + late / 1000, start)
                    sink.write(result := analysis.process(one))
                    moods.append((name, result.pts, result.mood))
    recordings = [look(tmp_path / "right.jsonl"), look(tmp_path / "left.jsonl")]
    for name, pts, mood in (moods[70], moods[150], moods[-1]):
        again = RoomMood()
        shown = replay(recordings, again, Wanted(name, pts, lambda _: True))
        told = again.explain()
        assert shown.source == name
        assert shown.pts == pytest.approx(pts)
        assert told is not None
        assert mood is not None
        assert told.mood.valence == pytest.approx(mood.valence, abs=5e-4)
        assert len({share.source for share in told.shares}) == 2


def written(path: Path, *made: FrameResult) -> Path:
    with JsonLines(path) as sink:
        for result in made:
            sink.write(result)
    return path


def seen(pts: float, source: str = "cam", captured: float | None = None) -> FrameResult:
    people = (person(1, pts, happiness=1.0), person(2, pts))
    return FrameResult(source, round(pts * 10), pts, 50 + pts if captured is None else captured, people, None)


def times(found: Iterator[FrameResult]) -> list[tuple[str, float]]:
    return [(result.source, result.pts) for result in found]


def test_a_record_becomes_what_it_was_made_of() -> None:
    record = to_record(FULL, NOON)
    again = result_of(FrameRecord.model_validate_json(json.dumps(record)))
    assert to_record(again, NOON) == record
    first, second = again.people
    assert first.emotion is not None
    assert first.emotion.pts == pytest.approx(4.0)
    assert (first.track.face.box.x1, first.track.face.box.x2) == (10.0, 50.5)
    assert second.emotion is None


def test_what_was_not_finite_stays_so() -> None:
    record = to_record(replace(FULL, seconds={"detect": float("nan")}), NOON)
    record["people"][1]["box"] = record["people"][0]["quality"] = None
    assert to_record(result_of(FrameRecord.model_validate_json(json.dumps(record))), NOON) == record


def test_files_of_one_run_go_by_its_clock_and_others_by_their_own_time(tmp_path: Path) -> None:
    left = look(written(tmp_path / "l.jsonl", *(seen(pts, "left", 10 + pts) for pts in (0.0, 1.0, 2.0))))
    late = look(written(tmp_path / "r.jsonl", *(seen(pts, "right", 11.5 + pts) for pts in (0.0, 0.1, 1.0))))
    assert times(merged([late, left])) == [
        ("left", 0.0),
        ("left", 1.0),
        ("right", 0.0),
        ("right", 0.1),
        ("left", 2.0),
        ("right", 1.0),
    ]
    other = look(written(tmp_path / "o.jsonl", *(seen(pts, "other", 99 + pts) for pts in (0.5, 1.5))))
    assert [pts for _, pts in times(merged([left, other]))] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_two_files_of_one_source_are_refused(tmp_path: Path) -> None:
    one, two = written(tmp_path / "1.jsonl", seen(0.0)), written(tmp_path / "2.jsonl", seen(0.0))
    with pytest.raises(ConfigError, match="two of the files are of the source 'cam'; give one of them"):
        merged([look(one), look(two)])


def test_a_source_of_another_room_takes_no_part(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", seen(0.0, "a"), seen(0.0, "b"), seen(0.1, "a"), seen(0.1, "b"))
    room = RoomMood()
    replay([look(path)], room, Wanted("a", None, lambda name: name == "a"))
    told = room.explain()
    assert told is not None
    assert {share.source for share in told.shares} == {"a"}


@pytest.mark.parametrize(("at", "shown"), [(0.96, 1.0), (1.0, 1.0), (1.3, 1.2), (2.05, 2.0), (None, 2.0), (1.9, 1.2)])
def test_the_record_at_a_time_is_the_last_before_it(tmp_path: Path, at: float | None, shown: float) -> None:
    path = written(tmp_path / "a.jsonl", *map(seen, (1.0, 1.1, 1.2, 2.0)))
    assert replay([look(path)], RoomMood(), Wanted("cam", at, lambda _: True)).pts == pytest.approx(shown)


@pytest.mark.parametrize("at", [0.9, 2.1, float("nan"), float("inf"), -1.0])
def test_a_time_outside_is_told_with_those_inside(tmp_path: Path, at: float) -> None:
    path = written(tmp_path / "a.jsonl", *map(seen, (1.0, 1.1, 2.0)))
    with pytest.raises(ConfigError, match=rf"^nothing at {at} s; the file covers 1\.0…2\.0 s$"):
        replay([look(path)], RoomMood(), Wanted("cam", at, lambda _: True))


def test_a_source_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", *(seen(0.0, f"{number}.jpg") for number in range(11)))
    with pytest.raises(
        ConfigError, match=r"^no source '3\.jpeg' \(did you mean '3\.jpg'\?\); recorded: 0.* and 3 more"
    ):
        replay([look(path)], RoomMood(), Wanted("3.jpeg", None, lambda _: True))


def test_a_line_that_a_killed_run_left_unfinished_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", seen(0.0), seen(0.1), seen(0.2))
    whole = path.read_bytes()
    for end in (-1, -2, -60, -len(whole) // 3 + 1):
        path.write_bytes(whole[:end])
        found = look(path)
        assert (found.cut, found.last.pts) == ((False, 0.2) if end == -1 else (True, 0.1))
        assert times(results(path)) == [("cam", pts) for pts in (0.0, 0.1, 0.2)][: 3 if end == -1 else 2]


def test_blank_lines_are_no_records_and_count_as_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", seen(0.0))
    path.write_bytes(b"\n" + path.read_bytes() + b"\n \n")
    assert look(path).last.pts == 0.0
    path.write_bytes(path.read_bytes() + b"x\n")
    with pytest.raises(SourceError, match=r"a\.jsonl, line 5: "):
        look(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": "groupmood.frame/2"}, r"schema: Input should be 'groupmood\.frame/1'"),
        ({"pts": None}, "pts and captured must be numbers, got null"),
        ({"people": [{}]}, r"people\.0\.id: Field required"),
        ({"index": -1}, "index: Input should be greater than or equal to 0"),
        ({"colour": 1}, "colour: Extra inputs are not permitted"),
    ],
)
def test_a_line_that_is_no_record_is_told(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = written(tmp_path / "a.jsonl", seen(0.0), seen(0.1), seen(0.2))
    lines = path.read_text().splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **change})
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(SourceError, match=rf"a\.jsonl, line 2: is no record of groupmood\.frame/1: {said}$"):
        list(results(path))


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        (dict.fromkeys(LABELS, 0.2), "expected 8 probabilities that sum to 1"),
        ({**dict.fromkeys(LABELS, 0.0), "fear": 2.0, "anger": -1.0}, "expected a number 0…1 for each label"),
        (dict.fromkeys(LABELS), "expected a number 0…1 for each label"),
        ({"joy": 1.0}, "expected one number for each of neutral, happiness"),
    ],
)
def test_what_are_no_probabilities_are_told(tmp_path: Path, probabilities: dict[str, object], said: str) -> None:
    record = to_record(seen(0.0), NOON)
    record["people"][0]["probabilities"] = probabilities
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n")
    with pytest.raises(SourceError, match=f"line 1: .*{said}"):
        look(tmp_path / "a.jsonl")


@pytest.mark.parametrize("text", ["", "\n", '{"schema": '])
def test_a_file_without_a_record_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    with pytest.raises(SourceError, match=r"a\.jsonl has no record; expected the lines that"):
        look(tmp_path / "a.jsonl")


def test_what_is_no_json_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\x00\xff\n\x89PNG\n")
    with pytest.raises(SourceError, match=r"line 1: is no record of groupmood\.frame/1: Invalid JSON"):
        look(tmp_path / "a.jsonl")


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.jsonl: cannot be read: No such file"):
        look(tmp_path / "gone.jsonl")


def test_rounded_probabilities_are_near_enough_to_one() -> None:
    """Eight numbers of four decimals may miss 1 by 0.0004."""
    one = replace(person(), emotion=Emotion((0.12504,) * 4 + (0.12496,) * 4, "m", 0.0))
    record = to_record(FrameResult("cam", 0, 0.0, 0.0, (one,), None), NOON)
    assert result_of(FrameRecord.model_validate(record)).people[0].emotion is not None
