"""An engine without a library: y = factor · x over (any, 2), told when to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

import numpy as np

from engines.base import Array, EngineInfo, TensorSpec, check_feeds

SPEC = TensorSpec("x", "float32", (-1, 2))


class ScalingEngine:
    """Strict: used only while open and only in one thread, but for being opened in another. ``fails``: what its runs
    raise, None for those that work; after the last the engine works on. ``reply`` alters its answers."""

    def __init__(
        self,
        backend: str,
        *,
        factor: float = 3,
        fails: tuple[Exception | None, ...] = (),
        refusal: Exception | None = None,
        output: str = "y",
        reply: Callable[[Array], Array] = lambda y: y,
    ) -> None:
        self.backend, self.factor, self.refusal, self.output, self.reply = backend, factor, refusal, output, reply
        self.inputs, self.outputs = (SPEC,), (TensorSpec(output, "float32", (-1, 2)),)
        self._fails = iter(fails)
        self.opened = self.closed = self.runs = 0
        self.opened_in = self.run_in = self.closed_in = ""

    def __enter__(self) -> Self:
        if self.refusal is not None:
            raise self.refusal
        self.opened += 1
        self.opened_in = threading.current_thread().name
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.opened != self.closed + 1:
            raise AssertionError(f"{self.backend} was opened {self.opened} times and closed {self.closed} times before")
        self.closed += 1
        self.closed_in = threading.current_thread().name

    @property
    def open(self) -> bool:
        return self.opened > self.closed

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        if not self.open:
            raise AssertionError(f"{self.backend} is not open")
        check_feeds(self.inputs, feeds)
        self.runs += 1
        self.run_in = threading.current_thread().name
        failure = next(self._fails, None)
        if failure is not None:
            raise failure
        return {self.output: self.reply(np.asarray(feeds["x"] * np.float32(self.factor)))}

    def info(self) -> EngineInfo:
        return EngineInfo(self.backend, "1", "CPU", "fp32")


def ask(value: float) -> dict[str, Array]:
    return {"x": np.full((1, 2), value, np.float32)}
