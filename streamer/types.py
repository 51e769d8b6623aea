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

from streamer.box import Box as Box  # part of the contract like the rest

Image: TypeAlias = NDArray[np.uint8]
"""Height × width × 3, BGR, C-contiguous, not writeable once it sits in a Frame."""

Landmarks: TypeAlias = NDArray[np.float32]
"""(5, 2) x, y: right eye, left eye, nose tip, right and left mouth corner *of the subject*; NaN where unknown."""

Command: TypeAlias = Literal["quit", "blur", "labels", "meter", "calibrate", "record", "pause", "help", "off", "on"]
"""What a key or a page may ask of a running pipeline; "pause" turns the analysis off or on, "off" and "on" do so
whatever it was."""

UNSURE = "unsure"
"""The label of a person whose expression cannot be told."""

SIGNS = ("nod", "shake", "smile", "frown", "away", "facing")
"""The labels where no emotion is inferred: of what a person does now, the first of these is said."""


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
class Signs:
    """What a face does, where no emotion is inferred; None where it cannot be told from this picture. ``facing``:
    turned towards the camera; ``nod`` and ``shake``: of the head, in the last second or so."""

    smile: bool | None
    frown: bool | None
    nod: bool | None
    shake: bool | None
    facing: bool | None


@dataclass(frozen=True, slots=True)
class Person:
    """A tracked face, its smoothed emotion (None before the first reading) and what is said of it.

    ``label`` is a label of ``streamer.emotions``, a sign ("smile") or ``UNSURE``; ``confidence`` the probability of the
    label, or of the likeliest visible one where unsure; ``quality`` 0…1 of the face as a picture (size, sharpness,
    pose, score). ``signs`` instead of an emotion where none may be inferred.
    """

    track: Track
    emotion: Emotion | None
    label: str = UNSURE
    confidence: float = 0.0
    quality: float = 0.0
    signs: Signs | None = None


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
    and height of the frame in pixels. ``signs`` of a room, to be drawn where nobody in it may be shown.
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
    signs: RoomSigns | None = None


@dataclass(frozen=True, slots=True)
class RoomSigns:
    """Shares 0…1 of the people seen of whom it can be told; None where too few. ``people`` seen."""

    people: int
    smile: float | None
    frown: float | None
    nod: float | None
    shake: float | None
    facing: float | None


@dataclass(frozen=True, slots=True)
class RoomResult:
    """What may leave the machine: a room's mood, or its signs where no emotion is inferred; no people, no pixels.
    ``pts``: seconds since the run began; ``captured``: ``time.monotonic()`` of its newest picture; ``paused``: the
    analysis is off."""

    room: str
    pts: float
    mood: GroupMood | None
    sources: tuple[str, ...]
    signs: RoomSigns | None = None
    captured: float = 0.0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What the viewer wants to see. ``badge``: say on the picture that an analysis is on. ``least``: counts are of so
    many people or more, and nothing is known of fewer; 0 where all is known."""

    blur: bool = False
    labels: bool = True
    meter: bool = True
    help: bool = False
    paused: bool = False
    recording: bool = False
    badge: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """The info line: frames a second drawn, age of the result in seconds, frames dropped, engine, a note or ''."""

    fps: float
    age: float
    dropped: int
    engine: str = ""
    note: str = ""
