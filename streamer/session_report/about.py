"""What the report says besides the timeline: when it was made, where clocks are read, how right the models are."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from streamer.session_report.local_time import SystemZone


@dataclass(frozen=True, slots=True)
class Score:
    """0…1 with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scores:
    """How right a model of expressions is on ``faces`` it was not trained on, which are from ``data``."""

    data: str
    faces: int
    accuracy: Score
    macro_recall: Score
    calibration_error: Score
    recall: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measured:
    """A model by its card. ``scores``: None where it has none; ``verified``: whether it was run here at all."""

    title: str
    scores: Scores | None
    limits: str
    verified: bool


@dataclass(frozen=True, slots=True)
class About:
    """``zone`` in which times of day are told; ``made`` in seconds since 1970: nothing after it is reported;
    ``measured``: models by the names of their cards, as far as they are known."""

    zone: tzinfo = field(default_factory=SystemZone)
    made: float = field(default_factory=time.time)
    measured: Mapping[str, Measured] = field(default_factory=dict)
