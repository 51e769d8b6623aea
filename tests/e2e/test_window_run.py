"""``groupmood run`` in a real window on a virtual screen, driven by real keys."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import cv2
import pytest

from streamer.errors import SinkError
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import Second
from tests.clips import play
from tests.data import ROOT
from tests.test_window import X_SERVER, focused_window, x_server, xdotool
from tests.weights import weights

SCENE = ("synthetic:size=640x360",)


class Run:
    """The command, its window, and a keyboard for it."""

    def __init__(
        self, folder: Path, environment: dict[str, str], *options: str, source: tuple[str, ...] = SCENE
    ) -> None:
        self._environment = {**environment, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamer", "run", *source, "--offline", *options],
            cwd=folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.window = focused_window("Groupmood", self.process, self._environment)

    def press(self, *keys: str) -> None:
        xdotool(
            self._environment, "key", "--delay", "300", *keys
        )  # as a person types: the toolkit keeps one key at a time

    def press_until(self, right: Callable[[], bool], key: str) -> None:
        """As a person does whose key did nothing: the first one is now and then not heard, on this bare screen."""
        for _ in range(10):
            self.press(key)
            with suppress(AssertionError):
                return wait(right, 5.0)
        raise AssertionError(f"{key} did nothing, ten times")

    def end(self) -> tuple[int, str, str]:
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors


@pytest.fixture
def screen() -> Iterator[dict[str, str]]:
    for name in ("mediapipe", "centerface", "groupmood"):
        weights(name)
    with x_server() as environment:
        yield environment


@X_SERVER
def test_a_recording_and_a_snapshot_asked_for_by_keys(tmp_path: Path, screen: dict[str, str]) -> None:
    run = Run(tmp_path, screen)
    run.press_until(lambda: any(tmp_path.iterdir()), "r")
    run.press_until(lambda: any(tmp_path.glob("*.png")), "s")
    threading.Event().wait(1.0)  # of recording
    run.press("q")
    code, out, errors = run.end()
    assert code == 0, errors
    assert "people" in out
    (recording,) = tmp_path.glob("*.mp4")
    assert len(play(recording).times) > 10
    (snapshot,) = tmp_path.glob("*.png")
    image = cv2.imread(str(snapshot))
    assert image is not None
    assert image.shape == (360, 640, 3)


@X_SERVER
def test_q_ends_the_run_at_once(tmp_path: Path, screen: dict[str, str]) -> None:
    run = Run(tmp_path, screen)
    run.press_until(lambda: run.process.poll() is not None, "q")
    code, out, errors = run.end()
    assert code == 0, errors
    assert "Traceback" not in errors
    assert "frames" in out
    assert list(tmp_path.iterdir()) == []


KEPT = """\
sources: {desk: "synthetic:people=3,size=640x360"}
purpose: self
timeline: {people: true}
events: {file: events.jsonl}
state_dir: state
"""


@X_SERVER
def test_the_key_that_switches_the_analysis_off_ends_what_is_shown_told_and_kept(
    tmp_path: Path, screen: dict[str, str]
) -> None:
    (tmp_path / "kept.yaml").write_text(KEPT)
    run = Run(tmp_path, screen, source=("--config", "kept.yaml"))
    wait(lambda: any(second.mood for second in seconds(tmp_path)))
    run.press("p")
    wait(lambda: seconds(tmp_path)[-1].paused)
    threading.Event().wait(2.0)  # in which a number could still come
    run.press("q")
    code, _, errors = run.end()
    assert code == 0, errors
    entries = [json.loads(line) for line in (tmp_path / "state" / "audit.jsonl").read_text().splitlines()]
    (off,) = [datetime.fromisoformat(entry["utc"]).timestamp() for entry in entries if entry["what"] == "off"]
    assert [second for second in seconds(tmp_path) if second.utc > off and second.mood] == []
    with TimelineReader(tmp_path / "state" / "timeline.sqlite") as reader:
        people = list(reader.people("desk", 0, LATEST))
    assert people
    assert [one for one in people if one.utc > off] == []
    told = [json.loads(line) for line in (tmp_path / "events.jsonl").read_text().splitlines()]
    numbers = [datetime.fromisoformat(one["utc"]).timestamp() for one in told if one.get("mood")]
    assert numbers
    assert max(numbers) <= off


LATEST = 1 << 40


def seconds(folder: Path) -> list[Second]:
    path = folder / "state" / "timeline.sqlite"
    try:
        with TimelineReader(path) as reader:
            return list(reader.seconds("desk", 0, LATEST))
    except SinkError:  # it is just being made
        return []


def wait(right: Callable[[], bool], limit: float = 60.0) -> None:
    end, waiting = time.monotonic() + limit, threading.Event()
    while not right():
        assert time.monotonic() < end
        waiting.wait(0.1)
