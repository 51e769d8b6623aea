"""Rows that are acknowledged stay; a file that is no timeline of ours is left as it is."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import SinkError
from streamer.occurrences import Alert, Occurrence, mark, past_moment
from streamer.states import CAMERA_STATES
from streamer.timeline import writer as writer_module
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunEnded, Second
from streamer.timeline.writer import TimelineWriter
from tests.timeline_rows import BEGAN, RUN, second, signs, until, write

DAY = 86_400


def now() -> float:
    return BEGAN


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    seconds = [
        second(0),
        second(1, None),
        Second("hall", BEGAN + 2, RUN.run, None, paused=True),
        signs(3),
        signs(4, None),
    ]
    occurrences: list[Occurrence] = [
        past_moment("hall", BEGAN + 1.25, 40.0, 0.35),
        Alert("a" * 32, "hall", BEGAN + 2.5, "low", "valence fell below −0.4", -0.5, (-0.6, -0.4), 7),
        Alert("b" * 32, "hall", BEGAN + 3.5, "low", "three of them", 3.0, None, 7),
        mark("hall", BEGAN + 4.0, "slide 7 — “héllo”"),
    ]
    people = [
        PersonSecond("hall", BEGAN, "p1", "happiness", 0.75, 0.5, 1.0),
        PersonSecond("hall", BEGAN, "p2", "unsure", 0, None, 0.5),
    ]
    cameras = [CameraChange("door", "hall", BEGAN, state, "why") for state in CAMERA_STATES]
    rows: list[Row] = [RUN, *seconds, *occurrences, *people, *cameras, RunEnded(RUN.run, BEGAN + 5)]
    write(tmp_path / "t.sqlite", rows)
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        assert reader.rooms() == ("hall",)
        assert reader.span("hall") == (BEGAN, BEGAN + 5)
        assert list(reader.seconds("hall", BEGAN, BEGAN + 5)) == seconds
        assert list(reader.occurrences("hall", BEGAN, BEGAN + 5)) == occurrences
        assert list(reader.people("hall", BEGAN, BEGAN + 5)) == people
        assert list(reader.cameras("hall", BEGAN, BEGAN + 5)) == cameras
        assert reader.runs(BEGAN, BEGAN + 1) == (RUN,)
        assert reader.runs(BEGAN + 6, BEGAN + 9) == ()


def test_a_second_or_an_occurrence_again_replaces(tmp_path: Path) -> None:
    write(
        tmp_path / "t.sqlite", [second(0, 0.1), second(0, 0.7), mark("hall", BEGAN, "one"), mark("hall", BEGAN, "one")]
    )
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        assert list(reader.seconds("hall", BEGAN, BEGAN + 9)) == [second(0, 0.7)]
        assert len(reader.occurrences("hall", BEGAN, BEGAN + 9)) == 1
        (bucket,) = reader.course("hall", BEGAN, BEGAN + 3600, 2).buckets[:1]
        assert (bucket.known, bucket.valence) == (1, 0.7)


def test_rows_are_there_for_readers_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with TimelineWriter(path, retention_days=30, clock=now) as writer, TimelineReader(path) as reader:
        writer.put(second(0))
        assert until(lambda: reader.rooms() == ("hall",), 5)
        assert writer.acknowledged == 1


def test_many_threads_may_put(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with TimelineWriter(path, retention_days=30, clock=now) as writer:

        def work(room: str) -> None:
            for at in range(300):
                writer.put(second(at, room=room))

        threads = [threading.Thread(target=work, args=(f"r{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert writer.flush()
        assert (writer.acknowledged, writer.dropped) == (1200, 0)
    with TimelineReader(path) as reader:
        assert [reader.span(f"r{n}") for n in range(4)] == [(BEGAN, BEGAN + 300)] * 4


def test_files_and_folder_are_the_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "t.sqlite"
    before = os.umask(0)
    try:
        with TimelineWriter(path, retention_days=30, clock=now) as writer:
            writer.put(second(0))
            assert writer.flush()
            files = sorted(path.parent.iterdir())
            assert [one.name for one in files] == ["t.sqlite", "t.sqlite-shm", "t.sqlite-wal"]
            assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    finally:
        os.umask(before)


def test_an_open_file_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [second(0)])
    path.chmod(0o644)
    write(path, [second(1)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_row_that_cannot_be_kept_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = replace(second(1), utc=1 << 70)
    nan = second(3, float("nan"))
    with TimelineWriter(tmp_path / "t.sqlite", retention_days=30, clock=now) as writer:
        for row in (second(0), bad, second(2), nan, mark("hall", BEGAN, "bytes \udcff of a name")):
            writer.put(row)
        assert writer.flush()
        assert (writer.acknowledged, writer.dropped, writer.state) == (4, 1, "")
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        found = list(reader.seconds("hall", BEGAN, BEGAN + 9))
        assert [one.utc - BEGAN for one in found] == [0, 2, 3]
        assert found[2].mood is not None
        assert found[2].mood.valence is None
        assert reader.occurrences("hall", 0, BEGAN + 9) == (
            replace(mark("hall", BEGAN, "bytes \udcff of a name"), text="bytes \\udcff of a name"),
        )


def test_what_is_put_before_the_end_is_written(tmp_path: Path) -> None:
    write(tmp_path / "t.sqlite", [second(at) for at in range(2500)])
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        assert len(list(reader.seconds("hall", BEGAN, BEGAN + 9999))) == 2500


def test_a_file_taken_away_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with TimelineWriter(path, retention_days=30, clock=now) as writer:
        writer.put(RUN)
        writer.put(second(0))
        assert writer.flush()
        for one in tmp_path.iterdir():
            one.unlink()
        writer.put(second(1))
        assert writer.flush()
        with TimelineReader(path) as reader:
            assert [one.utc for one in reader.seconds("hall", 0, BEGAN + 9)] == [BEGAN + 1]
            assert reader.runs(0, BEGAN + 9) == (RUN,)


def test_too_old_is_deleted_from_the_start_on_and_again_later(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [second(at) for at in range(10_000)], now=BEGAN)
    clock = [float(BEGAN + 5_000 + DAY)]
    with TimelineWriter(path, retention_days=1, clock=lambda: clock[0]) as writer, TimelineReader(path) as reader:
        assert until(lambda: reader.span("hall") == (BEGAN + 5_000, BEGAN + 10_000))
        hours = reader.course("hall", BEGAN, BEGAN + 36_000, 12)
        assert (hours.width, sum(one.known for one in hours.buckets)) == (3600, 5_000)
        clock[0] += 4_000

        def moved() -> bool:
            writer.put(second(20_000))
            return reader.span("hall") == (BEGAN + 9_000, BEGAN + 20_001)

        assert until(moved)


def test_it_is_told_how_much_was_too_old(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [*(second(at) for at in range(9_000)), mark("hall", BEGAN + 7, "x")], now=BEGAN)
    said: list[tuple[int, float]] = []

    def forgot(rows: int, before: float) -> None:
        said.append((rows, before))

    def later() -> float:
        return BEGAN + 8_000.0 + DAY

    with TimelineWriter(path, retention_days=1, clock=later, forgot=forgot), TimelineReader(path) as reader:
        assert until(lambda: bool(said))
        assert reader.span("hall") == (BEGAN + 8_000, BEGAN + 9_000)
    assert said == [(8_001, BEGAN + 8_000.0)]


def test_what_is_left_half_deleted_is_told_too(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [second(at) for at in range(0, 3_600_000, 600)], now=BEGAN)
    said: list[int] = []
    with TimelineWriter(
        path, retention_days=1, clock=lambda: BEGAN + 3_600_000.0 + 2 * DAY, forgot=lambda rows, _: said.append(rows)
    ):
        pass
    with TimelineReader(path) as reader:
        left = len(list(reader.seconds("hall", 0, BEGAN + 4_000_000)))
    assert left > 0
    assert said == [6_000 - left]


def test_what_was_too_old_is_not_left_in_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [*(mark("hall", BEGAN + at, f"old words {at}") for at in range(500)), mark("hall", BEGAN + 600, "new")])
    assert b"old words" in path.read_bytes()
    with TimelineWriter(path, retention_days=1, clock=lambda: BEGAN + 600 + DAY), TimelineReader(path) as reader:
        assert until(lambda: len(reader.occurrences("hall", 0, BEGAN + 999)) == 1)
    assert b"old words" not in path.read_bytes()
    assert b"new" in path.read_bytes()


def test_a_program_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with TimelineWriter(path, retention_days=30, clock=now) as writer:
        writer.put(second(0))
        assert writer.flush()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writer.put(second(1))
        assert until(lambda: "locked" in writer.state)
        assert "1 rows wait" in writer.state
        assert str(path) in writer.state
        other.execute("ROLLBACK")
        other.close()
        assert writer.flush(10)
        assert (writer.acknowledged, writer.dropped, writer.state) == (2, 0, "")


def test_the_backlog_is_bounded_and_the_oldest_give_way(tmp_path: Path) -> None:
    path, more = tmp_path / "t.sqlite", writer_module.BACKLOG + 100
    with TimelineWriter(path, retention_days=30, clock=now) as writer:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        for at in range(more):
            writer.put(second(at))
        assert until(lambda: "100 are lost" in writer.state)
        other.execute("ROLLBACK")
        other.close()
        assert writer.flush(20)
        assert (writer.acknowledged, writer.dropped) == (more - 100, 100)
        with TimelineReader(path) as reader:
            assert reader.span("hall") == (BEGAN + 100, BEGAN + more)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "t.sqlite", tmp_path):
        with pytest.raises(SinkError, match=r"cannot write the timeline .*name another file"):
            TimelineWriter(path, retention_days=30).__enter__()
