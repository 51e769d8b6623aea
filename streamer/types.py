"""The values that flow through the pipeline. Plain, frozen, no behaviour beyond arithmetic on themselves.

Pixels are those of the full frame: x to the right, y down, (0, 0) is the outer corner of the top left pixel.
``pts`` is media time in seconds, rising within a source; ``captured`` is ``time.monotonic()`` at capture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""Height × width × 3, BGR, C-contiguous, not writeable once it sits in a Frame."""

Landmarks: TypeAlias = NDArray[np.float32]
"""(5, 2) x, y: right eye, left eye, nose tip, right and left mouth corner *of the subject*; NaN where unknown."""

Command: TypeAlias = Literal["quit", "blur", "labels", "meter", "calibrate", "record", "pause", "help"]
"""What a key, and later a page, may ask of a running pipeline."""

UNSURE = "unsure"
"""The label of a person whose expression cannot be told."""


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the full frame; x2 and y2 exclusive. May reach past the frame's edge."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        return max(0.0, self.x2 - self.x1)

    @property
    def height(self) -> float:
        return max(0.0, self.y2 - self.y1)

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def overlap(self, other: Box) -> float:
        """Area in both boxes, in square pixels."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0…1; 0 where both are empty."""
        both = self.overlap(other)
        union = self.area + other.area - both
        return both / union if union > 0 else 0.0


class Frame:
    """One captured picture; read-only.

    ``index`` counts the captured frames of a source from 0, so a gap shows what was dropped. ``image`` may be given as
    a function: then it is converted when it is first asked for, so that a frame which is dropped costs no conversion.
    The first asking must happen in one thread only (the analysis).
    """

    __slots__ = ("_image", "captured", "index", "pts", "source")

    def __init__(
        self, source: str, index: int, pts: float, captured: float, image: Image | Callable[[], Image]
    ) -> None:
        self.source, self.index, self.pts, self.captured = source, index, pts, captured
        self._image = image if callable(image) else read_only(image)

    @property
    def image(self) -> Image:
        if callable(self._image):
            self._image = read_only(self._image())
        return self._image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.shape[1], self.image.shape[0]


def read_only(image: Image) -> Image:
    """The same array, checked and closed for writing.

    Raises:
        ValueError: it is not height × width × 3 of uint8.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"image must be height × width × 3 of uint8, got shape {image.shape} of {image.dtype}")
    if not image.flags.c_contiguous:
        image = np.ascontiguousarray(image)
    image.setflags(write=False)
    return image


def unknown_landmarks() -> Landmarks:
    return np.full((5, 2), np.nan, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One detection. ``score`` 0…1."""

    box: Box
    score: float
    landmarks: Landmarks = field(default_factory=unknown_landmarks)

    def __post_init__(self) -> None:
        if self.landmarks.shape != (5, 2):
            raise ValueError(f"landmarks must have shape (5, 2), got {self.landmarks.shape}")
        self.landmarks.setflags(write=False)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A face with an id that stays with it across frames and is never given again.

    ``age``: seconds since it was first seen. ``seen``: found by the latest detection; False means predicted only.
    """

    id: int
    face: Face
    age: float
    seen: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """How a detector's box relates to the square that holds a face from brow to chin and ear to ear.

    The square's side is ``scale × max(width, height)`` of the box; its centre lies ``shift × height`` below the box's.
    """

    scale: float = 1.0
    shift: float = 0.0


@dataclass(frozen=True, slots=True)
class Crop:
    """What a classifier wants to see: a square of ``scale`` × the face square, ``margin`` frame pixels more on each
    side, resampled to ``side`` × ``side`` pixels."""

    side: int
    scale: float = 1.0
    margin: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Chip:
    """A face to classify, warped where the engine lives.

    ``affine`` (2, 3) float64 maps pixel centres of the chip to pixel centres of the frame (OpenCV's inverse map);
    the chip is ``size`` × ``size`` pixels; ``pts`` is that of the frame.
    """

    image: Image
    affine: NDArray[np.float64]
    size: int
    pts: float


@dataclass(frozen=True, slots=True)
class Emotion:
    """Probabilities in the order of ``streamer.emotions.LABELS``, summing to 1; ``pts`` of the frame they were read
    from, so that their age is known."""

    probabilities: tuple[float, ...]
    model: str
    pts: float

    def __post_init__(self) -> None:
        if len(self.probabilities) != 8 or abs(sum(self.probabilities) - 1.0) > 1e-3:
            raise ValueError(f"expected 8 probabilities that sum to 1, got {self.probabilities}")


@dataclass(frozen=True, slots=True)
class Person:
    """A tracked face, its smoothed emotion (None before the first reading) and what is said of it.

    ``label`` is a label of ``streamer.emotions`` or ``UNSURE``; ``confidence`` the probability of the label, or of the
    likeliest visible one where unsure; ``quality`` 0…1 of the face as a picture (size, sharpness, pose, score).
    """

    track: Track
    emotion: Emotion | None
    label: str = UNSURE
    confidence: float = 0.0
    quality: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in which a room's valence was away from what had been usual: from ``start`` (room time) for ``seconds``
    so far, by ``change`` on average, −2…2; ``over`` once, when it has ended."""

    start: float
    seconds: float
    change: float
    over: bool


@dataclass(frozen=True, slots=True)
class GroupMood:
    """The mood of a room over its last ``window`` seconds.

    ``people`` seen and ``used`` for the numbers; ``valence`` and ``arousal`` −1…1, None where the evidence is not
    enough; ``interval`` the 80 % interval of valence; ``shares`` of the labels, summing to 1; ``dispersion`` the
    standard deviation of valence between people, 0…1; ``cohesion`` the mean correlation of people's valence, −1…1, and
    ``together`` whether it is above chance; ``coverage`` 0…1, people used of people seen; ``positive`` and ``negative``
    people, ``polarisation`` 0…1, 1 for two equal camps; ``trend`` the valence that is usual, over minutes.
    """

    people: int
    used: int
    valence: float | None
    arousal: float | None
    interval: tuple[float, float] | None
    shares: tuple[float, ...] | None
    dispersion: float | None
    cohesion: float | None
    coverage: float
    window: float
    positive: int | None = None
    negative: int | None = None
    polarisation: float | None = None
    together: bool | None = None
    trend: float | None = None
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class FrameResult:
    """Everything known about one frame, without a pixel of it.

    ``mood`` is None where there is no data. ``seconds`` spent by stage; ``dropped`` frames of this source so far.
    ``faces`` of the latest detection, also those that are no person yet: for blurring, never recorded. ``size``: width
    and height of the frame in pixels.
    """

    source: str
    index: int
    pts: float
    captured: float
    people: tuple[Person, ...]
    mood: GroupMood | None
    seconds: Mapping[str, float] = field(default_factory=dict)
    dropped: int = 0
    faces: tuple[Face, ...] = ()
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class RoomResult:
    """What may leave the machine: a room's mood, no people, no pixels."""

    room: str
    pts: float
    mood: GroupMood | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """What the viewer wants to see. ``badge``: say on the picture that an analysis is on."""

    blur: bool = False
    labels: bool = True
    meter: bool = True
    help: bool = False
    paused: bool = False
    recording: bool = False
    badge: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """The info line: frames a second drawn, age of the result in seconds, frames dropped, engine, a note or ''."""

    fps: float
    age: float
    dropped: int
    engine: str = ""
    note: str = ""
