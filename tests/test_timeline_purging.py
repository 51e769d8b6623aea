"""What is purged is gone: from the tables, from the sums, and from the bytes of the files."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.occurrences import mark
from streamer.timeline.purging import Purged, purge
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunBegan, RunEnded
from streamer.timeline.writer import TimelineWriter
from tests.timeline_rows import BEGAN, RUN, second, write

SECRET = "slide-seven-of-ada"
WHO = "person-0815"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Two hours of two rooms, with all that can be kept of them, and a run before that is over."""
    old = replace(RUN, run="old", utc=BEGAN - 100)
    rows: list[Row] = [old, RunEnded("old", BEGAN - 50), RUN]
    for room in ("hall", "lab"):
        rows += [second(at, room=room) for at in range(7_200)]
        rows += [PersonSecond(room, BEGAN + at, WHO, "happiness", 0.5, 0.1, 0.9) for at in range(0, 7_200, 10)]
        rows += [mark(room, BEGAN + at, f"{SECRET} {at}") for at in range(0, 7_200, 100)]
        rows += [CameraChange(f"cam-{room}", room, BEGAN + at, "online") for at in range(0, 7_200, 1_000)]
    write(tmp_path / "t.sqlite", rows)
    return tmp_path / "t.sqlite"


def test_what_is_older_goes(path: Path) -> None:
    before = BEGAN + 4_321
    assert replace(purge(path, before), freed=0) == Purged(2 * 4_321, 2 * 433, 2 * 44, 2 * 5, 1)
    with TimelineReader(path) as reader:
        for room in ("hall", "lab"):
            assert reader.span(room) == (before, BEGAN + 7_200)
            assert reader.occurrences(room, 0, before) == () == reader.cameras(room, 0, before)
            for most in (3, 200, 7_200):
                course = reader.course(room, BEGAN, BEGAN + 7_200, most)
                assert sum(one.known for one in course.buckets) == 7_200 - 4_321
                assert min(one.utc + one.width for one in course.buckets if one.known) > before
        assert [one.run for one in reader.runs(0, BEGAN + 9_999)] == [RUN.run]


def test_one_room_goes_and_the_other_stays(path: Path) -> None:
    gone = purge(path, room="lab")
    assert (gone.seconds, gone.people, gone.occurrences, gone.cameras, gone.runs) == (7_200, 720, 72, 8, 0)
    assert gone.freed > 0
    with TimelineReader(path) as reader:
        assert reader.rooms() == ("hall",)
        assert sum(one.known for one in reader.course("hall", BEGAN, BEGAN + 7_200).buckets) == 7_200
    assert b"cam-lab" not in bytes_of(path)
    assert b"cam-hall" in bytes_of(path)


def test_everything_goes_from_the_bytes_as_well(path: Path) -> None:
    assert SECRET.encode() in bytes_of(path)
    gone = purge(path)
    assert (gone.seconds, gone.runs) == (14_400, 2)
    left = bytes_of(path)
    for word in (SECRET, WHO, "hall", RUN.run, "you were told"):
        assert word.encode() not in left
    assert path.stat().st_size < 100_000
    with TimelineReader(path) as reader:
        assert reader.rooms() == () == reader.runs(0, BEGAN + 9_999)
    assert purge(path) == Purged(freed=0)


def bytes_of(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in sorted(path.parent.iterdir()))


def test_a_room_that_is_not_known_is_told(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no room 'hal' \(did you mean 'hall'\?\); it has: hall, lab"):
        purge(path, room="hal")


def test_another_program_may_write_meanwhile(path: Path) -> None:
    now = RunBegan("now", BEGAN + 7_300, "audience", "p", "m", "{}", "")
    with TimelineWriter(path, retention_days=30, clock=lambda: BEGAN) as writer:
        writer.put(now)
        assert writer.flush()
        over = threading.Event()

        def go_on() -> None:
            at = 8_000
            while not over.wait(0.005):
                writer.put(replace(second(at), run="now"))
                at += 1

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            gone = purge(path, BEGAN + 7_200)
            assert gone.seconds == 14_400
            assert purge(path).runs >= 1
        finally:
            over.set()
            thread.join()
        assert writer.flush(20)
        writer.put(replace(second(90_000), run="now"))
        assert writer.flush(20)
        assert (writer.dropped, writer.state) == (0, "")
    with TimelineReader(path) as reader:
        assert reader.rooms() == ("hall",)
        assert reader.runs(0, BEGAN + 99_999) == (now,)
        assert [one.run for one in reader.seconds("hall", BEGAN + 90_000, BEGAN + 90_001)] == ["now"]
    assert SECRET.encode() not in path.read_bytes()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sums = "SELECT (SELECT count(*) FROM second), (SELECT sum(known) FROM minute), (SELECT sum(known) FROM hour)"
        assert len(set(connection.execute(sums).fetchone())) == 1
        assert connection.execute("SELECT count(*) FROM second WHERE room NOT IN (SELECT id FROM room)").fetchone() == (
            0,
        )
