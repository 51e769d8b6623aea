"""Checks that go well or wrong in every way, for a process of their own."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

from engines.errors import DeviceLost, EngineUnavailable, ModelMissing, NotInstalled
from tools.gpu_sections import Given, Row, Skipped, attempt

GPU = {"gpu": "Fake GPU", "index": 0, "capability": "8.9", "megabytes": 1024, "driver": "CUDA 13.0"}


def gpu(_: Given) -> Iterator[Row]:
    yield GPU


def no_gpu(_: Given) -> Iterator[Row]:
    raise NotInstalled("no driver was planted (libx.so): plant one")
    yield {}


def fine(given: Given) -> Iterator[Row]:
    sys.stdout.write("said on the way\n")
    yield {"number": 1}
    yield {"data": given.data.name, "frames": None if given.frames is None else given.frames.name}


def aborts(_: Given) -> Iterator[Row]:
    yield {"number": 1}
    os.abort()


def hangs(given: Given) -> Iterator[Row]:
    """With a process of its own, which must not stay behind either."""
    yield {"number": 1}
    child = os.fork()
    if not child:
        time.sleep(600)
    yield {"child": child}
    (given.work / "child").write_text(str(child))
    time.sleep(600)


def loses(_: Given) -> Iterator[Row]:
    yield {"number": 1}
    raise DeviceLost(f"the device {'x' * 2000} was lost")


def blunders(_: Given) -> Iterator[Row]:
    yield {"number": 1}
    raise KeyError("a fault of the check's own")


def needless(_: Given) -> Iterator[Row]:
    raise Skipped("nothing to do here")
    yield {}


def partly(_: Given) -> Iterator[Row]:
    def refuse() -> Row:
        raise EngineUnavailable("the second one")

    def lack() -> Row:
        raise ModelMissing("the third one")

    yield attempt({"backend": "tensorrt", "number": 1}, lambda: {"build_seconds": 0.5, "version": "10.13.0"})
    yield attempt({"backend": "tensorrt_rtx", "number": 2}, refuse)
    yield attempt({"backend": "tensorrt", "number": 3}, lack)
