from __future__ import annotations

import logging
import threading
import time

import pytest

from streamer.errors import SinkError
from streamer.metrics import Metrics
from streamer.occurrences import Alert, Mark, PastMoment, mark, past_moment
from streamer.outbox.entries import KIND_OF, Entry, entry_of
from streamer.outbox.intake import HANDED, Intake
from streamer.outbox.tally import Tally
from streamer.row_events import KINDS
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunEnded
from tests.outbox_rows import BEGIN, marks, second, slides, text_of, until

ROWS: tuple[Row, ...] = (
    second(),
    past_moment("hall", BEGIN, 20.0, -0.5),
    Alert("id", "hall", BEGIN, "gloom", "valence was below -0.4", -0.5, (-0.6, -0.4), 6),
    mark("hall", BEGIN, "slide 1"),
    CameraChange("left", "hall", BEGIN, "online"),
    PersonSecond("hall", BEGIN, "p", "happiness", 0.9, 0.5, 1.0),
    RunEnded("run", BEGIN),
)


class Shelf:
    """Keeps what it is given; broken, it does not."""

    def __init__(self) -> None:
        self.kept: list[Entry] = []
        self.tries: list[Entry] = []
        self.broken = False
        self.tried = threading.Semaphore(0)
        self.open = threading.Event()
        self.open.set()

    def keep(self, entry: Entry) -> None:
        self.tries.append(entry)
        self.tried.release()
        self.open.wait(10)
        if self.broken:
            raise SinkError("the disk is full; make room")
        self.kept.append(entry)


def intake(shelf: Shelf, metrics: Metrics, kinds: tuple[str, ...] = KINDS) -> Intake:
    made = Intake(Tally("shelf", metrics), kinds, shelf.keep)
    made.start()
    return made


def test_each_row_is_known_by_the_kind_of_its_event() -> None:
    for row in ROWS:
        entry = entry_of(row)
        assert (None if entry is None else entry.kind) == KIND_OF.get(type(row))
    assert set(KIND_OF.values()) == set(KINDS)


def test_rows_of_the_kinds_asked_for_are_kept_in_order() -> None:
    shelf, metrics = Shelf(), Metrics()
    made = intake(shelf, metrics, ("moment", "mark"))
    for row in (*ROWS, *marks(3)):
        made.put(row)
    made.close(5)
    assert [entry.kind for entry in shelf.kept] == ["moment", "mark", "mark", "mark", "mark"]
    assert [text_of(entry.payload) for entry in shelf.kept[2:]] == slides(3)


def test_what_cannot_be_kept_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    shelf, metrics = Shelf(), Metrics()
    shelf.broken = True
    made = intake(shelf, metrics)
    for row in marks(3):
        made.put(row)
    assert until(lambda: made.state)
    assert made.state == "the disk is full; make room"
    shelf.broken = False
    assert until(lambda: len(shelf.kept) == 3)
    assert until(lambda: not made.state)
    made.close(5)
    assert [text_of(entry.payload) for entry in shelf.kept] == slides(3)
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "shelf: the disk is full; make room",
        "shelf: events are kept again",
    ]


def test_nobody_waits_for_a_slow_shelf_and_the_oldest_gives_way() -> None:
    shelf, metrics = Shelf(), Metrics()
    shelf.open.clear()
    made = intake(shelf, metrics)
    rows = marks(HANDED + 50)
    made.put(rows[0])
    assert shelf.tried.acquire(timeout=10)  # the first is in hand
    began = time.monotonic()
    for row in rows[1:]:
        made.put(row)
    assert time.monotonic() - began < 5  # far below what the shelf takes
    shelf.open.set()
    made.close(10)
    assert [text_of(entry.payload) for entry in shelf.kept] == ["slide 0", *slides(HANDED, 50)]
    assert metrics.snapshot().count("events dropped", "shelf") == 49


def test_what_cannot_be_told_is_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    shelf, metrics = Shelf(), Metrics()
    made = intake(shelf, metrics)
    made.put(Mark("id", "hall", BEGIN, "half a \ud83d"))
    made.put(marks(1)[0])
    made.close(5)
    assert [text_of(entry.payload) for entry in shelf.kept] == ["slide 0"]
    assert metrics.snapshot().count("events failed", "shelf") == 1
    assert "shelf cannot be told of a Mark" in caplog.text


def test_closing_does_not_wait_for_a_shelf_that_stays_broken() -> None:
    shelf, metrics = Shelf(), Metrics()
    shelf.broken = True
    made = intake(shelf, metrics)
    for row in marks(20):
        made.put(row)
    assert until(lambda: made.state)
    began = time.monotonic()
    made.close(5)
    assert time.monotonic() - began < 3
    assert len(shelf.tries) <= 3
    assert metrics.snapshot().count("events dropped", "shelf") == 20
    made.close(5)
    made.put(marks(1)[0])
    assert metrics.snapshot().count("events dropped", "shelf") == 20


def test_a_moment_that_came_in_pieces_is_one() -> None:
    one, other = past_moment("hall", BEGIN + 0.2, 20.0, -0.5), past_moment("hall", BEGIN + 0.3, 20.0, -0.5)
    assert isinstance(one, PastMoment)
    first, second_ = entry_of(one), entry_of(other)
    assert first is not None
    assert second_ is not None
    assert first.id == second_.id
