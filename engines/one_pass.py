"""From a frame to its faces and what an emotion network says of them without going back to the host in between.

The frame is put onto the device once; it is resized for CenterFace there, the maps become faces, the faces are cut out
and classified, and the host waits once for all of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engines.base import Array, EngineInfo
from engines.cuda.compiling import compile_cubin
from engines.cuda.faces import FaceKernels
from engines.cuda.owner import Owner
from engines.cuda.runtime import CudaRuntime
from engines.errors import DeviceLost, OutOfMemory
from engines.face_chain import Chain, Seen, Task, check_networks
from engines.trt_buckets import bucket_sizes
from engines.trt_library import Library
from engines.trt_network import DeviceNetwork

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A plan that this machine built; ``precision`` and ``jit_cache`` as in ``engines.trt``."""

    name: str
    plan: bytes
    precision: str
    jit_cache: Path | None = None


class OnePass:
    """Both networks on the device of ``owner``; open, use and close it in any thread, one call after another.

    ``detector`` is CenterFace for one size of picture, ``emotion`` has a free batch. ``cubin`` gives the kernels' code
    for a device's compute capability.
    """

    def __init__(
        self,
        detector: Network,
        emotion: Network,
        task: Task,
        *,
        library: Library,
        owner: Owner,
        cubin: Callable[[tuple[int, int]], bytes] = compile_cubin,
    ) -> None:
        self._networks, self._task = (detector, emotion), task
        self._library, self._owner, self._cubin = library, owner, cubin
        self._chain: Chain | None = None
        self._last: Seen | None = None
        self._device = ""

    def __enter__(self) -> Self:
        """Load both plans, take memory, and run until all is fast.

        Raises:
            EngineUnavailable: this machine cannot run it, or has not enough memory for it.
            ModelRejected: a network is not what the task says.
            DeviceLost: the device failed.
        """
        self.close()
        with ExitStack() as undo:
            undo.enter_context(self._owner)
            chain = self._owner.call(self._load)
            undo.pop_all()
        self._chain, self._device = chain, chain.device
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give back what is on the device; may be called again."""
        chain, self._chain, self._last = self._chain, None, None
        if chain is None:
            return
        try:
            self._owner.call(lambda _: chain.close())
        except DeviceLost as error:
            log.debug("it went with its device: %s", error)
        finally:
            self._owner.__exit__(None, None, None)

    def info(self) -> tuple[EngineInfo, EngineInfo]:
        """Of the detector and of the emotion network; the device is known once it was open."""
        library, device = self._library, self._device
        found, read = (EngineInfo(library.kind, library.version, device, one.precision) for one in self._networks)
        return found, read

    def takes(self, width: int, height: int) -> bool:
        """Whether a frame of this size is what the detector's plan was built for, once open."""
        fitted = self._task.fitted(width, height)
        return self._opened().input_size == (fitted.width, fitted.height)

    def run(self, image: NDArray[np.uint8]) -> Seen:
        """What is seen in a frame (height, width, 3), BGR.

        Raises:
            ValueError: it is no such frame, or of a size that the detector does not take.
            EngineError: TensorRT refuses the run (OutOfMemory where that is why), or the device failed (DeviceLost).
        """
        chain, self._last = self._opened(), None
        self._last = self._owner.call(lambda _: chain.see(image))
        return self._last

    def holds(self, seen: Seen) -> bool:
        """Whether its frame is still on the device: it is until the next one."""
        return seen is self._last

    def again(self, seen: Seen, squares: NDArray[np.float64]) -> Array:
        """The probabilities (N, labels) of other squares (N, 2, 3) of the frame that was seen last.

        Raises:
            ValueError: another frame came after it, or the squares have another shape or are not finite.
            EngineError: as ``run``.
        """
        chain = self._opened()
        if not self.holds(seen):
            raise ValueError("only the frame that was seen last is still on the device")
        return self._owner.call(lambda _: chain.look_at(squares))

    def _opened(self) -> Chain:
        if self._chain is None:
            raise RuntimeError("the pass is not open")
        return self._chain

    def _load(self, runtime: CudaRuntime) -> Chain:
        """In the owner's thread."""
        with ExitStack() as undo:
            kernels = FaceKernels(runtime, self._cubin(runtime.device.capability))
            undo.callback(kernels.free)
            detector, emotion = (self._network(one, runtime, undo) for one in self._networks)
            check_networks(detector, emotion, self._task)
            chain = self._largest_that_fits(runtime, kernels, detector, emotion)
            undo.pop_all()
        return chain

    def _network(self, one: Network, runtime: CudaRuntime, undo: ExitStack) -> DeviceNetwork:
        network = DeviceNetwork(self._library, runtime, one.plan, one.name, one.jit_cache)
        undo.callback(network.close)
        return network

    def _largest_that_fits(
        self, runtime: CudaRuntime, kernels: FaceKernels, detector: DeviceNetwork, emotion: DeviceNetwork
    ) -> Chain:
        """Raises:
        OutOfMemory: not even the smallest batch fits.
        """
        sizes = bucket_sizes(emotion)
        while True:
            try:
                return Chain(runtime, kernels, (detector, emotion), self._task, sizes)
            except OutOfMemory as error:
                if len(sizes) == 1:
                    raise
                # As words: a kept record of the error itself would keep contexts of TensorRT alive.
                log.warning("a batch of %d faces does not fit, trying %d (%s)", sizes[-1], sizes[-2], str(error))
                sizes = sizes[:-1]
