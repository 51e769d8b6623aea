"""How a receiver is treated: how long it is waited for, and when it is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Terms:
    """``name``: what logs call the receiver, '' for its host; ``label``: what metrics call it, '' for the same.
    ``timeout`` seconds for an answer. ``first``: the bound of the first wait in seconds, which doubles up to
    ``longest``. ``clock``: seconds since 1970, for signatures and dates; ``chance`` 0…1."""

    name: str = ""
    label: str = ""
    metrics: Metrics = field(default_factory=Metrics)
    timeout: float = 10.0
    first: float = 1.0
    longest: float = 300.0
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds after the attempt counted from 0 that failed: random between 0 and the bound, "full jitter" (M.
        Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog 2015), but not less than the receiver
        ``asked`` for, of which ``longest`` is granted at most."""
        jitter = self.chance() * min(self.longest, self.first * 2.0 ** min(attempt, 30))
        return max(jitter, min(asked or 0.0, self.longest))
