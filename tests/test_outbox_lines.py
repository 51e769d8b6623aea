from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.errors import SinkError
from streamer.metrics import Metrics
from streamer.outbox.lines import LinesOut, append
from tests.outbox_rows import marks, second, slides, text_of, until


def texts(path: Path) -> list[str]:
    return [text_of(line) for line in path.read_bytes().splitlines()]


def test_a_line_for_each_event_behind_those_that_are_there(tmp_path: Path) -> None:
    path, metrics = tmp_path / "events.jsonl", Metrics()
    for begin in (0, 3):
        with LinesOut(path, metrics) as lines:
            for row in marks(3, begin=begin):
                lines.put(row)
    assert texts(path) == slides(6)
    assert path.read_bytes().endswith(b"}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert metrics.snapshot().count("events delivered", "file") == 6


def test_seconds_are_lines_too(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with LinesOut(path) as lines:
        lines.put(second(valence=0.5))
    event = json.loads(path.read_text())
    assert (event["type"], event["room"], event["mood"]["valence"]) == ("second", "hall", 0.5)


def test_each_line_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with LinesOut(path) as lines:
        lines.put(marks(1)[0])
        assert until(path.exists)
        assert until(lambda: path.read_bytes().endswith(b"\n"))
        assert texts(path) == ["slide 0"]


def test_an_unfinished_line_is_ended_first(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"whole": 1}\n{"half": ')
    with LinesOut(path) as lines:
        for row in marks(2):
            lines.put(row)
    first, half, *rest = path.read_bytes().splitlines()
    assert (first, half) == (b'{"whole": 1}', b'{"half": ')
    assert [text_of(line) for line in rest] == slides(2)


def test_the_file_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with LinesOut(path) as lines:
        lines.put(marks(1)[0])
        assert until(lambda: path.exists() and path.stat().st_size)
        path.rename(tmp_path / "yesterday.jsonl")
        lines.put(marks(2)[1])
    assert texts(tmp_path / "yesterday.jsonl") == ["slide 0"]
    assert texts(path) == ["slide 1"]


WRITER = """
import sys
from pathlib import Path
from streamer.outbox.lines import append
for number in range(int(sys.argv[2]), 1_000_000):
    append(Path(sys.argv[1]), b"%d\\n" % number)
    print(number, flush=True)
"""


def test_what_was_written_survives_being_killed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path), "0"], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = [int(writer.stdout.readline()) for _ in range(100)][-1]
        writer.send_signal(signal.SIGKILL)
    assert path.read_text().splitlines()[: last + 1] == [str(number) for number in range(last + 1)]


FULL = """
import resource, signal, sys
from pathlib import Path
from streamer.outbox.lines import LinesOut
from tests.outbox_rows import marks, until

path = Path(sys.argv[1])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))
with LinesOut(path) as lines:
    for row in marks(20):
        lines.put(row)
    assert until(lambda: lines.state)
    text = path.read_bytes()
    assert 0 < len(text) <= 500 and text.endswith(b"\\n"), text
    print(lines.state)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert until(lambda: path.read_bytes().count(b"\\n") == 20)
    assert until(lambda: not lines.state)
"""


def test_it_goes_on_once_there_is_room_again(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    done = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "events.jsonl cannot be written: File too large; make room" in done.stdout
    assert texts(path) == slides(20)


def test_a_folder_that_comes_back_is_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    with LinesOut(folder / "events.jsonl") as lines:
        folder.rename(tmp_path / "away")
        lines.put(marks(1)[0])
        assert until(lambda: "No such file" in lines.state)
        (tmp_path / "away").rename(folder)
        assert until(lambda: not lines.state)
    assert texts(folder / "events.jsonl") == ["slide 0"]


def test_a_place_that_can_never_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"the folder of .* does not exist; make it"):
        LinesOut(tmp_path / "none" / "events.jsonl").__enter__()
    with pytest.raises(SinkError, match="is no file"):
        LinesOut(tmp_path).__enter__()


def test_closing_again_does_nothing(tmp_path: Path) -> None:
    lines = LinesOut(tmp_path / "events.jsonl")
    lines.close()
    with lines:
        pass
    lines.close()
    append(tmp_path / "events.jsonl", b"{}\n")
