"""``groupmood serve`` in a process of its own, as a user or a service manager starts and ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.data import ROOT


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "streamer", "serve", *words, "--port", "0"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


@contextmanager
def serving(*words: str, cwd: Path) -> Iterator[str]:
    """The address of a server on any free port; it is told to end when this is left, and must do so in time."""
    with subprocess.Popen(
        command(*words), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            found = re.search(r"https?://\S+", process.stdout.readline())
            assert found, process.stderr.read()
            yield found[0]
        finally:
            process.send_signal(signal.SIGTERM)
            begun = time.monotonic()
            _, errors = process.communicate(timeout=30)
            assert "Traceback" not in errors
            assert process.returncode == 0, errors
            assert time.monotonic() - begun < 10


def answer(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return json.load(reply)


def until(url: str, right: Callable[[Any], Any], seconds: float = 60.0) -> Any:
    """What ``url`` answers once that is right."""
    end, waiting = time.monotonic() + seconds, threading.Event()
    while not right(said := answer(url)):
        assert time.monotonic() < end, said
        waiting.wait(0.2)
    return said
