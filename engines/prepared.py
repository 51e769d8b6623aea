"""A published network made into what every engine, gate and classifier here takes: probabilities, of any batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engines.cards import Card
from engines.errors import ModelRejected
from engines.onnx_file import fed, load

LISTS_NO_WEIGHTS = 4
"""Version of the format from which on weights need not be listed among the inputs,
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto."""


def prepared(model: bytes, card: Card) -> bytes:
    """The same bytes where the card says that the network gives probabilities.

    Where it gives logits, a softmax follows its first output, of which the first numbers are kept, one for each label
    of the card: some networks give valence and arousal behind them. A batch that is fixed at 1 becomes free. Nothing of
    the network is run here.

    Raises:
        EngineUnavailable: the package onnx is missing.
        ModelRejected: it is no ONNX file, or gives fewer numbers than the card has labels.
    """
    if card.output == "probabilities":
        return model
    proto = load(model, card.name)
    proto.ir_version = max(proto.ir_version, LISTS_NO_WEIGHTS)
    _free_batch(proto.graph)
    _soften(proto.graph, card)
    return bytes(proto.SerializeToString(deterministic=True))


def _soften(graph: Any, card: Card) -> None:
    import onnx

    first, labels = graph.output[0], len(card.labels)
    name, shape = first.name, _sizes(first)
    if len(shape) != 2 or 0 < shape[1] < labels:
        raise ModelRejected(
            f"{card.name}: the card has {labels} labels, so logits (any batch, {labels} or more) are wanted; the "
            f"network's output {name} is {tuple(shape)}"
        )
    if shape[1] != labels:
        graph.initializer.append(onnx.numpy_helper.from_array(np.arange(labels, dtype=np.int64), f"{name}_labels"))
        graph.node.append(onnx.helper.make_node("Gather", [name, f"{name}_labels"], [f"{name}_chosen"], axis=1))
        name = f"{name}_chosen"
    answer = f"{first.name}_probabilities"
    graph.node.append(onnx.helper.make_node("Softmax", [name], [answer], name=answer, axis=1))
    port = onnx.helper.make_tensor_value_info(answer, first.type.tensor_type.elem_type, ["N", labels])
    del graph.output[:]
    graph.output.append(port)


def _sizes(port: Any) -> list[int]:
    """0 for a size that is free."""
    return [int(dim.dim_value) for dim in port.type.tensor_type.shape.dim]


def _free_batch(graph: Any) -> None:
    """Let the first dimension of what goes in and comes out be any, if it is 1.

    What goes through a Reshape keeps its own first dimension then: 0 in its target says that
    (https://onnx.ai/onnx/operators/onnx__Reshape.html).
    """
    import onnx

    ports = fed(graph)
    if not ports or _sizes(ports[0])[:1] != [1]:
        return
    for port in (ports[0], *graph.output):
        for dim in port.type.tensor_type.shape.dim[:1]:
            dim.dim_param = "N"
    del graph.value_info[:]  # shapes in between, of a batch of 1
    for node, target in list(_flattened(graph)):
        node.input[1] = f"{node.output[0]}_freed"
        graph.initializer.append(onnx.numpy_helper.from_array(np.array([0, *target[1:]], np.int64), node.input[1]))


def _flattened(graph: Any) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """Each Reshape of what depends on the picture to a fixed shape of 1 picture, with that shape."""
    import onnx

    known = {tensor.name: tensor for tensor in graph.initializer}
    known |= {node.output[0]: node.attribute[0].t for node in graph.node if node.op_type == "Constant"}
    fixed = set(known)
    for node in graph.node:
        if fixed.issuperset(node.input):
            fixed.update(node.output)
        elif node.op_type == "Reshape" and node.input[1] in known:
            target = tuple(int(n) for n in onnx.numpy_helper.to_array(known[node.input[1]]).ravel())
            if target[:1] == (1,):
                yield node, target
