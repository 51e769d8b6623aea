"""How the stand-in for TensorRT runs a plan, and what TensorRT-RTX has for that besides."""

from __future__ import annotations

import json
import weakref
from typing import Any

import numpy as np
import onnxruntime

from engines.base import Array
from engines.ort import DTYPES
from tests.trt_fake_module import (
    VERSIONS,
    CudaGraphStrategy,
    DynamicShapesKernelSpecializationStrategy,
    ExecutionContextAllocationStrategy,
    Native,
    Profile,
    Shape,
    Tensorrt,
)


class Model:
    """The network of a plan: ONNX, its profile, and the scratch memory for each row."""

    def __init__(self, facts: dict[str, Any], model: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.inputs = tuple(one.name for one in self.session.get_inputs())
        self.ports: dict[str, Any] = {
            one.name: one for one in (*self.session.get_inputs(), *self.session.get_outputs())
        }
        self.profile: Profile = {
            name: (tuple(smallest), tuple(best), tuple(largest))
            for name, (smallest, best, largest) in facts["profile"].items()
        }
        self.scratch = int(facts["scratch"])
        self._shapes: dict[str, dict[str, Shape]] = {}

    def dtype(self, name: str) -> np.dtype[Any]:
        return np.dtype(DTYPES[self.ports[name].type])

    def shape(self, name: str) -> Shape:
        return tuple(n if isinstance(n, int) else -1 for n in self.ports[name].shape)

    def run(self, feeds: dict[str, Array]) -> dict[str, Array]:
        names = [name for name in self.ports if name not in self.inputs]
        return dict(zip(names, self.session.run(names, feeds), strict=True))

    def shapes_at(self, shapes: dict[str, Shape]) -> dict[str, Shape]:
        """The shape of each output, found out by a run with zeros."""
        if str(shapes) not in self._shapes:
            answer = self.run({name: np.zeros(shapes[name], self.dtype(name)) for name in self.inputs})
            self._shapes[str(shapes)] = {name: tuple(array.shape) for name, array in answer.items()}
        return self._shapes[str(shapes)]


class FakeContext(Native):
    def __init__(self, engine: Native, model: Model, settings: FakeSettings | None = None) -> None:
        super().__init__(engine._module)
        self.made_by = engine  # a binding keeps what it was made by alive
        self.model, self.settings = model, settings
        self.shapes: dict[str, Shape] = {}
        self.addresses: dict[str, int] = {}
        self.scratch = (0, 0)
        self.settled = False
        self._captured: dict[str, int] = {}
        self._seen = 0

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        if self._module.failing("shape"):
            return False
        smallest, _, largest = self.model.profile.get(name, (shape, shape, shape))
        wanted = self.model.shape(name)
        fits = len(shape) == len(wanted) and all(w in (-1, n) for w, n in zip(wanted, shape, strict=True))
        if not fits or any(not low <= n <= high for low, n, high in zip(smallest, shape, largest, strict=True)):
            self._module.say(f"Static dimension mismatch or outside of the profile: {name} {shape}")
            return False
        self.shapes = {**self.shapes, name: shape}
        self.settled = False
        return True

    def infer_shapes(self) -> list[str]:
        return [name for name in self.model.profile if name not in self.shapes]

    def get_tensor_shape(self, name: str) -> Shape:
        if name in self.shapes:
            return self.shapes[name]
        return self.model.shapes_at(self.shapes)[name]

    def update_device_memory_size_for_shapes(self) -> int:
        if self.infer_shapes():
            self._module.misuse("the shapes must be set before memory is asked for")
        return self.model.scratch * self._rows()

    def set_device_memory(self, memory: int, size: int) -> None:
        if memory % 256 or size < self.update_device_memory_size_for_shapes():
            self._module.misuse(f"{size} bytes at {memory:#x} are not what was asked for")
        self._module.device.view(memory, size)
        self.scratch = (memory, size)

    def set_tensor_address(self, name: str, memory: int) -> bool:
        if name not in self.model.ports or self._module.failing("address"):
            return False
        self.addresses = {**self.addresses, name: memory}
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        module, device = self._module, self._module.device
        device.check("execute_async_v3")
        if module.failing("execute") or (device._recording() and module.failing("record")):
            return False
        if self._rows() > module.most:
            module.say("CUDA out of memory while a kernel is compiled")
            return False
        missing = self.model.ports.keys() - self.addresses.keys()
        if missing or self.infer_shapes() or not self.scratch[0]:
            module.misuse(f"no address for {missing}, no shape for {self.infer_shapes()}, or no scratch memory")
        if device._recording() and (self.settings is not None or not self.settled):
            module.misuse("a graph is recorded of what TensorRT captures itself, or before a first run at these shapes")
        shapes, addresses, scratch = self.shapes, self.addresses, self.scratch
        how, reference = self._how(), weakref.ref(self)

        def work() -> None:
            context = reference()
            if context is None:
                module.misuse("a run, or a graph, of a context that is gone")
            elif (context.shapes, context.addresses, context.scratch) != (shapes, addresses, scratch):
                module.misuse("the context was changed before its run, or its graph, was done")
            else:
                module.runs[how] += 1
                context._compute()

        device.enqueue(stream_handle, work)
        self.settled = True
        return True

    def _how(self) -> str:
        """RTX captures in the second run with the same addresses, and replays from the third on."""
        if self.settings is None:
            return "run"
        self.settings._compile(str(sorted(self.shapes.items())))
        if self.settings.cuda_graph_strategy is CudaGraphStrategy.DISABLED:
            return "run"
        self._seen = self._seen + 1 if self._captured == self.addresses else 1
        self._captured = self.addresses
        return ("run", "capture", "replay")[min(self._seen, 3) - 1]

    def _compute(self) -> None:
        self._module.rows.append(self._rows())
        feeds = {name: self._on_device(name, self.shapes[name]).copy() for name in self.model.inputs}
        self._module.device.view(*self.scratch)[:] = 0xAB
        for name, array in self.model.run(feeds).items():
            self._on_device(name, array.shape)[...] = array

    def _rows(self) -> int:
        return max(shape[0] for shape in self.shapes.values())

    def _on_device(self, name: str, shape: Shape) -> Array:
        dtype = self.model.dtype(name)
        view = self._module.device.view(self.addresses[name], int(np.prod(shape)) * dtype.itemsize)
        array: Array = view.view(dtype).reshape(shape)
        return array


class FakeSettings(Native):
    """RTX's IRuntimeConfig."""

    cuda_graph_strategy = CudaGraphStrategy.DISABLED
    dynamic_shapes_kernel_specialization_strategy = DynamicShapesKernelSpecializationStrategy.LAZY
    _kept: set[str]

    def __init__(self, module: Tensorrt) -> None:
        super().__init__(module)
        self._kept = set()

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and not hasattr(self, name):
            raise AttributeError(f"IRuntimeConfig has no {name}")
        super().__setattr__(name, value)

    def set_execution_context_allocation_strategy(self, strategy: ExecutionContextAllocationStrategy) -> None:
        if strategy is not ExecutionContextAllocationStrategy.USER_MANAGED:
            self._module.misuse(f"contexts must share their memory, got {strategy}")

    def create_runtime_cache(self) -> FakeCache:
        return FakeCache(self._module)

    def set_runtime_cache(self, cache: FakeCache) -> bool:
        self._kept = cache._kept
        return True

    def _compile(self, shapes: str) -> None:
        """Before the run, as EAGER does; with LAZY the first runs use slower code that is captured too."""
        if self.dynamic_shapes_kernel_specialization_strategy is not DynamicShapesKernelSpecializationStrategy.EAGER:
            self._module.misuse("what is compiled later is not there when the graph is captured")
        if shapes not in self._kept:
            self._module.compiled.append(shapes)
            self._kept.add(shapes)


class FakeCache(Native):
    """RTX's IRuntimeCache."""

    def __init__(self, module: Tensorrt) -> None:
        super().__init__(module)
        self._kept: set[str] = set()

    def serialize(self) -> bytes:
        return json.dumps([VERSIONS[self._module.variant], sorted(self._kept)]).encode()

    def deserialize(self, blob: bytes) -> bool:
        version, kept = json.loads(blob)
        if version != VERSIONS[self._module.variant]:
            return False
        self._kept = set(kept)
        return True
