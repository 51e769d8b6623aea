"""Those who are compared: found by name, checked before anything runs, made when it is their turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines.cache import fetch, weights_dir
from engines.cards import Card, load_card
from streamer import build
from streamer.config import Config
from streamer.emotions import LABELS, order_of
from streamer.errors import ConfigError
from streamer.registry import DETECTORS, WITHOUT_MODEL
from tools.compare.timed import TimedClassifier, TimedDetector
from tools.evaluate.asked import Asked, configuration
from tools.labelled.sampling import RATE


@dataclass(frozen=True, slots=True)
class Contest:
    """Who is compared, by the names that ``groupmood`` takes, and on what; ``weights``: files of those that cannot be
    fetched. ``command``: the line that does it again."""

    labels: Path
    detectors: tuple[str, ...]
    classifiers: tuple[str, ...]
    weights: Mapping[str, Path] = field(default_factory=dict)
    rate: float = RATE
    offline: bool = False
    command: str = ""

    def config(self, detector: str, classifier: str) -> Config:
        """
        Raises:
            ConfigError: see ``configuration``.
        """
        files = {name: file for name, file in self.weights.items() if name in (detector, classifier)}
        return configuration(Asked(detector, classifier, files, rate=self.rate))


def check(contest: Contest) -> None:
    """
    Raises:
        ConfigError: a name is unknown, or weights are given for what is not compared.
        EngineError: a card is none.
    """
    faults = list(build.unknown("detector", contest.detectors, DETECTORS, DETECTORS))
    compared = (*contest.detectors, *contest.classifiers)
    faults += [
        f"weights are given for {name!r}, which is not compared" for name in contest.weights if name not in compared
    ]
    if not contest.detectors or not contest.classifiers:
        faults.append("name at least one detector and one classifier")
    if faults:
        raise ConfigError("\n".join(faults))
    for name in contest.classifiers:
        order_of(load_card(name).labels)


def verified(name: str) -> bool:
    """Whether this project has run the published file; a detector without a card has none to doubt."""
    return name in WITHOUT_MODEL or load_card(name).verified


def unknown(name: str) -> tuple[str, ...]:
    """The labels that a classifier does not have."""
    known = order_of(load_card(name).labels)
    return tuple(label for number, label in enumerate(LABELS) if number not in known)


def detector(name: str, contest: Contest, fetching: build.Progress | None = None) -> TimedDetector:
    """Not opened yet.

    Raises:
        ConfigError, EngineError: its package is not installed, or its weights cannot be had.
    """
    config = contest.config(name, contest.classifiers[0])
    if name not in WITHOUT_MODEL:
        _fetch(load_card(name), config, config.detector.weights, contest, fetching)
    return TimedDetector(build.detector(config, build.engines_of(config)))


def classifier(name: str, contest: Contest, fetching: build.Progress | None = None) -> TimedClassifier:
    """As ``detector``."""
    config = contest.config(contest.detectors[0], name)
    _fetch(load_card(name), config, config.classifier.weights, contest, fetching)
    return TimedClassifier(build.classifier(config, build.engines_of(config)))


def _fetch(card: Card, config: Config, local: Path | None, contest: Contest, fetching: build.Progress | None) -> None:
    fetch(card, weights_dir(config.cache_dir), offline=contest.offline, local=local, progress=fetching)
