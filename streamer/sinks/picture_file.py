"""One good picture out of a whole run."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from streamer.errors import SinkError
from streamer.sinks.png import write_png
from streamer.sinks.target import check_target
from streamer.types import UNSURE, Frame, FrameResult


class StillPicture:
    """Keeps the picture with the most people that have a label, and writes it as PNG at the end; of several the one
    nearest to ``near`` seconds of media time.

    Among pictures without any label the one with the most people counts. Without any picture nothing is touched.
    """

    def __init__(self, path: Path, *, near: float = 0.0) -> None:
        self._path, self._near = path, near
        self._best: Frame | None = None
        self._rank = (-1, -1, 0.0)

    def __enter__(self) -> StillPicture:
        if self._path.suffix.lower() != ".png":
            raise SinkError(f"cannot write {self._path}: the still is a PNG; end the name in .png")
        check_target(self._path)
        return self

    def write(self, picture: Frame, result: FrameResult) -> None:
        rank = (*worth(result), -abs(result.pts - self._near))
        if rank > self._rank:
            self._best, self._rank = picture, rank

    def close(self) -> None:
        """Writes the picture; closing again does nothing.

        Raises:
            SinkError: it cannot be written.
        """
        best, self._best = self._best, None
        if best is not None:
            write_png(self._path, best.image)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def worth(result: FrameResult) -> tuple[int, int]:
    """People seen with a label, and people seen; the larger the better."""
    seen = [person for person in result.people if person.track.seen]
    return sum(person.label != UNSURE for person in seen), len(seen)
