"""How long a model takes for a face, on the engine itself, without what comes before and after it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from engines.base import Engine
from engines.cards import Card
from engines.errors import EngineUnavailable
from engines.opening import Refusal
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from engines.reference import reference_input

WARM_UP, RUNS = 30, 300


@dataclass(frozen=True, slots=True)
class Speed:
    """Milliseconds a face, one thread, float32; None where the engine cannot run here. ``openvino_16``: a sixteenth of
    what 16 faces at once take."""

    openvino: float | None
    openvino_16: float | None
    onnxruntime: float | None


def speed(card: Card, model: bytes) -> tuple[Speed, tuple[Refusal, ...]]:
    """Medians over ``RUNS`` runs, and which engines cannot run here."""
    refusals: list[Refusal] = []

    def one(kind: str, engine: Callable[[], Engine], batches: tuple[int, ...]) -> list[float | None]:
        try:
            with engine() as opened:
                return [milliseconds(opened, card, batch) for batch in batches]
        except EngineUnavailable as error:
            refusals.append(Refusal(kind, str(error)))
            return [None for _ in batches]

    single, many = one("openvino", lambda: OpenVinoEngine(model, name=card.name, precision="fp32"), (1, 16))
    (plain,) = one("onnxruntime", lambda: OnnxRuntimeEngine(model, name=card.name), (1,))
    return Speed(single, many, plain), tuple(refusals)


def milliseconds(engine: Engine, card: Card, batch: int, runs: int = RUNS) -> float:
    """A face's share of the median run over ``batch`` drawn faces, after ``WARM_UP`` runs that do not count."""
    feeds = {engine.inputs[0].name: reference_input(card, batch)}
    for _ in range(WARM_UP):
        engine.run(feeds)
    return median(_seconds(lambda: engine.run(feeds)) for _ in range(runs)) * 1000 / batch


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
