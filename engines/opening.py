"""Open a model with the first engine that can run here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from engines.base import Array, Engine, EngineInfo, TensorSpec
from engines.errors import EngineUnavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An engine that was tried and cannot run here, and why."""

    engine: str
    reason: str


class Opened:
    """An engine that chooses, when it is entered, the first of several that can run here, and stands for it.

    ``chosen`` is the name of that one, "" before; ``refusals`` those before it in the order. Entered, used and
    closed in one thread, like any engine; an engine left unused is never opened.
    """

    def __init__(self, model: str, openers: Mapping[str, Callable[[], Engine]]) -> None:
        self._model, self._openers = model, openers
        self._engine: Engine | None = None
        self.chosen = ""
        self.refusals: tuple[Refusal, ...] = ()

    def __enter__(self) -> Self:
        """Open one.

        Raises:
            EngineUnavailable: none can run here; the message has every engine's own reason.
            ModelRejected: passed on at once, because another engine would only hide a wrong file.
        """
        self.refusals = ()
        for kind, opener in self._openers.items():
            try:
                self._engine = opener().__enter__()
            except EngineUnavailable as error:
                self.refusals += (Refusal(kind, str(error)),)
                log.warning("%s cannot run %s here (%s)", kind, self._model, error)
                continue
            self.chosen = kind
            log.info("%s runs on %s", self._model, kind)
            return self
        reasons = "; ".join(f"{refusal.engine}: {refusal.reason}" for refusal in self.refusals)
        raise EngineUnavailable(f"no engine of {list(self._openers)} can run {self._model} here: {reasons}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.__exit__(kind, error, trace)

    @property
    def engine(self) -> Engine:
        """The chosen one.

        Raises:
            RuntimeError: not entered yet, or closed.
        """
        if self._engine is None:
            raise RuntimeError(f"the engine of {self._model} is not open")
        return self._engine

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self.engine.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self.engine.outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return self.engine.run(feeds)

    def info(self) -> EngineInfo:
        return self.engine.info()


def open_first(model: str, openers: Mapping[str, Callable[[], Engine]]) -> Opened:
    """The engines of ``openers`` in their order, as one engine for the model of that name.

    ``{"openvino": partial(OpenVinoEngine, data, name="demo"), "onnxruntime": partial(OnnxRuntimeEngine, …)}``
    """
    return Opened(model, openers)
