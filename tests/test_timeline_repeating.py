"""The same recording again: no second keeps the rows of two runs, and nothing else goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.occurrences import mark, past_moment
from streamer.timeline.purging import Purged
from streamer.timeline.reader import TimelineReader
from streamer.timeline.repeating import Span, forget_earlier
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunBegan, RunEnded, Second
from streamer.timeline.writer import TimelineWriter
from streamer.types import GroupMood
from tests.fakes import emotion

BEGIN = 1_790_000_000
SPAN = Span("talk", BEGIN, BEGIN + 5)


def began(run: str, begin: int = BEGIN, purpose: str = "self") -> RunBegan:
    return RunBegan(run, begin, purpose, "0.1.0", "haar", "{}", "notice")


def second(run: str, utc: int, valence: float, room: str = "talk") -> Second:
    shares = emotion("happiness").probabilities
    return Second(room, utc, run, GroupMood(3, 3, valence, 0.0, None, shares, 0.0, None, 1.0, 5.0))


def wrote(path: Path, *rows: Row) -> Path:
    with TimelineWriter(path, retention_days=3660) as writer:
        for row in rows:
            writer.put(row)
    assert writer.dropped == 0
    return path


def first_run(path: Path, *more: Row) -> Path:
    """Five seconds with numbers of one, a moment, a person, and a mark made by hand."""
    seconds = [second("one", BEGIN + number, 0.5) for number in range(5)]
    person = PersonSecond("talk", BEGIN, "abc", "happiness", 0.9, 0.5, 1.0)
    happened = (past_moment("talk", BEGIN + 1.0, 3.0, 0.4), mark("talk", BEGIN + 2.0, "slide 7"))
    camera = CameraChange("talk", "talk", BEGIN + 4, "stopped")
    return wrote(path, began("one"), *seconds, person, *happened, camera, RunEnded("one", BEGIN + 4), *more)


def test_an_earlier_run_gives_way_but_for_marks(tmp_path: Path) -> None:
    path = first_run(tmp_path / "timeline.sqlite")
    gone = forget_earlier(path, SPAN, lambda run: run.run == "one")
    assert gone == Purged(seconds=5, people=1, occurrences=1, cameras=1, runs=1)
    wrote(path, began("two"), *(second("two", BEGIN + number, -0.5) for number in range(3)))
    with TimelineReader(path) as reader:
        assert [one.run for one in reader.seconds("talk", BEGIN, BEGIN + 100)] == ["two"] * 3
        assert [one.run for one in reader.runs(BEGIN, BEGIN + 100)] == ["two"]
        (kept,) = reader.occurrences("talk", 0, BEGIN + 100)
        assert kept == mark("talk", BEGIN + 2.0, "slide 7")
        assert list(reader.people("talk", BEGIN, BEGIN + 100)) == []
        assert reader.cameras("talk", BEGIN, BEGIN + 100) == ()
        course = reader.course("talk", BEGIN - 3600, BEGIN + 3600, most=10)
    assert [(one.known, one.valence) for one in course.buckets if one.known] == [(3, -0.5)]


def test_other_times_and_rooms_stay(tmp_path: Path) -> None:
    before, after = second("zero", BEGIN - 1, 0.1), second("later", BEGIN + 60, 0.2)
    elsewhere = second("one", BEGIN + 1, 0.3, room="hall")
    path = first_run(tmp_path / "timeline.sqlite", before, after, elsewhere)
    assert forget_earlier(path, SPAN, lambda run: run.run == "one").runs == 0  # the hall has it still
    with TimelineReader(path) as reader:
        assert [one.utc for one in reader.seconds("talk", 0, BEGIN + 100)] == [BEGIN - 1, BEGIN + 60]
        assert len(tuple(reader.seconds("hall", 0, BEGIN + 100))) == 1
        assert "one" in [one.run for one in reader.runs(BEGIN, BEGIN + 100)]


def test_another_run_of_that_time_is_never_mixed_and_never_deleted(tmp_path: Path) -> None:
    path = first_run(tmp_path / "timeline.sqlite")
    for same in (lambda _: False, lambda run: run.purpose == "audience"):
        with pytest.raises(ConfigError, match="room talk has other rows of that time"):
            forget_earlier(path, SPAN, same)
    with TimelineReader(path) as reader:
        assert len(tuple(reader.seconds("talk", 0, BEGIN + 100))) == 5


def test_a_run_that_was_killed_goes_to_its_last_second(tmp_path: Path) -> None:
    path = wrote(tmp_path / "timeline.sqlite", began("one"), *(second("one", BEGIN + at, 0.5) for at in (0, 7)))
    assert forget_earlier(path, SPAN, lambda _: True).seconds == 2


def test_where_nothing_is_nothing_goes(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    assert forget_earlier(path, SPAN, lambda _: True) == Purged()
    assert not path.exists()
    wrote(path, second("one", BEGIN, 0.5, room="hall"))
    assert forget_earlier(path, SPAN, lambda _: True) == Purged()
