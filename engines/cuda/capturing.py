"""Graphs: what is put into a stream once, recorded, and put into streams again as one piece.

pycuda has no calls for graphs, so both runtimes record through cuda-bindings, on the handle of their stream.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engines.cuda.checked import bindings, check
from engines.cuda.holdings import Held, Holdings
from engines.cuda.runtime import Graph, Stream


class HeldGraph(Held):
    def __init__(self, holdings: Holdings, executable: Any) -> None:
        self._driver = driver = bindings()
        self._executable = executable
        super().__init__(holdings, lambda: check("cuGraphExecDestroy", driver.cuGraphExecDestroy(executable)))

    def launch(self, stream: Stream) -> None:
        self._holdings.check("Graph.launch", outside_recording=True)
        if self.freed:
            raise RuntimeError("a graph is launched after it was freed")
        check("cuGraphLaunch", self._driver.cuGraphLaunch(self._executable, stream.handle))


class Recorded:
    def __init__(self) -> None:
        self.finished: HeldGraph | None = None

    @property
    def graph(self) -> Graph:
        if self.finished is None:
            raise RuntimeError("the graph is there only once the recording has ended without an error")
        return self.finished


@contextmanager
def recording(holdings: Holdings, stream: Stream) -> Iterator[Recorded]:
    """Record what is put into the stream inside the ``with``; an error inside ends the recording without a graph.

    Raises:
        EngineUnavailable: cuda-bindings is missing.
        EngineError: something was put into the stream that cannot be recorded.
    """
    driver = bindings()
    holdings.check("record", outside_recording=True)
    mode = driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL  # other threads may go on allocating
    check("cuStreamBeginCapture", driver.cuStreamBeginCapture(stream.handle, mode))
    recorded, whole = Recorded(), False
    holdings.recording = True
    try:
        yield recorded
        whole = True
    finally:
        holdings.recording = False
        ended = driver.cuStreamEndCapture(stream.handle)
        if not whole and int(ended[0]) == 0:
            driver.cuGraphDestroy(ended[1])
    recorded.finished = holdings.add(_executable(holdings, driver, check("cuStreamEndCapture", ended)))


def _executable(holdings: Holdings, driver: Any, graph: Any) -> HeldGraph:
    try:
        return HeldGraph(holdings, check("cuGraphInstantiate", driver.cuGraphInstantiate(graph, 0)))
    finally:
        driver.cuGraphDestroy(graph)
