"""What TensorRT says while it works: it returns None and tells the reason to its logger alone."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

log = logging.getLogger(__name__)

LEVELS = {
    "INTERNAL_ERROR": logging.ERROR,
    "ERROR": logging.ERROR,
    "WARNING": logging.WARNING,
    "INFO": logging.INFO,
    "VERBOSE": logging.DEBUG,
}
STOPPED = "BuildCanceled"
"""What TensorRT says, as an error, of a build that somebody stopped."""

KEPT = ("INTERNAL_ERROR", "ERROR", "WARNING")


@dataclass(frozen=True, slots=True)
class Said:
    """``severity`` as TensorRT names it."""

    severity: str
    text: str

    @property
    def error(self) -> bool:
        return self.severity != "WARNING"


class Journal:
    """Hands on to ``logging`` what TensorRT says, and keeps its warnings and errors for whoever listens.

    TensorRT has one logger for a whole process: who works beside another hears the other's words too.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[list[Said]] = []

    def add(self, severity: str, text: str) -> None:
        """Called by TensorRT, in any of its threads."""
        log.log(logging.DEBUG if STOPPED in text else LEVELS.get(severity, logging.ERROR), "%s", text)
        if severity in KEPT:
            with self._lock:
                for listener in self._listeners:
                    listener.append(Said(severity, text))

    @contextlib.contextmanager
    def listen(self) -> Iterator[list[Said]]:
        """The warnings and errors from now to the end of the ``with``, in the order in which they were said."""
        heard: list[Said] = []
        with self._lock:
            self._listeners.append(heard)
        try:
            yield heard
        finally:
            with self._lock:
                self._listeners = [listener for listener in self._listeners if listener is not heard]


def logger(module: Any, journal: Journal) -> Any:
    """An ILogger of that TensorRT which tells everything to the journal; the journal is its attribute too."""

    class Log(module.ILogger):  # type: ignore[misc]  # TensorRT has no types
        def __init__(self) -> None:
            super().__init__()
            self.journal = journal

        def log(self, severity: Any, text: str) -> None:
            journal.add(severity.name, text)

    return Log()
