"""What the sums of minutes and hours tell is what a loop over all seconds finds."""

from __future__ import annotations

import random
import statistics
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.occurrences import mark
from streamer.timeline.answers import Bucket, Course, Sitting
from streamer.timeline.courses import LADDER, MOST, width_of
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rollup import WIDTHS
from streamer.timeline.rows import PersonSecond, RunBegan, RunEnded, Second
from streamer.timeline.schema import SCALE, transaction, writing
from streamer.timeline.storing import Batch
from streamer.timeline.writer import TimelineWriter
from tests.timeline_rows import BEGAN, RUN, mood, second, signs, wave, write

HOURS = 3 * 3600
YEAR = 365 * 86_400


@pytest.fixture(scope="module")
def rows() -> list[Second]:
    """Three hours of the hall: a wave with holes, doubt, pauses, a few signs, and another number of people now and
    then."""
    chance = random.Random(7)
    made = []
    for at in range(HOURS):
        if chance.random() < 0.05 or 4000 < at < 4900:
            continue
        valence = None if chance.random() < 0.1 else wave(at)
        made.append(second(at, valence, people=3 + at // 3000))
        if chance.random() < 0.02:
            made[-1] = Second("hall", BEGAN + at, RUN.run, None, paused=chance.random() < 0.5)
        elif chance.random() < 0.02:
            made[-1] = signs(at, chance.choice([None, 0.2, 0.6]))
    return made


@pytest.fixture(scope="module")
def path(rows: list[Second], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written late, out of order and partly twice, the first time wrong."""
    path = tmp_path_factory.mktemp("kept") / "t.sqlite"
    wrong = [second(row.utc - BEGAN, 0.99, people=99) for row in rows[::7]]
    order = random.Random(3)
    shuffled = order.sample(rows, len(rows))
    write(path, [RUN, *wrong, *shuffled, second(0, 0.9, room="other")])
    return path


def expected(rows: Sequence[Second], utc: int, width: int) -> Bucket:
    """By a loop over all, in floating point."""
    inside = [row for row in rows if utc <= row.utc < utc + width]
    moods = [row.mood for row in inside if row.mood is not None]
    sign = [row.signs for row in inside if row.signs is not None]
    valences = [mood.valence for mood in moods if mood.valence is not None]
    intervals = [mood.interval for mood in moods if mood.interval is not None]
    numbers = [one for one in sign if not (one.smile is one.frown is one.nod is one.shake is one.facing is None)]
    return Bucket(
        utc=utc,
        width=width,
        known=len(inside),
        seconds=len(valences) + len(numbers),
        paused=sum(row.paused for row in inside),
        people=mean([*(mood.people for mood in moods), *(one.people for one in sign)]),
        used=mean([mood.used for mood in moods]),
        valence=mean(valences),
        low=mean([low for low, _ in intervals]),
        high=mean([high for _, high in intervals]),
        least=min(valences, default=None),
        most=max(valences, default=None),
        arousal=mean([mood.arousal for mood in moods]),
        dispersion=mean([mood.dispersion for mood in moods]),
        cohesion=mean([mood.cohesion for mood in moods]),
        coverage=mean([mood.coverage for mood in moods]),
        positive=mean([mood.positive for mood in moods]),
        negative=mean([mood.negative for mood in moods]),
        shares=mood().shares if moods else None,
        smile=mean([one.smile for one in sign]),
        frown=mean([one.frown for one in sign]),
        nod=None,
        shake=mean([one.shake for one in sign]),
        facing=mean([one.facing for one in sign]),
    )


def mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return statistics.fmean(known) if known else None


def check(course: Course, rows: Sequence[Second]) -> None:
    for bucket in course.buckets:
        reckoned = expected(rows, bucket.utc, course.width)
        for name in Bucket.__slots__:
            assert getattr(bucket, name) == pytest.approx(getattr(reckoned, name), abs=1e-9), (bucket.utc, name)


@pytest.mark.parametrize(
    ("begin", "end", "most", "width"),
    [
        (0, 40, 600, 1),
        (3_900, 5_000, 600, 2),
        (100, HOURS, 600, 20),
        (0, HOURS, 180, 60),
        (17, HOURS + 500, 20, 600),
        (-3_000, HOURS, 5, 3_600),
        (0, HOURS, 2, 7_200),
    ],
)
def test_a_course_is_what_a_loop_finds(
    path: Path, rows: list[Second], begin: int, end: int, most: int, width: int
) -> None:
    with TimelineReader(path) as reader:
        course = reader.course("hall", BEGAN + begin, BEGAN + end, most)
    assert (course.room, course.begin, course.end, course.width) == ("hall", BEGAN + begin, BEGAN + end, width)
    assert len(course.buckets) <= most
    assert [one.utc for one in course.buckets] == list(
        range(course.buckets[0].utc, course.buckets[-1].utc + 1, course.width)
    )
    assert course.buckets[0].utc <= course.begin < course.buckets[0].utc + width
    assert course.buckets[-1].utc < course.end <= course.buckets[-1].utc + width
    check(course, rows)


def test_where_nothing_is_known_the_buckets_say_so(path: Path) -> None:
    with TimelineReader(path) as reader:
        for room, begin in (("hall", BEGAN - YEAR), ("nowhere", BEGAN)):
            course = reader.course(room, begin, begin + 100, 10)
            assert {(one.known, one.seconds, one.valence, one.shares) for one in course.buckets} == {(0, 0, None, None)}
            assert len(course.buckets) == 10
        assert reader.sittings("nowhere") == () == reader.occurrences("nowhere", 0, BEGAN)
        assert reader.span("nowhere") is None
        assert list(reader.seconds("nowhere", 0, BEGAN + HOURS)) == []


def test_wrong_questions_are_told(path: Path) -> None:
    with TimelineReader(path) as reader:
        with pytest.raises(ConfigError, match="must begin before it ends, got 5 to 5"):
            reader.course("hall", 5, 5)
        with pytest.raises(ConfigError, match="at least 2 buckets"):
            reader.course("hall", 0, 5, 1)
        with pytest.raises(ConfigError, match="gap must be at least 60 seconds, got 59"):
            reader.sittings("hall", 59)
        assert len(reader.course("hall", -(10**30), 10**30, 600).buckets) <= 600


def test_a_course_reads_few_rows_however_long_it_is() -> None:
    for span in (1, 59, 3_600, 86_399, 86_400, 30 * 86_400, YEAR, 10 * YEAR):
        for begin in (BEGAN, BEGAN + 1, BEGAN + 1_799):
            for most in (2, 60, 600, 2_000):
                width = width_of(begin, begin + span, most)
                table = max(one for one in WIDTHS.values() if width % one == 0)
                first, last = begin // width * width, -(-(begin + span) // width) * width
                assert (last - first) // width <= most
                assert (last - first) // table <= max(60 * most, YEAR // 3_600 * 11)
    assert all(86_400 % width == 0 for width in LADDER)
    assert width_of(BEGAN, BEGAN + 3 * 365 * 86_400, 600) == 2 * 86_400
    assert width_of(0, 10**9, MOST) <= 10_800


def test_sittings_are_told_apart_by_gaps(tmp_path: Path) -> None:
    there = [*range(100), *range(699, 800), *range(1_401, 1_500), *range(9_000, 9_001)]
    empty = [Second("hall", BEGAN + at, RUN.run, None) for at in range(100, 699, 10)]
    rows = [second(at, None if at < 50 else 0.1, people=2 + at // 700) for at in there]
    write(tmp_path / "t.sqlite", [*rows, *empty])
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        assert reader.sittings("hall", 600) == (
            Sitting("hall", BEGAN, BEGAN + 800, 50 + 101, 3),
            Sitting("hall", BEGAN + 1_401, BEGAN + 1_500, 99, 4),
            Sitting("hall", BEGAN + 9_000, BEGAN + 9_001, 1, 14),
        )
        assert [one.begin - BEGAN for one in reader.sittings("hall", 602)] == [0, 9_000]
        assert [one.begin - BEGAN for one in reader.sittings("hall", 60)] == [0, 699, 1_401, 9_000]


def test_sittings_are_what_a_loop_finds(path: Path, rows: list[Second]) -> None:
    times = sorted(row.utc for row in rows if row.mood is not None or row.signs is not None)
    for gap in (60, 600, 899, 1_000):
        begins = [now for before, now in zip([0, *times], times, strict=False) if now - before > gap]
        with TimelineReader(path) as reader:
            found = reader.sittings("hall", gap)
        assert [one.begin for one in found] == begins
        assert found[-1].end == times[-1] + 1


def test_spans_are_from_begin_to_below_end(tmp_path: Path) -> None:
    people = [PersonSecond("hall", BEGAN + at, "p", "happiness", 0.5, 0.1, 0.9) for at in range(10)]
    write(
        tmp_path / "t.sqlite", [*map(second, range(10)), *people, *(mark("hall", BEGAN + at, "x") for at in range(10))]
    )
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        span = BEGAN + 3, BEGAN + 6
        assert [one.utc - BEGAN for one in reader.seconds("hall", *span)] == [3, 4, 5]
        assert [one.utc - BEGAN for one in reader.people("hall", *span)] == [3, 4, 5]
        assert [one.utc - BEGAN for one in reader.occurrences("hall", *span)] == [3, 4, 5]
        assert len(reader.course("hall", *span).occurrences) == 3


def test_runs_that_were_on(tmp_path: Path) -> None:
    names = ("ended", "killed", "on")
    begun = [RunBegan(name, BEGAN + 100 * n, "self", "0", "m", "{}", "") for n, name in enumerate(names)]
    write(tmp_path / "t.sqlite", [begun[0], RunEnded("ended", BEGAN + 50, "stopped"), *begun[1:]])
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        for at, on in ((-10, ""), (10, "ended"), (60, ""), (150, "killed"), (250, "on"), (9_999, "on")):
            assert [one.run for one in reader.runs(BEGAN + at, BEGAN + at + 5)] == on.split()


def test_threads_read_while_it_is_written(tmp_path: Path) -> None:
    path, faults, over = tmp_path / "t.sqlite", [], threading.Event()

    def read(reader: TimelineReader) -> None:
        while not over.is_set():
            course = reader.course("hall", BEGAN, BEGAN + 3_600, 60)
            known = sum(one.known for one in course.buckets)
            spread = [one.known for one in course.buckets if one.known]
            faults.extend(spread[:-1] if any(one != 60 for one in spread[:-1]) and known else [])

    with TimelineWriter(path, retention_days=30, clock=lambda: BEGAN) as writer, TimelineReader(path) as reader:
        threads = [threading.Thread(target=read, args=(reader,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for at in range(1_200):
            writer.put(second(at))
            if at % 100 == 99:
                assert writer.flush()
        over.set()
        for thread in threads:
            thread.join()
        assert sum(one.known for one in reader.course("hall", BEGAN, BEGAN + 3_600, 60).buckets) == 1_200
    assert faults == []


def test_no_table_has_a_place_for_faces(path: Path) -> None:
    numbers = {"people", "used", "positive", "negative", "together", "sign_people", "paused", "run", "room", "utc"}
    with closing(writing(path)) as connection:
        tables = {
            str(name): {str(row[1]): str(row[2]) for row in connection.execute(f"PRAGMA table_info({name})")}
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
    assert set(tables) == {
        "room",
        "run",
        "second",
        "minute",
        "hour",
        "person",
        "camera",
        "occurrence",
        "sqlite_sequence",
    }
    assert numbers <= set(tables["second"])
    assert {kind for table, columns in tables.items() if table != "sqlite_sequence" for kind in columns.values()} == {
        "INTEGER", "REAL", "TEXT",
    }  # fmt: skip
    texts = {(table, name) for table, columns in tables.items() for name, kind in columns.items() if kind == "TEXT"}
    assert {table for table, _ in texts} == {"room", "run", "person", "camera", "occurrence"}
    assert {name for table, name in texts if table == "person"} == {"person", "label"}
    words = " ".join(name for columns in tables.values() for name in columns)
    for forbidden in ("box", "landmark", "embedding", "pixel", "image", "jpeg", "x1", "face"):
        assert forbidden not in words


def test_a_written_file_has_no_picture_in_it(path: Path) -> None:
    data = path.read_bytes()
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF", b"ftyp", b"\x00\x00\x00\x01\x67"):
        assert magic not in data
    with closing(writing(path)) as connection:
        for table in ("second", "person", "occurrence", "camera", "run", "minute", "hour"):
            for row in connection.execute(f"SELECT * FROM {table}"):
                assert not any(isinstance(value, bytes) for value in row)


def test_numbers_are_kept_to_four_decimals(tmp_path: Path) -> None:
    with closing(writing(tmp_path / "t.sqlite")) as connection, transaction(connection):
        batch = Batch(connection, {})
        batch.add(second(0, 0.123456))
        batch.finish()
        assert connection.execute("SELECT valence FROM second").fetchone() == (round(0.1235 * SCALE),)
    assert len(LABELS) == 8
