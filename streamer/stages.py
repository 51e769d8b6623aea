"""What each stage promises. Implementations need not inherit from these; mypy and tests/contracts check them.

Whatever is a context manager is opened, used and closed in one and the same thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

from streamer.packets import Packet
from streamer.types import (
    Chip,
    Crop,
    Emotion,
    Face,
    Fit,
    Frame,
    FrameResult,
    GroupMood,
    Image,
    Person,
    Status,
    Track,
    View,
)

Veil: TypeAlias = Literal["never", "recording", "always"]
"""When the faces in a camera's pictures are blurred whatever the viewer says: while they are recorded, or always,
because they are written down or sent on all the time."""


class Source(AbstractContextManager["Source"], Protocol):
    """Frames of a camera, a file, pictures. Live sources never wait for their reader; others lose nothing."""

    @property
    def name(self) -> str: ...

    @property
    def live(self) -> bool: ...

    def frames(self) -> Iterator[Frame]:
        """Indices count from 0, pts rises strictly.

        Raises:
            SourceLost: a live source stopped, opening it again may help.
            SourceError: it cannot be read at all.
        """
        ...


class Detector(AbstractContextManager["Detector"], Protocol):
    @property
    def about(self) -> str:
        """Model, comma, engine: "CenterFace, openvino CPU bf16"; the engine once opened."""
        ...

    @property
    def fit(self) -> Fit: ...

    def detect(self, image: Image) -> tuple[Face, ...]:
        """Faces in pixels of the full frame, best first; () where there are none."""
        ...


class Tracker(Protocol):
    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        """The live tracks; None stands for a frame on which the detector did not look."""
        ...

    def reset(self) -> None:
        """The picture is another one: everybody ends, and no id is given again."""
        ...


class Classifier(AbstractContextManager["Classifier"], Protocol):
    @property
    def about(self) -> str: ...

    @property
    def crop(self) -> Crop: ...

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        """One emotion for each chip in the same order, whatever camera it came from; () for none."""
        ...


class MoodMeter(Protocol):
    def update(
        self, source: str, people: Sequence[Person], pts: float, size: tuple[int, int] | None = None
    ) -> GroupMood | None:
        """The room's mood after these people of one of its sources were seen, in a picture of ``size`` pixels (width,
        height); None without any people."""
        ...


class Overlay(Protocol):
    def draw(self, frame: Frame, result: FrameResult, view: View, status: Status | None) -> Frame:
        """A new frame with the same index and times; the one given stays as it is. A still picture has no status."""
        ...


class ResultSink(AbstractContextManager["ResultSink"], Protocol):
    """Receives results, never pixels."""

    def write(self, result: FrameResult) -> None: ...


class PictureSink(AbstractContextManager["PictureSink"], Protocol):
    def write(self, picture: Frame, result: FrameResult) -> None: ...


class Encoder(AbstractContextManager["Encoder"], Protocol):
    def encode(self, picture: Frame) -> Sequence[Packet]: ...

    def flush(self) -> Sequence[Packet]: ...

    def ask_keyframe(self) -> None:
        """Make the next picture a keyframe; from any thread."""
        ...


class PacketSink(AbstractContextManager["PacketSink"], Protocol):
    """Receives what was encoded once. After a gap in the sequence it waits for the next keyframe."""

    def write(self, packet: Packet) -> None: ...
