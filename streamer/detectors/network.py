"""An engine with one picture in, from the opening of a detector to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine, TensorSpec
from engines.opening import news_of

Opening: TypeAlias = Callable[[bytes], Callable[[], Engine]]
"""Gives, for a model, what makes its engine in the thread that calls it."""


class Network:
    """Opened, run and closed by the detector called ``name``, in one thread; ``opener`` makes the engine."""

    def __init__(self, name: str, opener: Callable[[], Engine]) -> None:
        self._name, self._opener = name, opener
        self._stack = ExitStack()
        self._engine: Engine | None = None

    def open(self) -> None:
        self._engine = self._stack.enter_context(self._opener())

    def close(self) -> None:
        self._engine = None
        self._stack.close()

    def run(self, tensor: NDArray[np.float32]) -> dict[str, Array]:
        """All outputs by name."""
        engine = self._opened()
        return engine.run({engine.inputs[0].name: tensor})

    @property
    def fixed(self) -> tuple[int, int] | None:
        """Height and width of the input where it has one size only."""
        height, width = self._opened().inputs[0].shape[2:]
        return (height, width) if height > 0 and width > 0 else None

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._opened().outputs

    @property
    def about(self) -> str:
        info = self._opened().info()
        return f"{self._name}, {info.backend} {info.device} {info.precision}"

    @property
    def news(self) -> str:
        """What the engine is busy with besides running; "" for nothing."""
        return "" if self._engine is None else news_of(self._engine)

    def _opened(self) -> Engine:
        if self._engine is None:
            raise RuntimeError(f"{self._name} must be opened before it detects: use it in a with statement")
        return self._engine
