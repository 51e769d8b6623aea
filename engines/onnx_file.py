"""What an ONNX file says of itself, read before any engine sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engines.errors import EngineUnavailable, ModelRejected


@dataclass(frozen=True, slots=True)
class Ports:
    """Names of the inputs that must be fed and of the outputs, in the model's order."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def parse(model: bytes, name: str) -> Ports:
    """What goes in and comes out; see ``load``."""
    graph = load(model, name).graph
    return Ports(tuple(port.name for port in fed(graph)), tuple(port.name for port in graph.output))


def fed(graph: Any) -> list[Any]:
    """The inputs of a graph that must be fed: old files list their weights among the inputs as well."""
    filled = {tensor.name for tensor in graph.initializer}
    return [port for port in graph.input if port.name not in filled]


def load(model: bytes, name: str) -> Any:
    """Read the file and refuse what points outside it. Imports onnx, which takes a third of a second.

    Raises:
        EngineUnavailable: the package onnx is missing.
        ModelRejected: it is not ONNX, or it keeps weights in other files: an engine would read any path it names.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types
    except ImportError as error:
        raise EngineUnavailable(f"the package onnx is needed to read {name}: pip install onnx ({error})") from error
    try:
        proto = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise ModelRejected(f"{name} is not an ONNX file, or a damaged one: {error}") from error
    if not proto.graph.node:
        raise ModelRejected(f"{name} is not an ONNX file, or a damaged one: it has no network")
    outside = [tensor.name for tensor in _tensors(proto) if tensor.data_location == onnx.TensorProto.EXTERNAL]
    if outside:
        raise ModelRejected(f"{name} keeps weights in other files, which is not allowed: {', '.join(outside[:5])}")
    return proto


def _tensors(proto: Any) -> Iterator[Any]:
    yield from _of_graph(proto.graph)
    for function in proto.functions:
        yield from _of_nodes(function.node)


def _of_graph(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Any) -> Iterator[Any]:
    for attribute in (attribute for node in nodes for attribute in node.attribute):
        yield attribute.t
        yield from attribute.tensors
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for graph in (attribute.g, *attribute.graphs):
            yield from _of_graph(graph)
