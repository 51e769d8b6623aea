"""The engines of a run: the first of the configured order that can run here, a better one when it is ready."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np

from engines.base import Array, Engine
from engines.cards import Card
from engines.cuda.opening import open_cuda
from engines.cuda.owner import Owner
from engines.errors import EngineUnavailable
from engines.face_chain import Task
from engines.one_pass import OnePass
from engines.opening import open_first
from engines.planned import PlannedEngine, Planner, Site, Wanted
from engines.plans import Plans
from engines.probe import driver
from engines.sized import Shape, Sized, any_size, fixed, shape_of
from engines.swapping import Better, Opener, Progress, Swapping
from engines.trt_build import BuildSettings
from engines.trt_library import Kind, library
from streamer import samples
from streamer.config import ORDER
from streamer.config import Engine as Settings
from streamer.registry import ENGINES, GPU_ENGINES, find

log = logging.getLogger(__name__)

Weights: TypeAlias = tuple[bytes, Card]

BEST_BATCH = 8
"""Faces that a plan is tuned for: a meeting."""


class EngineFactory:
    """All engines on a GPU that it makes share that GPU's one thread."""

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        """``folder`` for the plans, or the user's cache."""
        self._settings, self._plans = settings, Plans(folder)
        self._owner = Owner(partial(open_cuda, settings.gpu))

    def opener(self, model: bytes, card: Card) -> Opener:
        """Makes the engine of a model, verified and as its card says; each refusal is logged with its reason."""
        made = {kind: self._maker(kind, model, card) for kind in self._settings.order}
        return lambda: open_first(card.name, made, asked=self._settings.order != ORDER)

    def _maker(self, kind: str, model: bytes, card: Card) -> Opener:
        if kind not in GPU_ENGINES:
            return self._on_cpu(kind, model, card, self._settings.precision)
        after = self._settings.order[self._settings.order.index(kind) + 1 :]
        kinds = [other for other in after if other not in GPU_ENGINES]
        return lambda: self._on_gpu(kind, model, card, kinds)  # type: ignore[arg-type]  # one of GPU_ENGINES

    def _on_cpu(self, kind: str, model: bytes, card: Card, precision: str) -> Opener:
        made: Opener = partial(
            find(ENGINES, kind), model, name=card.name, threads=self._settings.threads, precision=precision
        )
        return made

    def _on_gpu(self, kind: Kind, model: bytes, card: Card, meanwhile: Sequence[str]) -> Engine:
        """Its plan where it was built before; else what runs meanwhile, with the plan to come."""
        library(kind)  # says why not, before anything is read or built
        if any_size(model):
            return Sized(card.name, self._first(model, card, meanwhile), self._for_shape(kind, model, card), name=kind)
        planner = self.planner(kind, model, card)
        if planner.found() is not None:
            return self.planned(planner)
        if not self._settings.build:
            raise EngineUnavailable(f"no engine of {card.name} is built yet: groupmood engines build --backend {kind}")
        if not meanwhile:
            planner.prepare()
            return self.planned(planner)
        return Swapping(card.name, self._first(model, card, meanwhile), self._better(planner), name=kind)

    def planner(self, kind: Kind, model: bytes, card: Card, *, device: bool = True, shape: Shape = ()) -> Planner:
        """The plans of a model; ``device`` False where none is needed to build. ``shape`` fixes pictures of any size.

        Raises:
            EngineUnavailable: the library, or the device that it needs, is missing.
        """
        found = library(kind, device=device)
        most = 1 if shape else self._settings.max_batch
        wanted = Wanted(
            card.name,
            fixed(model, card.name, shape) if shape else model,
            partial(inputs, card, shape or shape_of(model)),
            samples.read_by(card),
            self._settings.precision,
            BuildSettings(most, min(BEST_BATCH, most)),
        )
        asked = driver() if device or kind == "tensorrt" else None
        return Planner(wanted, Site(found, asked, self._settings.gpu), self._plans)

    def one_pass(self, detector: Weights, emotion: Weights, task: Task, size: tuple[int, int]) -> OnePass | None:
        """A pass, not opened yet, for frames of that width and height; None while no GPU engine that comes before those
        on the CPU has both plans."""
        fitted = task.fitted(*size)
        first = itertools.takewhile(lambda kind: kind in GPU_ENGINES, self._settings.order)
        for kind in cast(Iterator[Kind], first):
            try:
                found = self.planner(kind, *detector, shape=(1, 3, fitted.height, fitted.width)).ready()
                read = self.planner(kind, *emotion).ready()
            except EngineUnavailable as error:
                log.debug("no pass on %s: %s", kind, error)
                continue
            if found is not None and read is not None:
                return OnePass(found, read, task, library=library(kind), owner=self._owner)
        return None

    def planned(self, planner: Planner) -> PlannedEngine:
        """The engine over a planner's plan, on the GPU of these settings; not opened yet."""
        return PlannedEngine(planner, self._owner)

    def _first(self, model: bytes, card: Card, kinds: Sequence[str]) -> Opener:
        if not kinds:
            wanted = "name openvino or onnxruntime after it, for sizes whose engine is not built yet"
            raise EngineUnavailable(f"{card.name} takes pictures of any size: {wanted}")
        makers: Mapping[str, Callable[[], Engine]] = {
            kind: self._on_cpu(kind, model, card, _for_now(self._settings.precision)) for kind in kinds
        }
        return lambda: open_first(card.name, makers)

    def _for_shape(self, kind: Kind, model: bytes, card: Card) -> Callable[[Shape], Better]:
        return lambda shape: self._better_for(kind, model, card, shape)

    def _better_for(self, kind: Kind, model: bytes, card: Card, shape: Shape) -> Better:
        return lambda progress: self._better(self.planner(kind, model, card, shape=shape))(progress)

    def _better(self, planner: Planner) -> Better:
        def prepared(progress: Progress) -> Opener:
            if planner.found() is None and not self._settings.build:
                raise EngineUnavailable(f"no engine of {planner.wanted.name} for such pictures is built yet")
            planner.prepare(progress)
            return lambda: self.planned(planner)

        return prepared


def inputs(card: Card, shape: Shape) -> Array:
    """Real pictures for the accuracy gate, as the card's network with an input of ``shape`` is fed."""
    if card.task == "emotion":
        return samples.faces(card)
    mean, std = (np.reshape(value, (-1, 1, 1)).astype(np.float32) for value in (card.input.mean, card.input.std))
    normal: Array = (samples.fed(shape, rgb=card.input.colour == "rgb") - mean) / std
    return normal


def _for_now(precision: str) -> str:
    """What a CPU engine computes in until the GPU's is ready: none has fp16."""
    return "auto" if precision == "fp16" else precision
