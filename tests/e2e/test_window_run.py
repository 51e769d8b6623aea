"""``groupmood run`` in a real window on a virtual screen, driven by real keys."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from tests.clips import play
from tests.data import ROOT
from tests.test_window import X_SERVER, focused_window, x_server, xdotool
from tests.weights import weights


class Run:
    """The command, its window, and a keyboard for it."""

    def __init__(self, folder: Path, environment: dict[str, str], *options: str) -> None:
        self._environment = {**environment, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamer", "run", "synthetic:size=640x360", "--offline", *options],
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
    run = Run(tmp_path, screen, "--max-seconds", "6")
    run.press("r", "s")
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
    run.press("q")
    code, out, errors = run.end()
    assert code == 0, errors
    assert "Traceback" not in errors
    assert "frames" in out
    assert list(tmp_path.iterdir()) == []
