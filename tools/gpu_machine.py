"""What a GPU check finds on a machine before any engine: its GPUs, its packages, and what they build for."""

from __future__ import annotations

from collections.abc import Iterator

from engines.errors import EngineUnavailable
from engines.probe import driver
from engines.trt_capabilities import accepted_capabilities
from engines.trt_library import library
from tools.gpu_sections import Given, Row, shortened
from tools.machine import installed

PACKAGES = (
    "tensorrt", "tensorrt-cu13", "tensorrt-cu12", "tensorrt-rtx", "pycuda", "cuda-bindings", "nvidia-cuda-nvrtc",
    "torch", "numpy", "onnx", "onnxruntime", "openvino", "opencv-contrib-python", "opencv-python-headless",
)  # fmt: skip


def gpus(given: Given) -> Iterator[Row]:
    """A row for each GPU of the driver.

    Raises:
        EngineUnavailable: there is none, or not the one that is wanted.
    """
    found = driver()
    if given.gpu >= len(found.gpus):
        raise EngineUnavailable(f"there is no GPU {given.gpu}: the driver has {len(found.gpus)}")
    for gpu in found.gpus:
        yield {
            "gpu": gpu.name,
            "index": gpu.index,
            "capability": "{}.{}".format(*gpu.capability),
            "megabytes": gpu.memory >> 20,
            "driver": f"CUDA {found.version // 1000}.{found.version % 1000 // 10}",
        }


def packages(_: Given) -> Iterator[Row]:
    """What is installed of all that an engine could use."""
    yield from ({"package": name, "version": version} for name in PACKAGES if (version := installed(name)))


def capabilities(_: Given) -> Iterator[Row]:
    """For each compute capability, whether TensorRT-RTX builds for it; no GPU is needed."""
    found = library("tensorrt_rtx", device=False)
    for capability, said in accepted_capabilities(found).items():
        yield {"capability": capability, "builds": said == "builds", "said": shortened(said), "version": found.version}
