"""What an outbox counts, in the metrics of the run. Of the run as a whole: the names tell the receivers apart."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Tally:
    """``name``: the receiver as people call it, without secrets."""

    name: str
    metrics: Metrics

    def delivered(self) -> None:
        self.metrics.count(f"events delivered to {self.name}")

    def dropped(self, number: int) -> None:
        """No room for them: the oldest gave way."""
        if number:
            self.metrics.count(f"events dropped for {self.name}", amount=number)

    def failed(self) -> None:
        """Refused for good, or impossible to tell."""
        self.metrics.count(f"events failed for {self.name}")

    def waiting(self, number: int) -> None:
        self.metrics.set(f"events waiting for {self.name}", number)
