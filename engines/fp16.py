"""FP32 models rewritten in half precision (IEEE 754 binary16), and what half precision does to them, shown on any CPU.

TensorRT takes the precision from the types in the graph: there is no flag for it any more. ONNX Runtime's CPU, however,
computes a half graph in float32 and rounds nothing between two operations, so that a network which overflows in half
precision answers there as if all were well. ``rounded`` writes the rounding out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engines.errors import EngineUnavailable, ModelRejected, NotInstalled
from engines.onnx_file import parse

RECIPE = "half-1"
"""Changes with everything here that changes the result.

All operations become half, but for those that the converter knows to lack a half form. Keeping softmax, the last layers
or the normalisation of 0…255 in float32 changed nothing on the shipped networks, which the tests hold to the gate.
"""


def recipe() -> str:
    """``RECIPE`` and the versions of the packages that carry it out: one word for a cache's key.

    Raises:
        NotInstalled: onnx or onnxruntime is missing.
        EngineUnavailable: one of them is broken.
    """
    onnx, _ = _libraries("a model")
    import onnxruntime

    return f"{RECIPE}+onnx-{onnx.__version__}+onnxruntime-{onnxruntime.__version__}"


def half(model: bytes, name: str) -> bytes:
    """The model with half weights and operations, but float32 inputs and outputs; the same bytes for the same model.

    A weight beyond ±65504 becomes ±65504 and one nearer to 0 than 5.96e-8 becomes ±5.96e-8: whether the network still
    answers rightly is for ``engines.gate`` to say.

    Raises:
        NotInstalled: onnx or onnxruntime is missing.
        EngineUnavailable: one of them is broken.
        ModelRejected: it is no ONNX file, keeps weights in other files, has branches, loops or functions, computes
            nothing in float32 (being half already, or of integers), or has operations that cannot be half.
    """
    parse(model, name)
    onnx, convert = _libraries(name)
    proto = onnx.load_model_from_string(model)
    _check_flat(proto, name)
    _check_float(onnx, proto, name)
    _weights_are_no_inputs(proto)
    try:
        made = convert(proto, keep_io_types=True)
    except (AssertionError, ValueError) as error:  # the converter asserts what it cannot do
        raise ModelRejected(f"{name} cannot be written in half precision: {error}; use precision fp32") from error
    _sort(made.graph)
    return _written(onnx, made, name)


def rounded(model: bytes, name: str) -> bytes:
    """What ``half`` gave, as a float32 graph that rounds the result of every operation to half, overflow included.

    So it answers under ONNX Runtime, on any CPU, as an engine does that computes each operation exactly and keeps
    numbers as half. One that fuses operations rounds less; one that also adds up in half rounds more.

    Raises:
        NotInstalled: onnx or onnxruntime is missing.
        EngineUnavailable: one of them is broken.
        ModelRejected: it is no such model, or the type of a value in it cannot be told.
    """
    parse(model, name)
    onnx, _ = _libraries(name)
    proto = onnx.load_model_from_string(model)
    _check_flat(proto, name)
    types = _types(onnx, proto, name)
    float16, float32 = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    nodes = []
    for node in proto.graph.node:
        _widen(onnx, node)
        for index, output in enumerate(node.output):
            if output and types[output] == float16:
                exact, narrow = f"{output}/exact", f"{output}/half"
                node.output[index] = exact
                nodes += [onnx.helper.make_node("Cast", [exact], [narrow], to=float16)]
                nodes += [onnx.helper.make_node("Cast", [narrow], [output], to=float32)]
    for weight in proto.graph.initializer:
        _widen_tensor(onnx, weight)
    del proto.graph.value_info[:]
    proto.graph.node.extend(nodes)
    _sort(proto.graph)
    return _written(onnx, proto, name)


def _libraries(name: str) -> tuple[Any, Callable[..., Any]]:
    """onnx, and ONNX Runtime's converter."""
    path = list(sys.path)
    try:
        import onnx
        import onnx.checker
        import onnx.shape_inference
        from onnxruntime.transformers.float16 import convert_float_to_float16
    except ModuleNotFoundError as error:
        raise NotInstalled(f"half precision for {name}: pip install onnx onnxruntime ({error})") from error
    except ImportError as error:
        raise EngineUnavailable(f"half precision for {name} is not possible here ({error})") from error
    finally:
        sys.path[:] = path  # the package appends a folder of modules with everyday names
    return onnx, convert_float_to_float16


def _check_flat(proto: Any, name: str) -> None:
    """The converter does not look into functions, and mixes up what lies in and around a branch."""
    inner = {node.op_type for node in proto.graph.node if any(a.HasField("g") or a.graphs for a in node.attribute)}
    inner |= {function.name for function in proto.functions}
    if inner:
        raise ModelRejected(
            f"{name} has branches, loops or functions ({', '.join(sorted(inner))}), which are not converted to half "
            "precision: use precision fp32"
        )


def _check_float(onnx: Any, proto: Any, name: str) -> None:
    types = _types(onnx, proto, name)
    computed = {
        types[output] for node in proto.graph.node if node.op_type != "Cast" for output in node.output if output
    }
    if onnx.TensorProto.FLOAT in computed:
        return
    why = "is in half precision already" if onnx.TensorProto.FLOAT16 in computed else "computes nothing in float32"
    raise ModelRejected(f"{name} {why}, there is nothing to convert: use precision fp32, which takes it as it is")


def _types(onnx: Any, proto: Any, name: str) -> dict[str, int]:
    """The element type of every value by its name."""
    try:
        graph = onnx.shape_inference.infer_shapes(proto, strict_mode=True).graph
    except onnx.shape_inference.InferenceError as error:
        raise ModelRejected(f"{name} is not a valid network: {error}") from error
    types = {value.name: value.type.tensor_type.elem_type for value in _values(graph)}
    unknown = [output for node in graph.node for output in node.output if output and not types.get(output)]
    if unknown:
        raise ModelRejected(f"{name}: the types of {', '.join(unknown[:5])} cannot be told: use precision fp32")
    return types


def _values(graph: Any) -> Iterator[Any]:
    yield from graph.input
    yield from graph.value_info
    yield from graph.output


def _weights_are_no_inputs(proto: Any) -> None:
    """Files of the format before version 4 list weights among the inputs, where the converter would leave them as they
    are."""
    weights = {weight.name for weight in proto.graph.initializer}
    for value in [value for value in proto.graph.input if value.name in weights]:
        proto.graph.input.remove(value)
    proto.ir_version = max(proto.ir_version, 4)


def _widen(onnx: Any, node: Any) -> None:
    """Let a node compute in float32 what it computed in half; a cast to half is left to the rounding after it."""
    for attribute in node.attribute:
        if attribute.HasField("t"):
            _widen_tensor(onnx, attribute.t)
        if attribute.name in ("to", "dtype") and attribute.i == onnx.TensorProto.FLOAT16:
            attribute.i = onnx.TensorProto.FLOAT


def _widen_tensor(onnx: Any, tensor: Any) -> None:
    if tensor.data_type == onnx.TensorProto.FLOAT16:
        values = onnx.numpy_helper.to_array(tensor).astype("float32")
        tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))


def _sort(graph: Any) -> None:
    """Put each node after those it needs, as ONNX wants it: new casts were added at the end."""
    known = {"", *(value.name for value in graph.input), *(weight.name for weight in graph.initializer)}
    left: list[Any] = list(graph.node)
    done: list[Any] = []
    while left:
        waiting: list[Any] = []
        for node in left:
            ready = known.issuperset(node.input)
            (done if ready else waiting).append(node)
            known.update(node.output if ready else ())
        if len(waiting) == len(left):
            break  # the check that follows names the input that nobody gives
        left = waiting
    _replace(graph.node, [*done, *left])


def _replace(nodes: Any, others: Iterable[Any]) -> None:
    copies = [type(node).FromString(node.SerializeToString()) for node in others]
    del nodes[:]
    nodes.extend(copies)


def _written(onnx: Any, proto: Any, name: str) -> bytes:
    try:
        onnx.checker.check_model(proto, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelRejected(f"{name} cannot be written in half precision: {error}; use precision fp32") from error
    return bytes(proto.SerializeToString(deterministic=True))
