"""Detectors in a thread of their own, which fetches, opens, uses and closes them."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TypeVar

from streamer import build
from streamer.analysing import analyzer
from streamer.analyzer import Models
from streamer.commands.setup import configured
from streamer.commands.terminal import fetching
from streamer.config import Config
from streamer.signs import NoMood
from streamer.stages import Detector
from streamer.types import Chip, Crop, Emotion, Frame, Image
from tools.label.tracks import Sights, mark_of, within
from tools.labelled.document import Mark

T = TypeVar("T")

Found = tuple[tuple[Mark, ...], ...]
"""The marks of each face."""

Frames = Callable[[], Iterator[Frame]]
"""Opens a video and reads it through."""

Told = Callable[[int], None]
"""Called with how many frames are done."""


class Ended(Exception):
    """The program ends, and nobody waits for an answer any more."""


class Unasked:
    """Stands where a classifier stands: while faces are looked for, nobody asks for expressions."""

    about, crop = "none", Crop(48)

    def __enter__(self) -> Unasked:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        raise RuntimeError(f"nobody should ask for the expressions of {len(chips)} faces")


def settings_of(name: str) -> Config:
    """
    Raises:
        ConfigError, ModelRejected: there is no such detector, or no card of its model.
    """
    config = configured(None, {"source": "labels", "detector.name": name}, os.environ)
    build.cards(config)
    return config


def fetch(config: Config, *, offline: bool, go_on: Callable[[], None] = lambda: None) -> None:
    """Bring the detector's weights, with a progress bar in the terminal. ``go_on`` raises where that is to end.

    Raises:
        EngineError: they cannot be had.
    """
    with fetching() as shown:

        def progress(name: str, done: int, total: int) -> None:
            go_on()
            shown(name, done, total)

        build.fetch_weights(config, offline=offline, progress=progress)


def made(config: Config) -> Detector:
    """The detector of a configuration, not yet opened."""
    return build.detector(config, build.engines_of(config))


class Detecting:
    """Finds faces with the detector of a name. The last one stays open for the next time. ``make``: what makes one."""

    def __init__(self, make: Callable[[Config], Detector] = made, *, offline: bool = False) -> None:
        self._make, self._offline = make, offline
        self._thread = ThreadPoolExecutor(1, "detecting")
        self._over = threading.Event()
        self._open = ExitStack()
        self._name = ""
        self._ready: tuple[Config, Models] | None = None

    async def on_picture(self, name: str, image: Image, frame: int) -> Found:
        """A mark on ``frame`` for each face in the picture, the surest first.

        Raises:
            StreamerError, EngineError: the detector cannot be had or opened.
            Ended: it was closed meanwhile.
        """
        return await self._run(partial(self._on_picture, name, image, frame))

    async def on_video(self, name: str, frames: Frames, told: Told) -> Found:
        """The marks of each track. ``told`` is called in the other thread.

        Raises:
            StreamerError, EngineError, Ended: see on_picture; or the video cannot be read.
        """
        return await self._run(partial(self._on_video, name, frames, told))

    async def close(self) -> None:
        """Stop at once whatever goes on. The thread ends once the detector is closed."""
        self._over.set()
        await self._run(self._shut)
        self._thread.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _on_picture(self, name: str, image: Image, frame: int) -> Found:
        _, models = self._models(name)
        height, width = image.shape[:2]
        boxes = (within(face.box, width, height) for face in models.eyes().detect(image))
        return tuple((mark_of(frame, box, name),) for box in boxes if box is not None)

    def _on_video(self, name: str, frames: Frames, told: Told) -> Found:
        """By the analysis of the live loop, without its last step: nobody is read."""
        config, models = self._models(name)
        analysis = analyzer(config, models, NoMood(), live=False)
        sights: Sights | None = None
        for frame in frames():
            self._go_on()
            sights = sights or Sights(*frame.size)
            sights.add(frame.pts, analysis.begin(frame).tracks)
            told(frame.index + 1)
        return sights.marks(name) if sights is not None else ()

    def _models(self, name: str) -> tuple[Config, Models]:
        self._go_on()
        if self._ready is None or self._name != name:
            self._shut()
            config = settings_of(name)
            fetch(config, offline=self._offline, go_on=self._go_on)
            models = self._open.enter_context(Models(self._make(config), Unasked()))
            self._name, self._ready = name, (config, models)
        return self._ready

    def _go_on(self) -> None:
        if self._over.is_set():
            raise Ended

    def _shut(self) -> None:
        self._ready = None
        self._open.close()
