"""Open a CUDA device with what is installed here."""

from __future__ import annotations

import logging
from importlib.util import find_spec

from engines.cuda.bindings_runtime import BindingsRuntime
from engines.cuda.checked import INSTALL
from engines.cuda.pycuda_runtime import PycudaRuntime
from engines.cuda.runtime import CudaRuntime
from engines.errors import EngineUnavailable
from engines.probe import driver

log = logging.getLogger(__name__)


def open_cuda(index: int = 0) -> CudaRuntime:
    """A runtime of the ``index``-th GPU, not entered yet: over pycuda where it is installed, else cuda-bindings.

    Raises:
        EngineUnavailable: no driver, no such GPU, or neither package; with what to install.
    """
    gpus = driver().gpus
    if index not in range(len(gpus)):
        raise EngineUnavailable(f"there is no GPU {index}: the driver has {[(gpu.index, gpu.name) for gpu in gpus]}")
    if installed("pycuda"):
        try:
            return PycudaRuntime(index)
        except EngineUnavailable as error:
            log.warning("%s: taking cuda-bindings instead; build pycuda again for this driver, or uninstall it", error)
    if installed("cuda.bindings"):
        return BindingsRuntime(index)
    raise EngineUnavailable(f"neither pycuda nor cuda-bindings is installed: {INSTALL}")


def installed(package: str) -> bool:
    """Whether Python finds the package, without importing more of it than the packages it lies in."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
