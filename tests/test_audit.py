"""Writing the audit log: what stands in it, who may read it, what a full disk, a kill and another writer do to it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from streamer.audit import Audit, head, verify
from streamer.audit.entries import FACTS, LONGEST
from streamer.audit.log import WAITING
from streamer.errors import SinkError
from tests.data import ROOT


def entries(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "state" / "audit.jsonl"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond ``size`` bytes, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


def test_each_line_holds_the_hash_of_the_one_before(log: Path) -> None:
    times = iter((1.5, 2.5, 3.5))
    audit = Audit(log, lambda: next(times))
    audit.write("started", purpose="audience", program="1.0")
    audit.write("off")
    lines = log.read_bytes().splitlines()
    first, second, third = entries(log)
    assert (first["number"], first["what"], first["before"], first["facts"]["version"]) == (0, "begun", "", 1)
    assert len(first["facts"]["seed"]) == 32
    assert second["before"] == hashlib.sha256(lines[0]).hexdigest()
    assert third["before"] == hashlib.sha256(lines[1]).hexdigest()
    assert second["utc"] == "1970-01-01T00:00:02.500Z"
    assert second["facts"] == {"purpose": "audience", "program": "1.0"}
    assert head(log) == hashlib.sha256(lines[2]).hexdigest()


def test_two_logs_begin_differently(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Audit(tmp_path / name, lambda: 0.0)
    assert head(tmp_path / "a") != head(tmp_path / "b")


def test_nobody_else_may_read_it(log: Path) -> None:
    Audit(log)
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.parent.stat().st_mode & 0o777 == 0o700
    log.chmod(0o644)
    Audit(log).write("on")
    assert log.stat().st_mode & 0o777 == 0o600


def test_what_has_no_place_in_it_is_refused(log: Path) -> None:
    audit = Audit(log)
    with pytest.raises(ValueError, match="expected one of"):
        audit.write("face seen")
    with pytest.raises(ValueError, match=r"marked: expected id; got \['text'\]"):
        audit.write("marked", text="Anna speaks")
    audit.write("ended", reason="x" * 1000)
    assert len(entries(log)[-1]["facts"]["reason"]) == LONGEST
    spoken = {"name", "text", "people", "person", "address", "url", "token", "ip", "user"}
    assert not spoken & set().union(*FACTS.values())


def test_it_goes_on_where_it_ended(log: Path) -> None:
    for number in range(3):
        Audit(log).write("started", run=str(number))
    found = verify(log)
    assert (found.lines, found.fault, found.interrupted) == (4, "", 0)


def test_a_log_longer_than_what_is_read_of_it_goes_on(log: Path) -> None:
    audit = Audit(log)
    for _ in range(250):
        audit.write("ended", reason="y" * LONGEST)
    assert log.stat().st_size > 1 << 16
    Audit(log).write("on")
    assert verify(log).lines == 252
    assert verify(log).fault == ""


@pytest.mark.parametrize("cut", [1, 2, 40, 90])
def test_a_torn_line_is_kept_and_told_and_the_log_goes_on(log: Path, cut: int) -> None:
    audit = Audit(log)
    audit.write("started", run="one")
    whole = log.read_bytes()
    audit.write("off")
    written = log.read_bytes()
    log.write_bytes(written[:-cut])
    assert verify(log).interrupted == (cut > 1)
    assert verify(log).fault == ""
    Audit(log).write("on")
    assert log.read_bytes().startswith(written[:-cut])
    found = verify(log)
    assert (found.fault, found.interrupted) == ("", int(cut > 1))  # without its end alone a line is whole
    if cut > 1:
        told = entries_around(log, whole)
        assert told["what"] == "interrupted"
        assert told["facts"]["bytes"] == len(written) - len(whole) - cut


def entries_around(log: Path, whole: bytes) -> dict[str, Any]:
    """The entry behind what was torn after ``whole``."""
    _, entry, *_ = log.read_bytes()[len(whole) :].split(b"\n")
    told = json.loads(entry)
    assert isinstance(told, dict)
    return told


@pytest.mark.parametrize("torn", [b'{"num', b'{"num\n', b"\xff\x00\n\n{", b"\n"])
def test_whatever_was_torn_does_not_count_as_tampering(log: Path, torn: bytes) -> None:
    Audit(log).write("started")
    with log.open("ab") as file:
        file.write(torn)
    Audit(log).write("off")
    assert torn in log.read_bytes()
    assert verify(log).fault == ""
    assert verify(log).interrupted == 1


def test_a_first_line_that_was_torn_does_not_stop_it(log: Path) -> None:
    log.parent.mkdir()
    log.write_bytes(b'{"number": 0, "utc"')
    Audit(log).write("on")
    assert verify(log).fault == ""
    assert (verify(log).lines, verify(log).interrupted) == (2, 1)


def test_on_a_full_disk_entries_wait_and_come_later_with_their_own_time(log: Path) -> None:
    now = [10.0]
    audit = Audit(log, lambda: now[0])
    with room_for(log.stat().st_size + 50):
        audit.write("off")
        assert "cannot be written" in audit.state
        now[0] = 20.0
        audit.write("on")
    now[0] = 30.0
    audit.write("ended")
    assert audit.state == ""
    assert verify(log).fault == ""
    assert verify(log).interrupted == 1
    kept = [json.loads(line) for line in log.read_bytes().splitlines() if line.endswith(b"}")]
    assert [(one["what"], one["utc"][17:19]) for one in kept[1:]] == [
        ("interrupted", "30"),
        ("off", "10"),
        ("on", "20"),
        ("ended", "30"),
    ]


def test_what_cannot_be_kept_any_more_is_counted(log: Path) -> None:
    audit = Audit(log)
    with room_for(log.stat().st_size):
        for _ in range(WAITING + 5):
            audit.write("on")
    audit.write("off")  # one more for which there is no room
    assert audit.state == ""
    told = entries(log)
    assert [one["facts"] for one in told if one["what"] == "interrupted"] == [{"lost": 6}]
    assert len(told) == 2 + WAITING
    assert verify(log).fault == ""


def test_while_another_program_holds_it_it_says_so(log: Path) -> None:
    audit = Audit(log, wait=0.0)
    with log.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(SinkError, match=r"audit\.jsonl cannot be written: another program has been writing it"):
            Audit(log, wait=0.02)
        audit.write("off")
        assert "another program" in audit.state
    audit.write("on")
    assert [one["what"] for one in entries(log)] == ["begun", "off", "on"]


def test_where_it_cannot_be_made_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match=r"the audit log .* cannot be written"):
        Audit(tmp_path / "file" / "audit.jsonl")


def test_threads_and_programs_write_one_chain(log: Path) -> None:
    code = "import sys; from pathlib import Path; from streamer.audit import Audit\n"
    code += "audit = Audit(Path(sys.argv[1]), wait=20)\nfor _ in range(25): audit.write('off')"
    command = [sys.executable, "-c", code, str(log)]
    others = [subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(2)]
    audit = Audit(log, wait=20)

    def work() -> None:
        for _ in range(25):
            audit.write("on")

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait(60) for other in others] == [0, 0]
    assert verify(log).fault == ""
    assert verify(log).lines == 101


def test_killed_while_it_writes_no_line_that_was_written_is_lost(log: Path) -> None:
    code = "import sys; from pathlib import Path; from streamer.audit import Audit\n"
    code += "audit = Audit(Path(sys.argv[1]))\n"
    code += "for n in range(10**6):\n    audit.write('started', run=str(n))\n    print(n, flush=True)"
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(log)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process:
            for _ in range(20):
                said = process.stdout.readline()
            process.kill()
            said = [said, *process.stdout.read().splitlines()][-1]
        known = {one.get("facts", {}).get("run") for one in map(json.loads, whole_lines(log))}
        assert said.strip() in known
        assert verify(log).fault == ""


def whole_lines(log: Path) -> list[bytes]:
    return [line for line in log.read_bytes().splitlines() if line.endswith(b"}")]
