"""What an evaluation found, as it is written down: plain values, JSON as they are, None for what cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from tools.scores import Estimate


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Of one expression, 0…1: of what was called so the share that is (``precision``, None where nothing was called
    so), of what is so the share called so (``recall``, None where there is none), and F1, their harmonic mean."""

    label: str
    faces: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class ExpressionScores:
    """Over ``faces`` faces of ``people`` people, with 95 % intervals over resampled people. Macro: the mean over the
    labels that occur. Cross-entropy in nats. ``unsure``: share of which nothing was said; they count as wrong.
    ``confusion``: faces, a row for each true label, a column for each said and a last one for unsure."""

    faces: int
    people: int
    accuracy: Estimate
    macro_precision: Estimate
    macro_recall: Estimate
    macro_f1: Estimate
    cross_entropy: Estimate
    calibration_error: Estimate
    unsure: float
    classes: tuple[ClassScores, ...]
    confusion: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class SizeScores:
    """Of faces whose longer side has ``low`` to below ``high`` pixels (None: no end)."""

    low: float
    high: float | None
    faces: int
    recall: float | None
    average_precision: float | None


@dataclass(frozen=True, slots=True)
class DetectionScores:
    """A face is found where a box overlaps it by IoU ≥ ``iou``, each box for one face. ``precision`` and
    ``average_precision`` are of complete media only, None where there are none; 95 % intervals over resampled media.
    ``wrong``: boxes where no face is."""

    frames: int
    faces: int
    found: int
    wrong: int
    iou: float
    recall: Estimate | None
    precision: Estimate | None
    average_precision: Estimate | None
    sizes: tuple[SizeScores, ...]


@dataclass(frozen=True, slots=True)
class SliceScores:
    """The faces of one kind: ``by`` "size", "sharpness", "pose" or an attribute, ``value`` which of it."""

    by: str
    value: str
    faces: int
    people: int
    accuracy: Estimate
    macro_recall: Estimate
    cross_entropy: Estimate


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of the worst: ``truth`` an expression, or "no face" for a box without one, "missed" said of a face without
    a box. ``confidence`` of what was said; box in pixels."""

    medium: str
    frame: int
    box: tuple[float, float, float, float]
    truth: str
    said: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``reading``: the classifier alone, on the labelled boxes; ``told``: what the whole program says of the faces that
    it found, missed ones counting as unsure. Both None where no expression is labelled. ``agreement``: mean Cohen's
    kappa of pairs of annotators, None for one alone. ``notes``: what limits these figures. ``seconds``: median of each
    stage a frame."""

    labels: str
    detector: str
    classifier: str
    images: int
    videos: int
    annotators: int
    agreement: float | None
    detection: DetectionScores
    reading: ExpressionScores | None
    told: ExpressionScores | None
    slices: tuple[SliceScores, ...]
    mistakes: tuple[Mistake, ...]
    notes: tuple[str, ...]
    seconds: dict[str, float]
    command: str
    machine: dict[str, str] = field(default_factory=dict)
