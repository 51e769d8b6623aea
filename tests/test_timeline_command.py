"""What a person types and reads."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer import audit
from streamer.commands.places import Places, places
from streamer.commands.timeline import export, info, purge, seconds_of, size
from streamer.errors import ConfigError, SinkError
from streamer.occurrences import mark
from streamer.outbox import FILE
from streamer.outbox.store import Store
from streamer.timeline.places import state_dir, timeline_path
from tests.timeline_rows import BEGAN, RUN, second, write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    rows = [second(at) for at in range(3_700)]
    write(tmp_path / "t.sqlite", [RUN, *rows, second(90_000, room="[red]lab"), mark("hall", BEGAN + 7, "x")])
    return tmp_path / "t.sqlite"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_info(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert info(path) == 0
    told = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert told[:3] == [
        "room from to with numbers sittings occurrences",
        "[red]lab 2023-11-16 00:20 2023-11-16 00:20 0:01 1 0",
        "hall 2023-11-14 23:20 2023-11-15 00:21 1:01:40 1 1",
    ]
    assert told[3].startswith(f"kept in {path}, ")


def test_info_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "t.sqlite", [])
    assert info(tmp_path / "t.sqlite") == 0
    assert capsys.readouterr().out.startswith("nothing is kept yet\n")
    with pytest.raises(SinkError, match="there is no timeline"):
        info(tmp_path / "none.sqlite")


def test_export(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.csv"
    assert export(Places(path), out, room="hall", since="2023-11-14T23:30", until="2023-11-14T22:30:01Z") == 0
    assert capsys.readouterr().out == f"{out}: 1 row\n"
    assert "2023-11-14T22:30:00Z" in out.read_text().splitlines()[1]
    assert export(Places(path), tmp_path / "marks.jsonl", "occurrences", room=None, since=None, until=None) == 0
    assert capsys.readouterr().out.endswith("marks.jsonl: 1 row\n")


def test_export_says_what_is_wrong(path: Path, tmp_path: Path) -> None:
    for name, what, since, words in (
        ("out.xlsx", "seconds", None, r"ends in \.csv, \.jsonl, \.parquet says what is written, got 'out\.xlsx'"),
        ("out.csv", "second", None, r"got 'second' \(did you mean 'seconds'\?\)"),
        ("out.csv", "seconds", "yesterday", "expected a date like 2026-01-31, .* got 'yesterday'"),
    ):
        with pytest.raises(ConfigError, match=words):
            export(Places(path), tmp_path / name, what, room=None, since=since, until=None)


def test_purge(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert purge(Places(path), before="2023-11-15") == 0
    assert capsys.readouterr().out.startswith("deleted: 2400 seconds, 1 occurrence\n")
    assert purge(Places(path), before="2023-11-15") == 0
    assert capsys.readouterr().out == "deleted: nothing, none of it was there\n"
    assert purge(Places(path), everything=True, room="[red]lab") == 0
    assert capsys.readouterr().out.startswith("deleted: 1 second\n")
    assert purge(Places(path), everything=True) == 0
    assert capsys.readouterr().out.startswith("deleted: 1300 seconds, 1 run\n")


def test_purge_wants_to_be_told_what_is_to_go(path: Path) -> None:
    for before, everything in ((None, False), ("2023-11-15", True)):
        with pytest.raises(ConfigError, match="--before DATE, or --all"):
            purge(Places(path), before=before, everything=everything)


def test_dates_are_local_where_they_name_no_zone() -> None:
    assert seconds_of("2023-11-14T23:20") == BEGAN == seconds_of("2023-11-14T22:20Z")
    assert seconds_of("2023-11-14") == BEGAN - 23 * 3_600 - 20 * 60


def test_sizes() -> None:
    assert [size(n) for n in (0, 4_096, 123_456, 2_837_590_016)] == ["0.0 kB", "4.1 kB", "0.1 MB", "2837.6 MB"]


def test_the_state_folder_is_the_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "state" / "groupmood").mkdir(parents=True, mode=0o755)
    assert timeline_path() == tmp_path / "state" / "groupmood" / "timeline.sqlite"
    assert mode(tmp_path / "state" / "groupmood") == 0o700


def test_a_configured_folder_is_made_for_the_user_alone_and_kept_as_it_is(tmp_path: Path) -> None:
    assert state_dir(tmp_path / "mine") == tmp_path / "mine"
    assert mode(tmp_path / "mine") == 0o700
    (tmp_path / "mine").chmod(0o750)
    assert timeline_path(None, tmp_path / "mine") == tmp_path / "mine" / "timeline.sqlite"
    assert mode(tmp_path / "mine") == 0o750
    assert timeline_path(tmp_path / "other" / "file.db") == tmp_path / "other" / "file.db"
    assert not (tmp_path / "other").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match=r"cannot make the state folder .*name another place"):
        state_dir(tmp_path / "file" / "x")


def mode(path: Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize("beside", [True, False])
def test_exports_and_deletions_stand_in_the_log_where_one_is_kept(path: Path, tmp_path: Path, *, beside: bool) -> None:
    export(Places(path), tmp_path / "first.csv", room=None, since=None, until=None)  # no log yet, and none is begun
    log = (path.parent if beside else state_dir()) / audit.NAME
    assert not log.exists()
    audit.Audit(log)
    export(Places(path), tmp_path / "out.csv", room="hall", since="2023-11-14T23:30", until="2023-11-14T22:30:01Z")
    purge(Places(path), before="2023-11-15")
    assert audit.verify(log).fault == ""
    _, exported, deleted = (json.loads(line) for line in log.read_text().splitlines())
    assert (exported["what"], exported["facts"]["kind"], exported["facts"]["rows"]) == ("exported", "seconds csv", 1)
    assert exported["facts"]["end"] - exported["facts"]["begin"] == 1
    assert (deleted["what"], deleted["facts"]) == (
        "deleted",
        {"rows": 2401, "before": "2023-11-15", "reason": "purge"},
    )


def event(room: str, utc: str) -> str:
    return json.dumps({"room": room, "utc": utc})


WAITING = (
    ("1", "hall", "2023-11-14T22:59:59.900Z"),
    ("2", "hall", "2023-11-14T23:00:00.100Z"),  # midnight in Berlin
    ("3", "lab", "2023-11-14T22:00:00.000Z"),
)


def wait(folder: Path) -> Store:
    waiting = Store(folder / FILE, "a webhook", 100)
    for id, room, utc in WAITING:
        waiting.add(id, "mark", event(room, utc))
    return waiting


def test_with_what_is_deleted_goes_what_nobody_has_got_yet(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = wait(path.parent)
    purge(Places(path), before="2023-11-15", room="hall")
    assert "and 1 event that nobody has got yet\n" in capsys.readouterr().out
    assert (first := waiting.next()) is not None
    assert first.id == "2"
    purge(Places(path), everything=True, room="hall")
    assert "and 1 event that nobody has got yet\n" in capsys.readouterr().out
    assert waiting.waiting() == 1
    purge(Places(path), before="2023-11-15")
    assert waiting.waiting() == 0
    waiting.close()


def test_events_in_the_systems_state_folder_go_only_with_a_configuration_that_keeps_them_there(
    path: Path, tmp_path: Path
) -> None:
    """An old timeline may lie anywhere: what waits there may be of another one."""
    waiting = wait(state_dir())
    purge(places(None, path, {}), before="2024-01-01", room="hall")
    assert waiting.waiting() == 3
    written = tmp_path / "groupmood.yaml"
    written.write_text(f"sources: {{hall: {{address: '0'}}}}\ntimeline: {{file: {path}}}\n", encoding="utf-8")
    purge(places(written, None, {}), everything=True)
    assert waiting.waiting() == 0
    waiting.close()


def test_a_configuration_says_where_everything_is_kept(path: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    written = tmp_path / "groupmood.yaml"
    written.write_text(
        f"sources: {{hall: {{address: '0'}}}}\ntimeline: {{file: {path}}}\nstate_dir: {state}\n", encoding="utf-8"
    )
    where = places(written, None, {})
    assert (where.timeline, where.state) == (path, state)
    waiting, elsewhere = wait(state), wait(state_dir())
    for folder in (state, state_dir()):
        audit.Audit(folder / audit.NAME)
    export(where, tmp_path / "out.csv", room=None, since=None, until=None)
    purge(where, everything=True)
    logs = [[json.loads(line)["what"] for line in (one / audit.NAME).read_text().splitlines()]
            for one in (state, state_dir())]  # fmt: skip
    assert logs == [["begun", "exported", "deleted"], ["begun"]]
    assert (waiting.waiting(), elsewhere.waiting()) == (0, 3)
    waiting.close()
    elsewhere.close()
    assert places(written, tmp_path / "other.sqlite", {}).timeline == tmp_path / "other.sqlite"
