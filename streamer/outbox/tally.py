"""What an outbox counts, in the metrics of the run: by the receiver's label, which stands where a camera's name does
elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.metrics import Metrics

COUNTS = ("told", "delivered", "dropped", "failed")
"""Each as "events NAME"."""


@dataclass(frozen=True, slots=True)
class Tally:
    """``name``: the receiver as people call it, without secrets; ``label``: the same for other machines, which may not
    even learn its host, '' for its name."""

    name: str
    metrics: Metrics
    label: str = ""
    _counting: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def begin(self, failing: Callable[[], object]) -> None:
        """From now on its counts are there, and whether it is ``failing``, which must say so at once."""
        for count in COUNTS:
            self._count(count, 0)
        self.metrics.follow("events failing", lambda: float(bool(failing())), self._label)

    def told(self) -> None:
        self._count("told")

    def delivered(self) -> None:
        self._count("delivered")
        self.metrics.set("events delivered at", time.time(), self._label)

    def dropped(self, number: int) -> None:
        """No room for them: the oldest gave way."""
        if number:
            self._count("dropped", number)

    def failed(self) -> None:
        """Refused for good, or impossible to tell."""
        self._count("failed")

    def waiting(self, count: Callable[[], int]) -> None:
        """How many wait, by ``count``. Whoever adds and whoever delivers do not tell it at once: the last to count is
        the last to tell.

        Raises:
            SinkError: they cannot be counted.
        """
        with self._counting:
            self.metrics.set("events waiting", count(), self._label)

    @property
    def _label(self) -> str:
        return self.label or self.name

    def _count(self, what: str, amount: int = 1) -> None:
        self.metrics.count(f"events {what}", self._label, amount)
