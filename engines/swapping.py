"""An engine that runs at once, and a better one that takes over when it has been made."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self, TypeAlias

import numpy as np

from engines.base import Array, Engine, EngineInfo, TensorSpec
from engines.errors import EngineError, EngineUnavailable
from engines.opening import Refusal
from engines.opening import news_of as news_of  # for those who ask a swapping engine

log = logging.getLogger(__name__)

Opener: TypeAlias = Callable[[], Engine]

Progress: TypeAlias = Callable[[float, str], None]
"""Told the share that is done, 0…1, and what is being done; raises Stopped when nobody waits for it any more."""

Better: TypeAlias = Callable[[Progress], Opener]
"""Builds, or finds what was built before, for as long as that takes; gives what makes the engine. Whatever it cannot
do is an EngineError, OSError or MemoryError."""

Outputs: TypeAlias = Mapping[str, Array]

Check: TypeAlias = Callable[[Outputs, Outputs], str]
"""What is wrong with the second engine's outputs, the first one's being right; "" where nothing is."""

PATIENCE = 1.0
"""Seconds that closing waits for a build to end."""

FAR = 0.05
"""The largest accepted difference, as a share of the output's largest value but at least of 1: the widest of
``engines.reference.TOLERANCE``, because the first engine may compute in bf16. It finds a wrong model, a wrong layout
and NaN; how accurate an engine is, is judged when it is built (``engines.gate``)."""


class Stopped(EngineError):
    """Nobody waits any more for what is being built."""


class Making:
    """One engine in the making, in a thread of its own that also opens it; ``news`` and ``refusal`` tell of it."""

    def __init__(self, model: str, name: str, better: Better) -> None:
        self._model, self._name, self._better = model, name, better
        self.news = f"building {name}"
        self.refusal: Refusal | None = None
        self._stop = threading.Event()
        self._made: deque[Engine] = deque(maxlen=1)
        self._thread = threading.Thread(target=self._make, name=f"build {name} for {model}", daemon=True)
        self._thread.start()

    def take(self) -> Engine | None:
        """The engine, open, once it is there, and only once: whoever takes it closes it."""
        if not self._made:
            return None
        self.news = ""
        return self._made.popleft()

    def stop(self) -> None:
        """Have it stop, without waiting for that."""
        self._stop.set()

    def end(self, patience: float) -> None:
        """Have it stop, and wait ``patience`` seconds for that; what goes on longer closes by itself what it opens."""
        self._stop.set()
        self._thread.join(patience)
        if self._thread.is_alive():
            log.warning("the build of %s for %s does not end and is left behind", self._name, self._model)
        self._discard()

    def _make(self) -> None:
        try:
            opener = self._better(self._progress)
            self._wanted()
            self.news = f"opening {self._name}"
            engine = opener().__enter__()
            self.news = f"{self._name} is ready"
            self._made.append(engine)
        except (EngineError, OSError, MemoryError) as error:
            if not self._stop.is_set():
                self.refusal = Refusal(self._name, str(error) or type(error).__name__)
                log.warning("%s stays as it is, there is no %s for it (%s)", self._model, self._name, error)
        finally:
            if self._stop.is_set():
                self._discard()
            if not self._made:
                self.news = ""

    def _progress(self, share: float, doing: str) -> None:
        self._wanted()
        self.news = f"building {self._name} {100 * min(1.0, max(0.0, share)):.0f} %"
        log.debug("%s: %s, %s", self._model, self.news, doing)

    def _wanted(self) -> None:
        if self._stop.is_set():
            raise Stopped(f"{self._name} is no longer wanted for {self._model}")

    def _discard(self) -> None:
        """Close what nobody took. Both threads do this after the end is decided, so that it is closed by one of them,
        whichever comes last."""
        try:
            engine = self._made.popleft()
        except IndexError:
            return
        engine.__exit__(None, None, None)


class Swapping:
    """Runs on ``first`` from the start; ``better``, called ``name``, takes its place between two runs.

    The better engine is built and opened in a thread of its own, because opening warms up and would hold back a run;
    it is used and closed in the thread that runs. So it must not be bound to the thread that opened it: an engine whose
    device has an owner thread (TensorRtEngine) is not, and no CPU engine here is.

    The first run after it is ready asks both engines the same and gives the first one's answer. Where ``check`` finds
    nothing wrong with the other's, the first is closed and the better one runs from then on. Whatever fails on the way
    is logged once and kept in ``refusals``, and the first goes on. So it does, opened again, when the better one gives
    up later (out of memory). ``changes`` counts how often another took over; ``info()`` and the free sizes of
    ``inputs`` may be others then.

    Entered, used and closed in one thread, like any engine; ``news`` may be read in any.
    """

    def __init__(
        self,
        model: str,
        first: Opener,
        better: Better,
        *,
        name: str,
        check: Check | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """``patience``: seconds that closing waits for a build to end."""
        self._model, self._first, self._better, self._name = model, first, better, name
        self._check, self._patience = check or far_off, patience
        self._engine: Engine | None = None
        self._making: Making | None = None
        self._swapped = False
        self._later: tuple[Refusal, ...] = ()
        self.changes = 0

    def __enter__(self) -> Self:
        """Open the first engine and begin to make the better one.

        Raises:
            EngineError: the first one's own.
        """
        self._engine = self._first().__enter__()
        self._swapped, self._later, self.changes = False, (), 0
        self._making = Making(self._model, self._name, self._better)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        engine, self._engine = self._engine, None
        with ExitStack() as stack:
            if engine is not None:
                stack.push(engine)
            if self._making is not None:
                self._making.end(self._patience)

    def stop(self) -> None:
        """Have the better engine's making stop; leaving then need not wait for that."""
        if self._making is not None:
            self._making.stop()

    @property
    def news(self) -> str:
        """What is being done about the better engine, "building tensorrt_rtx 40 %"; "" when nothing is."""
        return "" if self._making is None else self._making.news

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why the better engine does not run, if so."""
        built = None if self._making is None else self._making.refusal
        return self._later if built is None else (built, *self._later)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._running().inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._running().outputs

    def info(self) -> EngineInfo:
        return self._running().info()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``.

        Raises:
            EngineUnavailable: the first engine's own; the better one's has the first one take over.
            DeviceLost, ModelRejected: the running engine's own, passed on at once.
        """
        running = self._running()
        better = self._making.take() if self._making is not None and _tells_something(feeds) else None
        if better is not None:
            return self._compare(running, better, feeds)
        try:
            return running.run(feeds)
        except EngineUnavailable as error:
            if not self._swapped:
                raise
            self._refuse(str(error))
        return self._back(running).run(feeds)

    def _running(self) -> Engine:
        if self._engine is None:
            raise RuntimeError(f"the engine of {self._model} is not open")
        return self._engine

    def _compare(self, first: Engine, better: Engine, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """The first one's answer; after it the better one runs, unless it answered wrongly and was closed."""
        with ExitStack() as loser:
            loser.push(better)
            right = first.run(feeds)
            if fault := self._fault(first, better, feeds, right):
                self._refuse(fault)
                return right
            loser.pop_all()
            loser.push(first)
            self._engine, self._swapped = better, True
        self._changed(better)
        return right

    def _fault(self, first: Engine, better: Engine, feeds: Mapping[str, Array], right: Outputs) -> str:
        wanted, names = ([spec.name for spec in engine.outputs] for engine in (first, better))
        if names != wanted:
            return f"its outputs are {names}, wanted {wanted}"
        try:
            return self._check(right, better.run(feeds))
        except (EngineError, ValueError) as error:
            return str(error)

    def _back(self, failed: Engine) -> Engine:
        """The first engine, opened again in the place of the one that failed."""
        self._engine, self._swapped = None, False
        failed.__exit__(None, None, None)
        first = self._engine = self._first().__enter__()
        self._changed(first)
        return first

    def _changed(self, engine: Engine) -> None:
        self.changes += 1
        info = engine.info()
        log.info("%s: now on %s %s", self._model, info.backend, info.precision)

    def _refuse(self, reason: str) -> None:
        self._later += (Refusal(self._name, reason),)
        log.warning("%s does not run on %s (%s)", self._model, self._name, reason)


def _tells_something(feeds: Mapping[str, Array]) -> bool:
    """Whether two engines can be compared on it: on an empty batch all are alike."""
    return all(array.size for array in feeds.values())


def far_off(right: Outputs, other: Outputs) -> str:
    """The default check: the same outputs in the same shapes, finite, and nowhere farther off than FAR."""
    if right.keys() != other.keys():
        return f"its outputs are {sorted(other)}, wanted {sorted(right)}"
    for name, wanted in right.items():
        got = other[name]
        if got.shape != wanted.shape:
            return f"{name} has shape {got.shape}, wanted {wanted.shape}"
        if not np.isfinite(got).all():
            return f"{name} is not finite"
        off = float(np.abs(np.subtract(got, wanted, dtype=np.float64)).max(initial=0))
        bound = FAR * max(1.0, float(np.abs(wanted).max(initial=0)))
        if not off <= bound:
            return f"{name} is off by {off:.3g}, allowed {bound:.3g}"
    return ""
