"""What an evaluation is asked for, and the configuration that it runs with: that of a recorded video, as ever."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamer.commands.analyze import DETECTOR
from streamer.config import Classifier, Config, check
from streamer.errors import ConfigError
from tools.labelled.sampling import RATE


@dataclass(frozen=True, slots=True)
class Asked:
    """``detector`` by name and ``classifier`` by card, as ``groupmood`` takes them; ``weights``: files of those that
    cannot be fetched, by the same names. ``min_score``: of the detector, 0…1, None for its own. ``rate``: labelled
    frames of a video that are looked at, a second. ``offline`` forbids fetching."""

    detector: str = DETECTOR
    classifier: str = field(default_factory=lambda: Classifier().card)
    weights: Mapping[str, Path] = field(default_factory=dict)
    min_score: float | None = None
    rate: float = RATE
    offline: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1000:
            raise ConfigError(f"the rate must be above 0 and at most 1000 looks a second, got {self.rate:g}")
        if unknown := sorted(set(self.weights) - {self.detector, self.classifier}):
            raise ConfigError(
                f"weights are given for {unknown[0]!r}, which is not used; used: {self.detector}, {self.classifier}"
            )

    def command(self, labels: Path) -> str:
        """The line that makes the same evaluation again, without folders of this machine."""
        words = ["--labels", labels.name, "--detector", self.detector, "--classifier", Path(self.classifier).name]
        words += [word for name, file in self.weights.items() for word in ("--weights", f"{name}={file.name}")]
        words += [] if self.min_score is None else ["--min-score", f"{self.min_score:g}"]
        words += [] if self.rate == RATE else ["--rate", f"{self.rate:g}"]
        return " ".join(["python -m tools.evaluate", *words])


def configuration(asked: Asked) -> Config:
    """
    Raises:
        ConfigError: every fault at once.
    """
    detector: dict[str, Any] = {"name": asked.detector, "weights": asked.weights.get(asked.detector)}
    detector |= {} if asked.min_score is None else {"min_score": asked.min_score}
    classifier = {"card": asked.classifier, "weights": asked.weights.get(asked.classifier)}
    document = {"sources": {"labelled": {"address": 0}}, "detector": detector, "classifier": classifier}
    return check(document, {}, "evaluation")


def weights_of(words: Sequence[str]) -> dict[str, Path]:
    """NAME=FILE, each with a file that exists.

    Raises:
        ConfigError: one is something else.
    """
    found = {}
    for word in words:
        name, _, file = word.partition("=")
        if not name or not Path(file).is_file():
            raise ConfigError(f"--weights takes NAME=FILE with a file that exists, got {word!r}")
        found[name] = Path(file)
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those that evaluating and comparing share."""
    parser.add_argument("--labels", type=Path, required=True, metavar="FILE", help="made by python -m tools.label")
    parser.add_argument("--weights", action="append", default=[], metavar="NAME=FILE", help="weights of one's own")
    parser.add_argument(
        "--rate", type=float, default=RATE, metavar="N", help=f"looks a second at a labelled video ({RATE:g})"
    )
    parser.add_argument("--offline", action="store_true", help="fetch no weights")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where the results go; new or empty")
    parser.add_argument("--force", action="store_true", help="write into a folder that has something in it")
