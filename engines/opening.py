"""Open a model with the first engine that can run here."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from engines.base import Array, Engine, EngineInfo, TensorSpec
from engines.errors import EngineUnavailable, NotInstalled

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An engine that was tried and cannot run here, or not any more, and why."""

    engine: str
    reason: str


@runtime_checkable
class Telling(Protocol):
    """An engine that is busy with something besides running."""

    @property
    def news(self) -> str: ...


def news_of(engine: Engine) -> str:
    """What an engine is busy with besides running, in a few words; "" for nothing."""
    return engine.news if isinstance(engine, Telling) else ""


class Opened:
    """An engine that chooses, when it is entered, the first of several that can run here, and stands for it.

    One that gives up while it runs (out of memory) is closed, and the next of the order answers in its place.
    ``chosen`` is the name of the one that runs, "" before; ``refusals`` those before it in the order; ``changes`` how
    often another took over since it was entered. Entered, used and closed in one thread, like any engine; an engine
    left unused is never opened.
    """

    def __init__(self, model: str, openers: Mapping[str, Callable[[], Engine]], *, asked: bool = False) -> None:
        """``asked``: somebody named these engines, and is warned of one that is not even installed."""
        self._model, self._openers, self._asked = model, openers, asked
        self._left: Iterator[str] = iter(())
        self._engine: Engine | None = None
        self.chosen = ""
        self.refusals: tuple[Refusal, ...] = ()
        self.changes = 0

    def __enter__(self) -> Self:
        """Open one.

        Raises:
            EngineUnavailable: none can run here; the message has every engine's own reason.
            ModelRejected: passed on at once, because another engine would only hide a wrong file.
        """
        self._left, self.refusals, self.changes = iter(self._openers), (), 0
        self._engine = self._open_next()
        return self

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
    def news(self) -> str:
        """The chosen one's; "" while none is open."""
        return "" if self._engine is None else news_of(self._engine)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self.engine.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self.engine.outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``; the same feeds go to the next engine where one gives up.

        Raises:
            EngineUnavailable: the last one gave up; the message has every engine's own reason.
            DeviceLost, ModelRejected: passed on at once.
        """
        while True:
            try:
                return self.engine.run(feeds)
            except EngineUnavailable as error:
                self._refuse(self.chosen, error, "cannot go on with")
                self.__exit__(type(error), error, error.__traceback__)
            self._engine = self._open_next()
            self.changes += 1

    def info(self) -> EngineInfo:
        return self.engine.info()

    def _open_next(self) -> Engine:
        for kind in self._left:
            try:
                engine = self._openers[kind]().__enter__()
            except EngineUnavailable as error:
                self._refuse(kind, error, "cannot run")
                continue
            self.chosen, info = kind, engine.info()
            log.info("%s runs on %s %s", self._model, info.backend, info.precision)
            return engine
        reasons = "; ".join(f"{refusal.engine}: {refusal.reason}" for refusal in self.refusals)
        raise EngineUnavailable(f"no engine of {list(self._openers)} can run {self._model} here: {reasons}")

    def _refuse(self, kind: str, error: EngineUnavailable, what: str) -> None:
        """A package that nobody installed is news only to who asked for it; anything else is to everybody."""
        self.refusals += (Refusal(kind, str(error)),)
        level = logging.INFO if isinstance(error, NotInstalled) and not self._asked else logging.WARNING
        log.log(level, "%s %s %s here (%s)", kind, what, self._model, error)


def open_first(model: str, openers: Mapping[str, Callable[[], Engine]], *, asked: bool = False) -> Opened:
    """The engines of ``openers`` in their order, as one engine for the model of that name; ``asked`` as in ``Opened``.

    ``{"openvino": partial(OpenVinoEngine, data, name="demo"), "onnxruntime": partial(OnnxRuntimeEngine, …)}``
    """
    return Opened(model, openers, asked=asked)
