"""ONNX models on the CPU through ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np

from engines.base import Array, EngineInfo, TensorSpec, check_feeds
from engines.errors import EngineError, EngineUnavailable, ModelRejected, NotInstalled
from engines.onnx_file import parse

DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
    "tensor(int32)": "int32",
    "tensor(int64)": "int64",
    "tensor(bool)": "bool",
}


class OnnxRuntimeEngine:
    """One model, given as the bytes that were verified. It computes in the precision its graph is written in."""

    def __init__(self, model: bytes, *, name: str, threads: int = 1, precision: str = "fp32") -> None:
        """``threads`` compute one inference; ``precision`` is "fp32", or "auto", which is the same here.

        Raises:
            EngineUnavailable: another precision is wanted.
        """
        if precision not in ("fp32", "auto"):
            raise EngineUnavailable(f"onnxruntime runs {name} on the CPU in fp32, not in {precision!r}")
        self._model, self._name, self._threads = model, name, threads
        self._session: Any = None
        self._version = ""
        self._inputs: tuple[TensorSpec, ...] = ()
        self._outputs: tuple[TensorSpec, ...] = ()

    def __enter__(self) -> Self:
        """Load the model and run it once, unless the size of its pictures is free: then the first run is slower.

        Raises:
            EngineUnavailable: the package is missing.
            ModelRejected: the model is damaged, not supported, or keeps weights in other files.
        """
        runtime = _library()
        parse(self._model, self._name)
        self._version = runtime.__version__
        try:
            self._session = runtime.InferenceSession(
                self._model, _options(runtime, self._threads), providers=["CPUExecutionProvider"]
            )
            self._inputs = tuple(_spec(port, self._name) for port in self._session.get_inputs())
            self._outputs = tuple(_spec(port, self._name) for port in self._session.get_outputs())
            _warm_up(self)
        except _errors(runtime) as error:
            self.close()
            raise ModelRejected(f"onnxruntime cannot load {self._name}: {error}") from error
        except EngineError:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the model; may be called again."""
        self._session = None

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``; ONNX Runtime makes new arrays for every run."""
        if self._session is None:
            raise RuntimeError(f"the engine of {self._name} is not open")
        check_feeds(self._inputs, feeds)
        names = [spec.name for spec in self._outputs]
        return dict(zip(names, self._session.run(names, dict(feeds)), strict=True))

    def info(self) -> EngineInfo:
        return EngineInfo("onnxruntime", self._version, "CPU", "fp32")


def _library() -> ModuleType:
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        raise NotInstalled(f"onnxruntime is not installed: pip install onnxruntime ({error})") from error
    except ImportError as error:
        raise EngineUnavailable(f"onnxruntime cannot be imported: pip install onnxruntime ({error})") from error
    return onnxruntime  # type: ignore[no-any-return]  # ships no types


def _options(runtime: Any, threads: int) -> Any:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Waiting threads that spin take the processor from the decoder and the encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def _spec(port: Any, name: str) -> TensorSpec:
    if port.type not in DTYPES:
        raise ModelRejected(f"{name}: {port.name} is a {port.type}; wanted one of {', '.join(DTYPES)}")
    return TensorSpec(port.name, DTYPES[port.type], tuple(n if isinstance(n, int) else -1 for n in port.shape))


def _warm_up(engine: OnnxRuntimeEngine) -> None:
    if all(-1 not in spec.shape[1:] for spec in engine.inputs):
        engine.run({spec.name: np.zeros([abs(n) for n in spec.shape], spec.dtype) for spec in engine.inputs})


def _errors(runtime: Any) -> tuple[type[Exception], ...]:
    """What the library raises; its errors have no base of their own."""
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NotImplemented")
    state = runtime.capi.onnxruntime_pybind11_state
    return (*(getattr(state, name) for name in names), state.RuntimeException, RuntimeError)
