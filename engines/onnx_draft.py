"""An ONNX file as it is written: nodes, weights, and the same bytes from the same calls on every machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OPSET = 13
IR_VERSION = 8


@dataclass(slots=True)
class OnnxDraft:
    """The graph as far as it is written. Imports onnx with the first call."""

    nodes: list[Any] = field(default_factory=list)
    initializers: list[Any] = field(default_factory=list)

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """A node with one output, whose name comes back."""
        import onnx

        self.nodes.append(onnx.helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, name: str, values: Any) -> str:
        """Numbers, kept as float32."""
        import onnx

        array = np.ascontiguousarray(np.asarray(values, np.float64).astype("<f4"))
        self.initializers.append(onnx.numpy_helper.from_array(array, name))
        return name

    def finish(
        self, name: str, inputs: Mapping[str, Sequence[str | int]], outputs: Mapping[str, Sequence[str | int]]
    ) -> bytes:
        """The file; ``inputs`` and ``outputs``: shape by name, all float32, a word for a free size."""
        import onnx

        real = onnx.TensorProto.FLOAT
        given, answer = (
            [onnx.helper.make_tensor_value_info(port, real, list(shape)) for port, shape in ports.items()]
            for ports in (inputs, outputs)
        )
        graph = onnx.helper.make_graph(self.nodes, name, given, answer, self.initializers)
        opsets = [onnx.helper.make_opsetid("", OPSET)]
        model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="groupmood")
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString(deterministic=True))
