"""A labelling server over media made on the spot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import cv2
import numpy as np

from streamer.config import Config
from streamer.sources.portraits import COLLINS, read
from streamer.stages import Detector
from streamer.types import Box, Face, Fit, Image
from streamer.web.server import WebServer
from streamer.web.site import Access, Tokens
from tests.fakes import Managed
from tests.web_site import Answer, ask, bearer, until
from tools.label.detecting import Detecting, made
from tools.label.opening import file_of, opened
from tools.label.session import offer_of
from tools.labelled.document import LabelFile
from tools.labelled.reading import read as read_labels

TOKEN = "label-token-0123456789"

LABEL = "/api/v1/label"


def write(path: Path, image: Image) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def grey(path: Path, width: int = 64, height: int = 48, level: int = 90) -> Path:
    return write(path, np.full((height, width, 3), level, np.uint8))


def portrait(path: Path) -> Path:
    """Eileen Collins, 512 × 512; the one face is at COLLINS.face."""
    return write(path, read(COLLINS))


def drawn(frame: int = 0, box: tuple[float, float, float, float] = (5, 6, 25, 30)) -> dict[str, Any]:
    return {"frame": frame} | dict(zip(("x1", "y1", "x2", "y2"), box, strict=True))


class Seeing(Managed):
    """A detector that finds the same boxes everywhere, once ``go`` is set; ``looked`` once it was asked."""

    about, fit = "seeing", Fit()

    def __init__(self, *boxes: Box) -> None:
        self._faces = tuple(Face(box, 0.9) for box in boxes)
        self.go, self.looked, self.calls = Event(), Event(), 0
        self.go.set()

    def detect(self, _: Image) -> tuple[Face, ...]:
        self.calls += 1
        self.looked.set()
        assert self.go.wait(10)
        return self._faces


@dataclass(frozen=True, slots=True)
class Labelling:
    """A running server and what it was made of."""

    server: WebServer
    file: Path

    def get(self, path: str = "") -> Answer:
        return ask(self.server, LABEL + path, headers=bearer(TOKEN))

    def post(self, path: str, **body: Any) -> Answer:
        return ask(self.server, LABEL + path, "POST", headers=bearer(TOKEN), body=body)

    @property
    def now(self) -> Any:
        return self.get().json

    def edit(self, index: int = 0, *, revision: int | None = None, **edit: Any) -> Answer:
        newest = self.now["revision"] if revision is None else revision
        return self.post(f"/media/{index}/edits", revision=newest, edit=edit)

    def faces(self, index: int = 0) -> Any:
        return self.get(f"/media/{index}").json["medium"]["faces"]

    def proposed(self, index: int = 0, detector: str = "centerface", frame: int | None = None) -> Any:
        """How a proposal ended."""
        assert self.post(f"/media/{index}/proposals", detector=detector, frame=frame).status == 202
        assert until(lambda: self.now["proposing"]["state"] != "running", 60)
        return self.now["proposing"]

    @property
    def saved(self) -> LabelFile:
        return read_labels(self.file)


@contextmanager
def labelling(
    *paths: Path, annotator: str = "Ada", detector: Detector | None = None, file: Path | None = None
) -> Iterator[Labelling]:
    """Over these media; ``detector`` in place of each that is asked for by name."""
    target = file_of(paths, file)
    work = opened(target, paths, annotator)
    work.saved.save(work.labels)

    def make(config: Config) -> Detector:
        return made(config) if detector is None else detector

    detecting = Detecting(make, offline=True)
    access = Access(port=0, tokens=Tokens(admin=TOKEN))
    with WebServer(offer_of(access, work, annotator, "centerface", detecting)) as server:
        yield Labelling(server, target)


def moving(count: int, *, shown: Sequence[bool] = (), step: float = 4.0) -> list[Image]:
    """Pictures of 320 × 240 with a portrait's head that moves to the right by ``step`` pixels each; () for always."""
    head = cv2.resize(read(COLLINS)[20:220, 120:320], (110, 110), interpolation=cv2.INTER_AREA)
    pictures = []
    for number in range(count):
        picture = np.full((240, 320, 3), 128, np.uint8)
        left = round(20 + step * number)
        if not shown or shown[number]:
            picture[60:170, left : left + 110] = head
        pictures.append(picture)
    return pictures
