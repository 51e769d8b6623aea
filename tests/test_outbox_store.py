from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from streamer.errors import SinkError
from streamer.outbox.entries import Entry
from streamer.outbox.store import Store, forget_others, purge


def stored(path: Path, receiver: str = "a", most: int = 100) -> closing[Store]:
    return closing(Store(path / "outbox.sqlite3", receiver, most))


def add(store: Store, *ids: str) -> list[bool]:
    return [store.add(id, "mark", f'{{"room": "hall", "id": "{id}"}}') for id in ids]


def delivered(store: Store) -> list[str]:
    """All that waits, in order; it is done then."""
    ids = []
    while (entry := store.next()) is not None:
        ids.append(entry.id)
        store.done(entry.id)
    return ids


def test_the_oldest_comes_first_and_stays_until_it_is_done(tmp_path: Path) -> None:
    with stored(tmp_path) as store:
        assert store.next() is None
        assert add(store, "1", "2") == [True, True]
        assert store.next() == store.next() == Entry("1", "mark", '{"room": "hall", "id": "1"}')
        assert store.waiting() == 2
        store.done("1")
        assert delivered(store) == ["2"]
        assert store.waiting() == 0


def test_an_id_that_waits_or_was_delivered_is_not_taken_again(tmp_path: Path) -> None:
    with stored(tmp_path) as store:
        assert add(store, "1", "1", "2") == [True, False, True]
        store.done("1")
        assert add(store, "1") == [False]
        assert delivered(store) == ["2"]
    with stored(tmp_path) as later:
        assert add(later, "1", "2", "3") == [False, False, True]
        assert delivered(later) == ["3"]


def test_the_oldest_gives_way_and_is_counted(tmp_path: Path) -> None:
    with stored(tmp_path, most=3) as store:
        add(store, "1", "2", "3", "4", "5")
        assert store.dropped == 2
        assert delivered(store) == ["3", "4", "5"]


def test_what_gave_way_while_it_was_under_way_is_not_taken_again(tmp_path: Path) -> None:
    with stored(tmp_path, most=1) as store:
        add(store, "1", "2")
        store.done("1")
        assert add(store, "1") == [False]
        assert delivered(store) == ["2"]


def test_receivers_do_not_see_each_other(tmp_path: Path) -> None:
    with stored(tmp_path, "a", 2) as first, stored(tmp_path, "b", 2) as second:
        add(first, "1", "2", "3")
        add(second, "1")
        assert (delivered(first), delivered(second)) == (["2", "3"], ["1"])


def test_one_thread_adds_while_another_delivers(tmp_path: Path) -> None:
    def fill() -> None:
        with stored(tmp_path, most=1000) as store:
            add(store, *map(str, range(300)))

    got: list[str] = []
    filler = threading.Thread(target=fill)
    filler.start()
    with stored(tmp_path, most=1000) as store:
        while len(got) < 300:
            got += delivered(store)
    filler.join()
    assert got == list(map(str, range(300)))


WRITER = """
import sys
from pathlib import Path
from streamer.outbox.store import Store
store = Store(Path(sys.argv[1]), "a", 100_000)
for number in range(int(sys.argv[2]), 100_000):
    store.add(str(number), "mark", "{}")
    print(number, flush=True)
"""


def test_what_was_acknowledged_survives_being_killed(tmp_path: Path) -> None:
    path, acknowledged = tmp_path / "outbox.sqlite3", -1
    for _ in range(4):
        command = [sys.executable, "-c", WRITER, str(path), str(acknowledged + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(50):
                acknowledged = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
    with stored(tmp_path, most=100_000) as store:
        got = delivered(store)
    # One more than was told may be there: it was killed between the two.
    assert got[: acknowledged + 1] == [str(number) for number in range(acknowledged + 1)]
    assert len(got) == len(set(got)) <= acknowledged + 2
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "outbox.sqlite3"
    with closing(Store(path, "a", 10)) as store:
        add(store, "1")
        files = list(path.parent.iterdir())
        assert len(files) >= 2  # with its journal
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.touch(mode=0o644)
    with stored(tmp_path) as store:
        add(store, "1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_delivered_is_not_left_on_the_disk(tmp_path: Path) -> None:
    with stored(tmp_path) as store:
        for number in range(100):
            store.add(str(number), "mark", '{"text": "CANARY"}' + " " * 300)
        assert len(delivered(store)) == 100
    assert b"CANARY" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_it_goes_on_once_the_file_can_be_used(tmp_path: Path) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    with closing(Store(blocked / "outbox.sqlite3", "a", 10)) as store:
        with pytest.raises(SinkError, match=r"outbox\.sqlite3 cannot be used: .*; check the disk"):
            add(store, "1")
        blocked.unlink()
        assert add(store, "1") == [True]
        assert delivered(store) == ["1"]


def test_a_file_that_breaks_may_be_deleted_meanwhile(tmp_path: Path) -> None:
    with stored(tmp_path) as store:
        add(store, "1")
        with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("DROP TABLE events")
        with pytest.raises(SinkError, match="no such table"):
            add(store, "2")
        for file in list(tmp_path.iterdir()):
            file.unlink()
        assert add(store, "2") == [True]
        assert delivered(store) == ["2"]


def test_a_file_that_is_none_of_ours_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_text("no database at all" * 100)
    with stored(tmp_path) as store, pytest.raises(SinkError, match="not a database"):
        add(store, "1")
    assert path.read_text().startswith("no database")


def test_a_newer_file_is_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 9")
    with stored(tmp_path) as store, pytest.raises(SinkError, match="newer version of this program"):
        add(store, "1")
    with closing(sqlite3.connect(tmp_path / "outbox.sqlite3")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)


def test_receivers_that_are_no_longer_named_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    forget_others(path, ["a"])
    assert not path.exists()
    with stored(tmp_path, "a") as first, stored(tmp_path, "b") as second:
        add(first, "1")
        add(second, "2")
        forget_others(path, ["a"])
        assert (delivered(first), delivered(second)) == (["1"], [])
        add(first, "3")
        forget_others(path, [])
        assert delivered(first) == []


def test_what_waits_of_a_room_can_be_deleted(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    assert purge(path) == 0
    with stored(tmp_path) as store:
        add(store, "1", "2")
        store.add("3", "mark", '{"room": "attic"}')
        store.done("1")
        assert purge(path, "hall") == 1
        assert delivered(store) == ["3"]
        assert add(store, "4") == [True]
        assert purge(path) == 1
        assert add(store, "1") == [False]  # what was delivered is still known
