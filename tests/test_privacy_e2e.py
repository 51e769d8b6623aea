"""``groupmood serve`` as its user starts it, with a timeline and without a recording: what it leaves behind."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")

from engines.cache import weights_dir
from streamer.audit import NAME, verify
from streamer.sources.synthetic import SyntheticSource
from streamer.timeline.reader import TimelineReader
from streamer.types import Image
from tests.image_bytes import found_in
from tests.serving import answer, serving, until
from tests.weights import weights

SCENE = "people=3,size=640x360,fps=15"
ALWAYS = 4_000_000_000
"""Later than every second that is kept."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer of its own, on which only the weights are there already."""
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    (tmp_path / "cache").mkdir()
    shutil.copytree(weights_dir(), tmp_path / "cache" / "weights")
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path


def written(home: Path, purpose: str) -> Path:
    """The file of a configuration that keeps all that can be kept."""
    document = {
        "sources": {"room": f"synthetic:{SCENE}"},
        "purpose": purpose,
        "timeline": {"people": True},
        "events": {"file": str(home / "state" / "events.jsonl")},
        "state_dir": str(home / "state"),
        "cache_dir": str(home / "cache" / "weights"),
    }
    path = home / "groupmood.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def serve(home: Path, purpose: str, act: Callable[[str], None]) -> None:
    """Until some seconds of people are kept, and then until ``act`` has done what it does."""
    with serving("--config", str(written(home, purpose)), "--offline", cwd=home) as url:
        before = len(people(home))
        wait(lambda: len(people(home)) >= before + 6)
        act(url)


def wait(right: Callable[[], bool], seconds: float = 60.0) -> None:
    end, waiting = time.monotonic() + seconds, threading.Event()
    while not right():
        assert time.monotonic() < end
        waiting.wait(0.1)


def people(home: Path) -> list[str]:
    """The names of all that are kept, one for each second."""
    path = home / "state" / "timeline.sqlite"
    if not path.exists():
        return []
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return [str(name) for (name,) in connection.execute("SELECT person FROM person")]
    except sqlite3.OperationalError:  # it is just being made
        return []


def looked_at(url: str) -> None:
    """Somebody looks at the pages and the picture."""
    until(f"{url}/api/v1/rooms/room", lambda room: room["now"])
    for path in ("/", "/history/room", "/notice", "/api/v1/rooms/room/history", "/metrics"):
        with urllib.request.urlopen(url + path, timeout=10) as reply:
            assert reply.status == 200
    with urllib.request.urlopen(f"{url}/streams/room.mjpg", timeout=10) as reply:
        assert b"\xff\xd8\xff" in reply.read(4096)


def command(url: str, word: str) -> None:
    body, headers = json.dumps({"command": word}).encode(), {"Content-Type": "application/json", "Origin": url}
    with urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/commands", body, headers), timeout=10) as reply:
        assert reply.status == 202


def switched_off(url: str) -> None:
    """Off, at once also for what is told; some seconds later nothing has changed."""
    until(f"{url}/api/v1/rooms/room", lambda room: (room["now"] or {}).get("mood"))
    command(url, "off")
    now = answer(f"{url}/api/v1/rooms/room")["now"]
    assert (now["paused"], now["mood"]) == (True, None)
    threading.Event().wait(2.5)
    now = answer(f"{url}/api/v1/rooms/room")["now"]
    assert (now["paused"], now["mood"]) == (True, None)


def files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def seen() -> list[Image]:
    """Pictures that the camera has shown, from the first seconds of the scene."""
    with SyntheticSource(SCENE, realtime=False) as source:
        return [frame.image.copy() for frame, _ in zip(source.frames(), range(90), strict=False)][::6]


def test_two_runs_leave_no_picture_and_no_id_twice_and_nobody_else_may_read_it(home: Path) -> None:
    known = {path: path.stat().st_mtime_ns for path in files(home)}
    serve(home, "research", looked_at)
    first = set(people(home))
    serve(home, "self", switched_off)
    second = set(people(home)) - first
    assert first
    assert second
    assert all(len(name) == 16 for name in first | second)
    fresh = [path for path in files(home) if known.get(path) != path.stat().st_mtime_ns]
    assert {"timeline.sqlite", NAME, "events.jsonl"} <= {path.name for path in fresh}
    pictures = seen()
    assert [what for path in fresh for what in found_in(path, pictures)] == []
    state = home / "state"
    assert {oct(path.stat().st_mode & 0o777) for path in (state, *files(state))} == {"0o700", "0o600"}
    nothing_after_off(home)
    logged(state / NAME)


def nothing_after_off(home: Path) -> None:
    """The off of the second run stands in the log; later there is no number of anybody."""
    lines = [json.loads(line) for line in (home / "state" / NAME).read_text().splitlines()]
    (off,) = [line["utc"] for line in lines if line["what"] == "off"]
    with TimelineReader(home / "state" / "timeline.sqlite") as reader:
        seconds = list(reader.seconds("room", 0, ALWAYS))
        single = list(reader.people("room", 0, ALWAYS))
    assert any(one.mood for one in seconds)
    assert [one for one in seconds if stamp(one.utc) > off and one.mood] == []
    assert [one for one in single if stamp(one.utc) > off] == []
    assert seconds[-1].paused
    told = [json.loads(line) for line in (home / "state" / "events.jsonl").read_text().splitlines()]
    assert any(one.get("mood") for one in told)
    assert [one for one in told if one["utc"] > off and (one.get("mood") or one.get("signs"))] == []


def stamp(utc: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(utc))


def logged(log: Path) -> None:
    assert verify(log).fault == ""
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines()]
    whats = [line["what"] for line in lines]
    later = [what for what, before in zip(whats[1:], whats, strict=False) if (what, before) != ("models", "models")]
    run = ["started", "notice shown", "models"]
    assert ["begun", *later] == ["begun", *run, "ended", *run, "off", "ended"]
    assert [line["facts"]["purpose"] for line in lines if line["what"] == "started"] == ["research", "self"]


@pytest.mark.parametrize("way", [".jpg", ".png", "raw", "grey", "half", "npy"])
def test_a_picture_that_is_left_behind_would_be_found(tmp_path: Path, way: str) -> None:
    picture = seen()[3]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    data = {
        "raw": picture.tobytes(),
        "grey": grey[60:300, 10:600].tobytes(),
        "half": cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).tobytes(),
        "npy": b"\x93NUMPY" + os.urandom(500),
    }
    held = data[way] if way in data else cv2.imencode(way, picture)[1].tobytes()
    path = tmp_path / "some.db"
    path.write_bytes(os.urandom(5000) + held + os.urandom(5000))
    assert found_in(path, [picture])
    path.write_bytes(os.urandom(200_000) + np.full(100_000, 127, np.uint8).tobytes())
    assert found_in(path, [picture]) == []
