"""What was done to an audit log afterwards is found and named, by the function and by the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streamer.audit import Audit, head, verify
from streamer.commands import audit as command
from streamer.errors import ConfigError

Lines = list[bytes]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "audit.jsonl"
    audit = Audit(path, iter(map(float, range(100))).__next__)
    for number in range(6):
        audit.write("started", run=str(number))
    return path


def change(log: Path, how: Callable[[Lines], Lines]) -> str:
    """The fault that is found once the lines were changed so."""
    lines = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join(how(lines)) + b"\n")
    return verify(log).fault


def with_line(lines: Lines, place: int, text: bytes) -> Lines:
    return [*lines[: place - 1], text, *lines[place:]]


def test_a_log_as_it_was_written_has_no_fault(log: Path) -> None:
    found = verify(log)
    assert (found.lines, found.fault, found.interrupted, found.head) == (7, "", 0, head(log))
    assert (found.first, found.last) == ("1970-01-01T00:00:00.000Z", "1970-01-01T00:00:06.000Z")


@pytest.mark.parametrize("place", [1, 2, 4, 6])
def test_a_changed_line_is_named(log: Path, place: int) -> None:
    def later(lines: Lines) -> Lines:
        return with_line(lines, place, lines[place - 1].replace(b"1970", b"1971"))

    assert change(log, later).startswith(f"line {place} was changed")


@pytest.mark.parametrize(("place", "fault"), [(1, "before line 1"), (3, "before line 3"), (6, "before line 6")])
def test_a_removed_line_is_named(log: Path, place: int, fault: str) -> None:
    found = change(log, lambda lines: [*lines[: place - 1], *lines[place:]])
    assert found == f"{fault} entries are missing, {place - 1} to {place - 1}: removed"


def test_an_inserted_line_is_named(log: Path) -> None:
    found = change(log, lambda lines: [*lines[:3], lines[3].replace(b'"2"', b'"9"'), *lines[3:]])
    assert found == "lines 4 and 5 both say that they are entry 3: one was put in"


def test_a_line_in_place_of_another_is_named(log: Path) -> None:
    found = change(log, lambda lines: with_line(lines, 4, lines[3].replace(b'"2"', b'"9"')))
    assert found == "line 4 was changed, or put in place of another: line 5 does not follow on it"


def test_lines_that_changed_places_are_named(log: Path) -> None:
    found = change(log, lambda lines: [*lines[:2], lines[3], lines[2], *lines[4:]])
    assert found == "line 3 holds entry 3 in place of 2, which is line 4: moved"


@pytest.mark.parametrize("text", [b"", b"hello", b'{"number": 3}', b"\xff\xfe", b"[" * 5000])
def test_what_is_no_entry_is_named(log: Path, text: bytes) -> None:
    assert change(log, lambda lines: [*lines[:3], text, *lines[3:]]) == "line 4 is no entry: changed, or put in"


def test_a_torn_line_that_is_changed_or_removed_afterwards_is_named(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b'{"number": 7, "ut')
    Audit(log).write("off")
    assert verify(log).fault == ""
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b'"ut\n', b'"uu\n'))
    assert verify(log).fault == "line 8 is no entry: changed, or put in"
    log.write_bytes(whole.replace(b'{"number": 7, "ut\n', b""))
    assert verify(log).fault == "line 8 tells of a torn line before it, which was removed"


def test_a_line_cut_off_at_the_end_shows_against_a_noted_head_only(log: Path) -> None:
    noted = head(log)
    assert verify(log, noted).fault == ""
    lines = log.read_bytes().splitlines()
    log.write_bytes(b"\n".join(lines[:-1]) + b"\n")
    assert verify(log).fault == ""
    assert "the noted head is not in it" in verify(log, noted).fault


def test_a_newest_line_that_was_changed_shows_against_a_noted_head(log: Path) -> None:
    noted = head(log)
    log.write_bytes(log.read_bytes().replace(b'"5"', b'"6"'))
    assert "the noted head is not in it" in verify(log, noted).fault


def test_a_whole_log_written_anew_shows_against_a_noted_head(log: Path, tmp_path: Path) -> None:
    noted = head(log)
    other = tmp_path / "other.jsonl"
    Audit(other, lambda: 0.0).write("started", run="0")
    assert verify(other).fault == ""
    assert verify(other, noted).fault


def test_a_head_noted_earlier_is_enough(log: Path) -> None:
    noted = head(log)
    Audit(log).write("on")
    Audit(log).write("ended")
    found = verify(log, f" {noted.upper()}\n")
    assert (found.fault, found.after) == ("", 2)


def test_the_command_says_what_it_found(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.head(log) == 0
    noted = capsys.readouterr().out.strip()
    assert noted == head(log)
    assert command.verify(log, noted) == 0
    assert "each line follows on the one before it; the noted head is in it" in capsys.readouterr().out
    change(log, lambda lines: lines[1:])
    assert command.verify(log, None) == 1
    assert "not as it was written: before line 1 entries are missing" in capsys.readouterr().out


def test_what_is_no_log_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        verify(tmp_path / "none")
    (tmp_path / "empty").write_text("")
    assert verify(tmp_path / "empty").fault == "there is no entry in it"
    with pytest.raises(ConfigError, match="found no entry in it"):
        head(tmp_path / "empty")
