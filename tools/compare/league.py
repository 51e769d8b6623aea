"""Every detector with every classifier on the same labelled pictures, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from tools.evaluate.result import DetectionScores, ExpressionScores


@dataclass(frozen=True, slots=True)
class DetectorRow:
    """``about`` with its engine; ``verified``: this project has run its published file. ``reason``: why it was not run
    here, '' where it was; then it has ``scores``, and ``milliseconds`` a picture."""

    name: str
    about: str
    verified: bool
    reason: str = ""
    milliseconds: float | None = None
    scores: DetectionScores | None = None


@dataclass(frozen=True, slots=True)
class ClassifierRow:
    """As DetectorRow; ``scores`` on the labelled boxes, None also where no expression is labelled; ``milliseconds`` a
    face; ``unknown``: labels that it does not have, whose faces count as wrong."""

    name: str
    about: str
    verified: bool
    unknown: tuple[str, ...]
    reason: str = ""
    milliseconds: float | None = None
    scores: ExpressionScores | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """From the picture to what is said: a face that is not found counts as unsure, which is wrong. ``scores`` None
    where no expression is labelled."""

    detector: str
    classifier: str
    scores: ExpressionScores | None


@dataclass(frozen=True, slots=True)
class League:
    """``notes``: what limits the figures of every pair; ``failed``: media that were left out, with the reason."""

    labels: str
    images: int
    videos: int
    frames: int
    detectors: tuple[DetectorRow, ...]
    classifiers: tuple[ClassifierRow, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...]
    failed: dict[str, str]
    command: str
    machine: dict[str, str]
