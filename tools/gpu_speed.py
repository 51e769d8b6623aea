"""How fast the engines are on the GPU: each batch with and without CUDA graphs, and against the bare engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from engines.base import Array
from engines.cuda.opening import open_cuda
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime, Recording, Stream
from engines.errors import EngineError
from engines.plans import Plan
from engines.trt import TensorRtEngine
from engines.trt_buckets import SIZES
from engines.trt_library import Kind, Library
from tools.gpu_bare import Bare
from tools.gpu_plans import DETECTOR, PRECISIONS, factory, planner_of, usable
from tools.gpu_sections import Given, Row, attempt
from tools.gpu_timing import SECONDS, seconds_of, summary, timed

MODEL, BATCH = "groupmood", 16

ROUNDS, AHEAD = 3, 16
"""Our engine and the bare one in turns; the bare one has so many runs in its stream before it waits."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A plan, and real inputs for it."""

    name: str
    plan: Plan
    library: Library
    precision: str
    samples: Array

    def feeds(self, name: str, batch: int) -> dict[str, Array]:
        return {name: np.ascontiguousarray(np.resize(self.samples, (batch, *self.samples.shape[1:])))}


def speed(given: Given) -> Iterator[Row]:
    """Rows of ``timed`` for each backend, precision, batch, with and without graphs; the detector at its one size; and
    a row "own against bare" for each."""
    kinds, refused = usable()
    yield from refused
    for kind in kinds:
        for precision in PRECISIONS:
            about = {"backend": kind, "model": MODEL, "precision": precision}
            for graphs in (True, False):
                yield from _buckets(given, about, graphs=graphs)
            yield attempt({**about, "what": "own against bare"}, partial(_against_bare, given, kind, precision))
        about = {"backend": kind, "model": DETECTOR, "precision": "fp16"}
        yield from _buckets(given, about, graphs=True)


def _ready(given: Given, kind: Kind, name: str, precision: str) -> Ready:
    engines = factory(given, kind, precision)
    _, planner = planner_of(engines, kind, name)
    plan = planner.prepare()
    return Ready(name, plan, planner.library, planner.precision_of(plan), planner.wanted.samples())


def _buckets(given: Given, about: Row, *, graphs: bool) -> Iterator[Row]:
    batches = (1,) if about["model"] == DETECTOR else SIZES
    with ExitStack() as stack:
        opened: list[tuple[Ready, TensorRtEngine]] = []

        def first(batch: int) -> Row:
            if not opened:  # here, so that what opening it meets is a row as well
                ready = _ready(given, about["backend"], about["model"], about["precision"])
                opened.append((ready, stack.enter_context(_engine(given, ready, graphs=graphs))))
            ready, engine = opened[0]
            return {"runs_in": ready.precision, **timed(engine, ready.feeds(engine.inputs[0].name, batch))}

        for batch in batches:
            row = attempt({**about, "graphs": graphs, "batch": batch}, partial(first, batch))
            yield row
            if not opened:
                return


def _engine(given: Given, ready: Ready, *, graphs: bool) -> TensorRtEngine:
    library = ready.library if graphs else without_graphs(ready.library)
    make = partial(open_cuda, given.gpu)
    owner = Owner(make if graphs else lambda: cast(CudaRuntime, NoGraphs(make())))
    jit = given.work / f"{ready.name}-{ready.precision}.jit"
    return TensorRtEngine(
        ready.plan.data, name=ready.name, library=library, owner=owner, precision=ready.precision, jit_cache=jit
    )


class NoGraphs:
    """A runtime that records nothing, so that an engine on it runs without CUDA graphs."""

    def __init__(self, runtime: CudaRuntime) -> None:
        self._runtime = runtime

    def __enter__(self) -> NoGraphs:
        self._runtime.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._runtime.__exit__(None, None, None)

    def record(self, stream: Stream) -> AbstractContextManager[Recording]:  # noqa: ARG002  # the protocol's parameter
        raise EngineError("graphs are left out here, to see what they are worth")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runtime, name)


class _Renamed:
    """A module with one of its names standing for something else."""

    def __init__(self, module: Any, **names: Any) -> None:
        self._module = module
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def without_graphs(library: Library) -> Library:
    """The library, whose own capture of graphs, where it has one, is off."""
    strategy = getattr(library.module, "CudaGraphStrategy", None)
    if strategy is None:
        return library
    off = SimpleNamespace(WHOLE_GRAPH_CAPTURE=strategy.DISABLED)
    return replace(library, module=_Renamed(library.module, CudaGraphStrategy=off))


def _against_bare(given: Given, kind: Kind, precision: str) -> Row:
    """Faces a second of both at ``BATCH``, medians of rounds in turn. "share" is that of our engine, with one or
    several callers, whichever is more, over the bare one that copies its inputs and outputs too; "share_of_resident"
    over the one that does not."""
    ready = _ready(given, kind, MODEL, precision)
    make = partial(open_cuda, given.gpu)
    with Owner(make) as owner:
        jit = given.work / f"{ready.name}-{ready.precision}.jit"
        settings = {"name": ready.name, "library": ready.library, "owner": owner, "precision": ready.precision}
        with TensorRtEngine(ready.plan.data, jit_cache=jit, **settings) as engine:  # type: ignore[arg-type]  # by names
            specs = engine.inputs, engine.outputs
            with _opened(owner, lambda runtime: Bare(ready.library, runtime, ready.plan.data, specs, BATCH)) as bare:
                feeds = ready.feeds(engine.inputs[0].name, BATCH)
                rounds = [(timed(engine, feeds), *_bare_rates(owner, bare)) for _ in range(ROUNDS)]
                latency = owner.call(lambda _: seconds_of(partial(_once, bare)))
    own = [max(row["faces_per_second"], row["faces_per_second_in_flight"]) for row, _, _ in rounds]
    copied, resident = (median(rates) for rates in zip(*((a, b) for _, a, b in rounds), strict=True))
    return {
        "runs_in": ready.precision,
        "batch": BATCH,
        "own_faces_per_second": round(median(own)),
        "own_median_ms": median(row["median_ms"] for row, _, _ in rounds),
        "bare_faces_per_second": round(copied),
        "bare_resident_faces_per_second": round(resident),
        "bare_median_ms": summary(latency)["median_ms"],
        "share": round(median(own) / copied, 3),
        "share_of_resident": round(median(own) / resident, 3),
    }


@contextmanager
def _opened(owner: Owner, make: Any) -> Iterator[Bare]:
    bare: Bare = owner.call(make)
    try:
        yield bare
    finally:
        owner.call(lambda _: bare.close())


def _bare_rates(owner: Owner, bare: Bare) -> tuple[float, float]:
    """Faces a second with copies and without, ``AHEAD`` runs in the stream at once."""

    def rate(put: Any) -> float:
        def ahead() -> None:
            for _ in range(AHEAD):
                put()
            bare.stream.wait()

        taken = owner.call(lambda _: seconds_of(ahead, SECONDS))
        return BATCH * AHEAD * len(taken) / sum(taken)

    return rate(bare.copied), rate(bare.resident)


def _once(bare: Bare) -> None:
    bare.copied()
    bare.stream.wait()
