"""ONNX models on the CPU through OpenVINO."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Any, Self, TypeAlias

import numpy as np

from engines.base import Array, EngineInfo, TensorSpec, check_feeds
from engines.errors import EngineUnavailable, ModelRejected, NotInstalled
from engines.onnx_file import parse

INSTALL = "pip install 'groupmood[openvino]'"
SHAPES_KEPT = 4
"""Compiled models kept for different picture sizes: a few cameras' worth; each takes some 100 ms to compile."""

PRECISIONS = {"f32": "fp32", "bf16": "bf16", "f16": "fp16"}
DTYPES = {"f32": "float32", "f16": "float16", "f64": "float64", "u8": "uint8", "i8": "int8", "i32": "int32",
          "i64": "int64", "boolean": "bool"}  # fmt: skip

Shapes: TypeAlias = tuple[tuple[int, ...], ...]


class OpenVinoEngine:
    """One model, given as the bytes that were verified.

    Where only the batch is free, one compiled model serves all batches: it is as fast as one compiled for each (a new
    batch size costs one slower run). Where the picture's size is free too, one is compiled for each size, which is 14
    to 18 % faster than a free one, and the last few are kept.
    """

    def __init__(self, model: bytes, *, name: str, threads: int = 1, precision: str = "auto") -> None:
        """``threads`` compute one inference; ``precision`` "auto" leaves it to the processor (bf16 where it has
        avx512_bf16 or amx_bf16), "fp32" forbids anything less.

        Raises:
            EngineUnavailable: another precision is wanted.
        """
        if precision not in ("auto", "fp32"):
            raise EngineUnavailable(f"openvino runs {name} in 'auto' or 'fp32', not in {precision!r}")
        self._bytes, self._name, self._threads, self._wanted = model, name, threads, precision
        self._version = self._precision = ""
        self._core: Any = None
        self._model: Any = None
        self._inputs: tuple[TensorSpec, ...] = ()
        self._outputs: tuple[TensorSpec, ...] = ()
        self._requests: OrderedDict[Shapes, Any] = OrderedDict()

    def __enter__(self) -> Self:
        """Load the model and run it once, unless the size of its pictures is free: then the first run is slower.

        Raises:
            EngineUnavailable: the package is missing, or it finds no CPU device.
            ModelRejected: the model is damaged, not supported, or keeps weights in other files.
        """
        library = _library()
        ports = parse(self._bytes, self._name)
        self._core, self._version = _core(), library.__version__.partition("-")[0]
        if "CPU" not in self._core.available_devices:
            raise EngineUnavailable(f"openvino finds no CPU device here, only {self._core.available_devices}")
        try:
            self._model = self._core.read_model(self._bytes)
            self._inputs = _specs(self._model.inputs, ports.inputs)
            self._outputs = _specs(self._model.outputs, ports.outputs)
            self._warm_up()
        except (RuntimeError, KeyError) as error:
            self.close()
            raise ModelRejected(f"openvino cannot load {self._name}: {error}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the model; may be called again."""
        self._requests.clear()
        self._model = self._core = None

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``; the outputs are copied out of the memory that OpenVINO uses again."""
        if self._model is None:
            raise RuntimeError(f"the engine of {self._name} is not open")
        check_feeds(self._inputs, feeds)
        ordered = [feeds[spec.name] for spec in self._inputs]
        request = self._request(tuple(array.shape for array in ordered) if self._sized() else ())
        request.infer(dict(enumerate(ordered)), share_inputs=True, share_outputs=True)  # our own copy is the only one
        return {spec.name: request.get_output_tensor(i).data.copy() for i, spec in enumerate(self._outputs)}

    def info(self) -> EngineInfo:
        return EngineInfo("openvino", self._version, "CPU", self._precision)

    def _sized(self) -> bool:
        """Whether anything but the batch is free."""
        return any(-1 in spec.shape[1:] for spec in self._inputs)

    def _request(self, shapes: Shapes) -> Any:
        if shapes not in self._requests:
            self._requests[shapes] = self._compile(shapes).create_infer_request()
            if len(self._requests) > SHAPES_KEPT:
                self._requests.popitem(last=False)
        self._requests.move_to_end(shapes)
        return self._requests[shapes]

    def _compile(self, shapes: Shapes) -> Any:
        model = self._model
        if shapes:
            model = model.clone()
            model.reshape(dict(enumerate(shapes)))
        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self._threads}
        if self._wanted == "fp32":
            config["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = self._core.compile_model(model, "CPU", config)
        used = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self._precision = PRECISIONS.get(used, used)
        return compiled

    def _warm_up(self) -> None:
        if self._sized():
            self._compile(())  # only to learn the precision, and whether it can be compiled at all
        else:
            self.run({spec.name: np.zeros([abs(n) for n in spec.shape], spec.dtype) for spec in self._inputs})


def _library() -> ModuleType:
    try:
        import openvino
    except ModuleNotFoundError as error:
        raise NotInstalled(f"openvino is not installed: {INSTALL} ({error})") from error
    except ImportError as error:
        raise EngineUnavailable(f"openvino cannot be imported: {INSTALL} ({error})") from error
    return openvino  # type: ignore[no-any-return]  # ships no types


@functools.cache
def _core() -> Any:
    """One for the process, never closed. Each gives the thread that makes it another signal stack, for the wide
    registers of AMX, and puts the one before back when it is closed: where they are not closed in the reverse order, or
    in another thread, that is memory given back long ago, and the next Ctrl-C ends the process (OpenVINO 2026.4)."""
    return _library().Core()


def _specs(ports: Any, names: tuple[str, ...]) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(
            name,
            DTYPES[port.get_element_type().get_type_name()],
            tuple(-1 if n.is_dynamic else n.get_length() for n in port.get_partial_shape()),
        )
        for port, name in zip(ports, names, strict=True)
    )
