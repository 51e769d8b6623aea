"""Kills, full disks and files that are not ours."""

from __future__ import annotations

import hashlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from streamer.errors import SinkError
from streamer.timeline.exporting import export
from streamer.timeline.purging import purge
from streamer.timeline.reader import TimelineReader
from streamer.timeline.schema import MIGRATIONS, reading, writing
from streamer.timeline.writer import TimelineWriter
from streamer.write_ahead import write_ahead
from tests.timeline_rows import BEGAN, second, until, write

ROOT = Path(__file__).parent.parent

KILLS = 20

NURSERY = """
import os, sys
from pathlib import Path
from streamer.timeline.writer import TimelineWriter
from tests.timeline_rows import BEGAN, second

def work(at):
    print(os.getpid(), flush=True)
    with TimelineWriter(Path(sys.argv[1]), retention_days=3650, clock=lambda: BEGAN) as writer:
        while True:
            for _ in range(40):
                writer.put(second(at))
                at += 1
            assert writer.flush()
            print(at, flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        work(int(line))
    os.waitpid(child, 0)
    print("dead", flush=True)
"""
"""Starts processes that write, one at a time: each numbers its seconds from what it is told and says its own number,
then after each commit how far it came. A start of Python for each would be most of the test."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_kill_loses_no_acknowledged_row(tmp_path: Path) -> None:
    path, at = tmp_path / "t.sqlite", 0
    command = [sys.executable, "-c", NURSERY, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        for kill in range(KILLS):
            print(at, file=nursery.stdin, flush=True)
            child = int(nursery.stdout.readline())
            told = [nursery.stdout.readline() for _ in range(kill % 7 + 1)]
            os.kill(child, signal.SIGKILL)
            told += list(iter(nursery.stdout.readline, "dead\n"))
            at = int(told[-1])
            with TimelineReader(path) as reader:
                kept = [one.utc - BEGAN for one in reader.seconds("hall", BEGAN, BEGAN + at)]
            assert kept == list(range(at))
        nursery.stdin.close()
    assert at >= KILLS * 40
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        sums = "SELECT (SELECT count(*) FROM second), (SELECT sum(known) FROM minute), (SELECT sum(known) FROM hour)"
        assert len(set(connection.execute(sums).fetchone())) == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)]
    if os.name != "posix" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root alone")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_holds_nobody_up_and_is_written_once_there_is_space(small_disk: Path) -> None:
    path, ballast = small_disk / "t.sqlite", small_disk / "ballast"
    with TimelineWriter(path, retention_days=30, clock=lambda: BEGAN) as writer:
        writer.put(second(0))
        assert writer.flush()
        fill(ballast)
        for at in range(1, 3000):
            writer.put(second(at))
        assert until(lambda: "full" in writer.state or "I/O" in writer.state)
        assert "rows wait" in writer.state
        written = writer.acknowledged
        assert written < 3000
        ballast.unlink()
        assert writer.flush(10)
        assert (writer.acknowledged, writer.dropped, writer.state) == (3000, 0, "")
    with TimelineReader(path) as reader:
        assert len(list(reader.seconds("hall", BEGAN, BEGAN + 3000))) == 3000


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


def test_at_the_end_a_full_disk_is_waited_for_some_seconds_only(small_disk: Path) -> None:
    with TimelineWriter(small_disk / "t.sqlite", retention_days=30, clock=lambda: BEGAN) as writer:
        fill(small_disk / "ballast")
        for at in range(3000):
            writer.put(second(at))
    assert writer.acknowledged + writer.dropped == 3000
    assert writer.dropped > 0


def other_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (address TEXT)")
        connection.commit()


def newer(path: Path) -> None:
    with closing(writing(path, [*MIGRATIONS, ("CREATE TABLE later (x)",)])):
        pass


def damaged(path: Path) -> None:
    write(path, [second(at) for at in range(3000)])
    with path.open("r+b") as file:
        for page in range(30, 60, 2):  # of the seconds: the tables are still known
            file.seek(page * 4096)
            file.write(b"\xa5" * 4096)


def cut(path: Path) -> None:
    write(path, [second(at) for at in range(3000)])
    os.truncate(path, 40_000)


REFUSALS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("not a database\n" * 300), "is no timeline, or damaged .*name another file"),
    "other": (other_program, "database of another program"),
    "newer": (newer, "version 2, this groupmood knows up to 1; .*use the newer groupmood"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_what_is_no_timeline_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path, (make, words) = tmp_path / "t.sqlite", REFUSALS[kind]
    make(path)
    before = digest(path)
    for ask in (opened, lambda path: TimelineReader(path).__enter__(), purge, exported):
        with pytest.raises(SinkError, match=words):
            ask(path)
        assert digest(path) == before
    assert sorted(one.name for one in tmp_path.iterdir() if not one.name.endswith(("-wal", "-shm"))) == ["t.sqlite"]


@pytest.mark.parametrize("harm", [damaged, cut])
def test_a_damaged_timeline_is_not_written(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    path = tmp_path / "t.sqlite"
    harm(path)
    before = digest(path)
    for ask in (opened, purge):
        with pytest.raises(SinkError, match=r"damaged \(.* left as it is"):
            ask(path)
        assert digest(path) == before
    with pytest.raises(SinkError, match="timeline"):
        list(TimelineReader(path).seconds("hall", BEGAN, BEGAN + 3000))


def opened(path: Path) -> None:
    TimelineWriter(path, retention_days=30).__enter__()


def exported(path: Path) -> None:
    export(path, path.with_name("out.csv"), "csv")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for ask in (lambda path: TimelineReader(path).__enter__(), purge, exported):
        with pytest.raises(SinkError, match="there is no timeline at"):
            ask(tmp_path / "none.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_file_left_empty_by_a_kill_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    write(path, [second(0)])
    with TimelineReader(path) as reader:
        assert reader.rooms() == ("hall",)


def test_an_older_file_is_brought_up_to_date_in_one_step_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite"
    write(path, [second(0)])
    wrong = [*MIGRATIONS, ("ALTER TABLE room ADD COLUMN more TEXT", "CREATE TABLE nonsense")]
    with pytest.raises(SinkError, match="cannot write the timeline"):
        writing(path, wrong)
    reading(path).close()
    later = [*MIGRATIONS, ("ALTER TABLE room ADD COLUMN more TEXT DEFAULT 'x'",)]
    with pytest.raises(
        SinkError, match="of version 1, this groupmood reads 2; start 'groupmood serve' or 'run' with it once"
    ):
        reading(path, later)
    writing(path, later).close()
    with closing(reading(path, later)) as connection:
        assert connection.execute("SELECT name, more FROM room").fetchall() == [("hall", "x")]


def test_several_programs_may_open_it_at_once(tmp_path: Path) -> None:
    for number in range(10):
        assert opened_at_once(partial(writing, tmp_path / f"{number}.sqlite")) == 8


def opened_at_once(opening: Callable[[], sqlite3.Connection]) -> int:
    """How many of eight had no fault."""
    barrier = threading.Barrier(8)

    def work() -> sqlite3.Connection:
        barrier.wait()
        return opening()

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(work) for _ in range(8)]
    whole = [one.result() for one in found if one.exception() is None]
    for connection in whole:
        connection.close()
    return len(whole)


class Refused(sqlite3.Connection):
    """Notes when it was told that the file is locked."""

    told: threading.Event

    def execute(self, *words: Any) -> sqlite3.Cursor:
        try:
            return super().execute(*words)
        except sqlite3.OperationalError:
            self.told.set()
            raise


def test_who_comes_while_it_is_held_tries_again(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    late = sqlite3.connect(tmp_path / "t.sqlite", timeout=0.0, check_same_thread=False, factory=Refused)
    late.told = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        trying = pool.submit(write_ahead, late, 30.0)
        assert late.told.wait(10)
        holder.execute("ROLLBACK")
        trying.result(timeout=10)
    assert late.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    late.close()
    holder.close()


def test_who_holds_it_for_too_long_is_told(tmp_path: Path) -> None:
    holder = sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    late = sqlite3.connect(tmp_path / "t.sqlite", timeout=0.0)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(late, 0.05)
    holder.execute("ROLLBACK")
    write_ahead(late, 0.05)
    assert late.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    late.close()
    holder.close()
