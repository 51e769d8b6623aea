"""What goes wrong with contexts and threads where it can: each check does it, and looks whether the answers stay right.

No context is lost on purpose: that would take the GPU from whoever else uses it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TypeAlias

import numpy as np

from engines.base import Array, Engine
from engines.cuda.opening import open_cuda
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime
from engines.errors import OutOfMemory
from engines.ort import OnnxRuntimeEngine
from engines.planned import PlannedEngine, Planner
from engines.trt_library import Kind
from tools.gpu_plans import factory, planner_of, usable
from tools.gpu_sections import Given, Row, Skipped, attempt

MODEL = "groupmood"
THREADS, RUNS = 8, 20
NEAR = 0.02
"""Largest accepted difference of a probability: the accuracy gate's."""

SIZE = 1 << 20


class Place:
    """A model's plan, owners for it, and what it must answer to real faces."""

    def __init__(self, planner: Planner, make: Callable[[], CudaRuntime]) -> None:
        """``make`` as ``Owner`` takes it."""
        self.planner, self._make = planner, make
        planner.prepare()
        self.samples = planner.wanted.samples()[:16]
        with OnnxRuntimeEngine(planner.wanted.model, name=MODEL) as reference:
            self._right = self.answer(reference, self.samples)

    def owner(self) -> Owner:
        return Owner(self._make)

    def engine(self, owner: Owner) -> PlannedEngine:
        return PlannedEngine(self.planner, owner)

    def answer(self, engine: Engine, rows: Array) -> Array:
        """Its only output."""
        (answer,) = engine.run({engine.inputs[0].name: rows}).values()
        return answer

    def check(self, engine: Engine, first: int = 0, count: int = 16) -> None:
        """Raises:
        RuntimeError: it answers something else than the reference.
        """
        rows = slice(first, first + count)
        apart = float(np.abs(self.answer(engine, self.samples[rows]) - self._right[rows]).max())
        if not apart <= NEAR:
            raise RuntimeError(f"the answers to rows {first} to {first + count} differ by {apart:.3g}")


def _other_threads(place: Place) -> None:
    """Opened in one thread, used by several at once, closed in another."""
    engine = in_thread(place.engine(place.owner()).__enter__)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            jobs = [pool.submit(_many, place, engine, first) for first in range(THREADS)]
            for job in jobs:
                job.result()
    finally:
        in_thread(partial(engine.__exit__, None, None, None))


def _many(place: Place, engine: Engine, first: int) -> None:
    for count in range(1, RUNS + 1):
        place.check(engine, first, count % 7 + 1)


def in_thread(job: Callable[[], PlannedEngine | None]) -> PlannedEngine:
    """What the job gives in a thread that has ended since."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(job).result()  # type: ignore[return-value]  # of __exit__ nothing is used


def _left_and_entered_again(place: Place) -> None:
    """The context goes with the owner's last user, and a new one comes with the next."""
    owner = place.owner()
    for _ in range(3):
        with place.engine(owner) as engine:
            place.check(engine)


def _two_on_one(place: Place) -> None:
    """Two engines share an owner; one is closed while the other goes on."""
    owner = place.owner()
    with place.engine(owner) as stays:
        with place.engine(owner) as goes, ThreadPoolExecutor(2) as pool:
            for job in [pool.submit(_many, place, engine, 0) for engine in (stays, goes)]:
                job.result()
        place.check(stays)


def _two_owners(place: Place) -> None:
    """Two owners' threads share the device's primary context; one leaves it while the other goes on."""
    with place.engine(place.owner()) as stays:
        with place.engine(place.owner()) as goes:
            place.check(goes)
            place.check(stays)
        place.check(stays)


def _wrong_feeds(place: Place) -> None:
    """What does not fit is refused, and hurts nothing."""
    with place.engine(place.owner()) as engine:
        try:
            engine.run({engine.inputs[0].name: np.zeros((1, 2, 3), np.float32)})
        except ValueError:
            place.check(engine)
            return
    raise RuntimeError("an input of a wrong shape was taken")


def _beside_torch(place: Place) -> None:
    """torch holds the same primary context, and uses it in this thread."""
    try:
        import torch
    except ImportError as error:
        raise Skipped("torch is not installed") from error
    with place.engine(place.owner()) as engine:
        for _ in range(3):
            square = torch.eye(64, device="cuda") * 2
            place.check(engine)
            if float((square @ square).sum()) != 64 * 4:
                raise RuntimeError("torch computes something else beside the engine")


ENGINES: Mapping[str, Callable[[Place], None]] = {
    "opened in one thread, used in eight, closed in another": _other_threads,
    "owner left and entered again": _left_and_entered_again,
    "two engines on one owner": _two_on_one,
    "two owners on one GPU": _two_owners,
    "a wrong input": _wrong_feeds,
    "beside torch": _beside_torch,
}


def _round_trip(runtime: CudaRuntime) -> None:
    """Raises:
    RuntimeError: what comes back is not what went there.
    """
    with ExitStack() as stack:
        there, back = (runtime.pinned((SIZE,), np.uint8) for _ in range(2))
        buffer, stream = runtime.allocate(SIZE), runtime.stream()
        for thing in (there, back, buffer):
            stack.callback(thing.free)
        there.array[...] = np.random.default_rng(3).integers(0, 256, SIZE, np.uint8)
        runtime.upload(buffer, there, SIZE, stream)
        runtime.download(back, buffer, SIZE, stream)
        stream.wait()
        if not np.array_equal(there.array, back.array):
            raise RuntimeError("what came back from the device is not what went there")


def _device_in_turns(make: Callable[[], Owner]) -> None:
    owner = make()
    for _ in range(3):
        with owner:
            owner.call(_round_trip)


def _devices_at_once(make: Callable[[], Owner]) -> None:
    with make() as one:
        with make() as other:
            one.call(_round_trip)
            other.call(_round_trip)
        one.call(_round_trip)


def _full(make: Callable[[], Owner]) -> None:
    """More memory than the device has is refused as such, and the context stays."""

    def ask(runtime: CudaRuntime) -> None:
        try:
            runtime.allocate(2 * runtime.device.memory)
        except OutOfMemory:
            _round_trip(runtime)
            return
        raise RuntimeError("the device gave twice the memory that it has")

    with make() as owner:
        owner.call(ask)


def _no_other_thread(make: Callable[[], Owner]) -> None:
    """What the owner's thread has made is refused to others."""
    with make() as owner:
        runtime = owner.call(lambda one: one)
        try:
            runtime.allocate(SIZE)
        except RuntimeError as error:
            if "thread" not in str(error):
                raise
            return
    raise RuntimeError(f"thread {threading.get_ident()} could use a runtime that another one entered")


Making: TypeAlias = Callable[[], Owner]

DEVICE: Mapping[str, Callable[[Making], None]] = {
    "owner of the device left and entered again": _device_in_turns,
    "two owners of the device at once": _devices_at_once,
    "more memory than there is": _full,
    "a runtime in a thread that did not enter it": _no_other_thread,
}


def pitfalls(given: Given) -> Iterator[Row]:
    """The device's alone, then those of engines on each backend."""
    make: Making = lambda: Owner(partial(open_cuda, given.gpu))  # noqa: E731
    for name, device_check in DEVICE.items():
        yield attempt({"check": name}, partial(_done, partial(device_check, make)))
    kinds, refused = usable()
    yield from refused
    for kind in kinds:
        place = functools.cache(partial(_place, given, kind))  # made by the first check: what that meets is its failure
        for name, check in ENGINES.items():
            yield attempt({"check": name, "backend": kind}, partial(_engine_done, check, place))


def _place(given: Given, kind: Kind) -> Place:
    _, planner = planner_of(factory(given, kind, "fp16"), kind, MODEL)
    return Place(planner, partial(open_cuda, given.gpu))


def _engine_done(check: Callable[[Place], None], place: Callable[[], Place]) -> Row:
    return _done(lambda: check(place()))


def _done(job: Callable[[], None]) -> Row:
    try:
        job()
    except Skipped as error:
        return {"left_out": str(error)}
    return {"right": True}
