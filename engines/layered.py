"""A plain network from a list of layers, as a card has it, and the tensors of a file.

A line names the kind, then the tensors' name, then numbers and options:

    conv NAME [stride N] [pad N]     NAME.weight (out, in, k, k), NAME.bias if the file has it
    norm NAME [eps X]                batch normalisation: NAME.weight, .bias, .running_mean, .running_var
    linear NAME                      NAME.weight (out, in), NAME.bias if the file has it
    relu, elu, leaky X               X is the slope below 0
    max K [stride N] [pad N]         over K × K pixels; the stride is K where none is given
    avg K [stride N]
    adaptive K                       averages, so that K × K pixels are left
    flatten, softmax, divide X

Dropout is left out: it does nothing once a network is trained. Sizes are those of the tensors. Pooling leaves out what
does not fill a window, as PyTorch and Keras do (https://docs.pytorch.org/docs/stable/nn.html).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.errors import ModelRejected
from engines.onnx_draft import OnnxDraft

Weights: TypeAlias = Mapping[str, NDArray[Any]]
COUNTER = "num_batches_tracked"
"""What PyTorch's batch normalisation keeps besides; only training reads it."""

EPSILON = 1e-5
"""PyTorch's default, https://docs.pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a line of that kind is written, and the tensors it needs: those it cannot be without, and those it may have.
    ``number``: one follows."""

    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    number: bool = False
    options: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "conv": Kind(("weight",), ("bias",), options=("stride", "pad")),
    "norm": Kind(("weight", "bias", "running_mean", "running_var"), (COUNTER,), options=("eps",)),
    "linear": Kind(("weight",), ("bias",)),
    "max": Kind(number=True, options=("stride", "pad")),
    "avg": Kind(number=True, options=("stride",)),
    "adaptive": Kind(number=True),
    "leaky": Kind(number=True),
    "divide": Kind(number=True),
    "relu": Kind(),
    "elu": Kind(),
    "flatten": Kind(),
    "softmax": Kind(),
}


BROKEN = ("norm", "leaky", "divide")
"""Kinds whose numbers need not be whole."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list: ``name`` of its tensors ("" for a kind without), ``number`` and ``options`` as written."""

    text: str
    kind: str
    name: str = ""
    number: float = 0.0
    options: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Network:
    """The network as far as it is written: ``tensor`` is what the last layer puts out, ``shape`` its own without the
    batch: (channels, rows, columns), or (numbers,)."""

    draft: OnnxDraft
    weights: Weights
    tensor: str
    shape: tuple[int, ...]
    layer: int = 0

    def add(self, kind: str, *constants: str, **attributes: Any) -> None:
        self.layer += 1
        self.tensor = self.draft.add(kind, [self.tensor, *constants], f"{kind.lower()}{self.layer}", **attributes)

    def take(self, name: str, *shape: int | None) -> NDArray[np.float64]:
        """A tensor, whose size must be as given; None for any.

        Raises:
            ModelRejected: its size is another, or it has numbers that are none.
        """
        array = np.asarray(self.weights[name], np.float64)
        if array.ndim != len(shape) or any(w not in (None, n) for n, w in zip(array.shape, shape, strict=True)):
            wanted = ", ".join("any" if n is None else str(n) for n in shape)
            raise ModelRejected(f"the tensor {name} must have the shape ({wanted}), got {array.shape}")
        if not np.isfinite(array).all():
            raise ModelRejected(f"the tensor {name} has numbers that are not finite: the training failed")
        return array

    def constant(self, name: str, values: Any) -> str:
        return self.draft.constant(f"{self.layer}_{name}", values)


def network(layers: Sequence[str], weights: Weights, channels: int, side: int) -> bytes:
    """The ONNX file: input "input" float32 (N, channels, side, side); output "output" (N, numbers).

    Raises:
        ModelRejected: a line is not understood or does not fit, or a tensor is missing, left over, of another size or
            not finite.
    """
    lines = [read(text) for text in layers]
    _same_tensors(lines, weights)
    made = Network(OnnxDraft(), weights, "input", (channels, side, side))
    for number, line in enumerate(lines, 1):
        try:
            WRITERS[line.kind](made, line)
        except ModelRejected as error:
            raise ModelRejected(f"layer {number}, {line.text!r}: {error}") from error
    if len(made.shape) != 1:
        raise ModelRejected(
            f"the layers leave {made.shape} of a picture, a row of numbers is wanted: end with a linear"
        )
    made.draft.add("Identity", [made.tensor], "output")
    return made.draft.finish("layered", {"input": ["N", channels, side, side]}, {"output": ["N", *made.shape]})


def read(text: str) -> Line:
    """Raises:
    ModelRejected: it is no line of the vocabulary.
    """
    kind, *words = text.split() or [""]
    if kind not in KINDS:
        raise ModelRejected(f"{text!r} is no layer; known: {', '.join(KINDS)}")
    known = KINDS[kind]
    name = words.pop(0) if known.needs and words else ""
    number = words.pop(0) if known.number and words else "0"
    keys, values = words[::2], words[1::2]
    try:
        line = Line(text, kind, name, float(number), dict(zip(keys, map(float, values), strict=True)))
    except ValueError as error:
        raise ModelRejected(f"{text!r} is no layer: {_form(kind)} is wanted") from error
    numbers = (line.number, *line.options.values())
    odd = not all(np.isfinite(n) and n >= 0 and (n == int(n) or kind in BROKEN) for n in numbers)
    if odd or bool(known.needs) != bool(name) or not set(keys) <= set(known.options) or len(set(keys)) != len(keys):
        raise ModelRejected(f"{text!r} is no layer: {_form(kind)} is wanted")
    return line


def _form(kind: str) -> str:
    known = KINDS[kind]
    parts = [kind, "NAME" if known.needs else "", "NUMBER" if known.number else ""]
    return " ".join([*filter(None, parts), *(f"[{option} NUMBER]" for option in known.options)])


def _same_tensors(lines: Sequence[Line], weights: Weights) -> None:
    """Raises:
    ModelRejected: the layers and the file do not have the same tensors; each is named.
    """
    needed = {f"{line.name}.{part}" for line in lines for part in KINDS[line.kind].needs}
    known = needed | {f"{line.name}.{part}" for line in lines for part in KINDS[line.kind].may}
    missing, extra = sorted(needed - set(weights)), sorted(set(weights) - known)
    faults = [f"missing: {', '.join(missing)}"] if missing else []
    faults += [f"not in the layers: {', '.join(extra)}"] if extra else []
    if faults:
        raise ModelRejected(f"the file's tensors are not those of the layers; {'; '.join(faults)}")


def _bias(made: Network, line: Line, size: int) -> Iterator[str]:
    if f"{line.name}.bias" in made.weights:
        yield made.constant("bias", made.take(f"{line.name}.bias", size))


def _conv(made: Network, line: Line) -> None:
    channels, _, _ = _pixels(made)
    weight = made.take(f"{line.name}.weight", None, channels, None, None)
    if weight.shape[2] != weight.shape[3]:
        raise ModelRejected(f"a square kernel is wanted, got {weight.shape[2:]}")
    window = _window(made, weight.shape[2], line.options.get("stride", 1), line.options.get("pad", 0))
    made.shape = (weight.shape[0], *made.shape[1:])
    made.add("Conv", made.constant("weight", weight), *_bias(made, line, weight.shape[0]), **window)


def _window(made: Network, kernel: float, stride: float, pad: float = 0) -> dict[str, list[int]]:
    """The attributes of a sliding window; the shape becomes what it leaves."""
    channels, rows, columns = _pixels(made)
    k, s, p = int(kernel), int(stride), int(pad)
    if k < 1 or s < 1 or min(rows, columns) + 2 * p < k:
        raise ModelRejected(f"a window of {k} pixels in steps of {s} does not fit {rows} × {columns} pixels")
    made.shape = (channels, (rows + 2 * p - k) // s + 1, (columns + 2 * p - k) // s + 1)
    return {"kernel_shape": [k, k], "strides": [s, s], "pads": [p, p, p, p]}


def _pixels(made: Network) -> tuple[int, int, int]:
    if len(made.shape) != 3:
        raise ModelRejected(f"pixels are wanted, but {made.shape[0]} numbers are left: it must come before flatten")
    return made.shape[0], made.shape[1], made.shape[2]


def _norm(made: Network, line: Line) -> None:
    """y = γ · (x − μ) / √(σ² + ε) + β, as one multiplication and one sum."""
    gamma, beta, mean, variance = (made.take(f"{line.name}.{part}", made.shape[0]) for part in KINDS["norm"].needs)
    if (variance < 0).any():
        raise ModelRejected(f"the tensor {line.name}.running_var has numbers below 0")
    scale = gamma / np.sqrt(variance + line.options.get("eps", EPSILON))
    form = (-1, *[1] * (len(made.shape) - 1))
    made.add("Mul", made.constant("scale", scale.reshape(form)))
    made.add("Add", made.constant("offset", (beta - mean * scale).reshape(form)))


def _linear(made: Network, line: Line) -> None:
    if len(made.shape) != 1:
        raise ModelRejected(f"a row of numbers is wanted, but {made.shape} is left: flatten it first")
    weight = made.take(f"{line.name}.weight", None, made.shape[0])
    made.shape = weight.shape[:1]
    made.add("Gemm", made.constant("weight", weight), *_bias(made, line, weight.shape[0]), transB=1)


def _pool(made: Network, line: Line) -> None:
    pad = line.options.get("pad", 0)
    if 2 * pad > line.number:
        raise ModelRejected(f"at most half of {line.number:g} pixels can be padded, got {pad:g}")
    window = _window(made, line.number, line.options.get("stride", line.number), pad)
    made.add("MaxPool" if line.kind == "max" else "AveragePool", **window)


def _adaptive(made: Network, line: Line) -> None:
    _, rows, columns = _pixels(made)
    if line.number < 1 or rows != columns or rows % line.number:
        raise ModelRejected(
            f"{rows} × {columns} pixels cannot be shared evenly among {line.number:g} × {line.number:g}"
        )
    made.add("AveragePool", **_window(made, rows / line.number, rows / line.number))


def _flatten(made: Network, _: Line) -> None:
    made.shape = (int(np.prod(made.shape)),)
    made.add("Flatten", axis=1)


def _divide(made: Network, line: Line) -> None:
    if line.number == 0:
        raise ModelRejected("nothing can be divided by 0")
    made.add("Div", made.constant("divisor", line.number))


WRITERS: Mapping[str, Callable[[Network, Line], None]] = {
    "conv": _conv,
    "norm": _norm,
    "linear": _linear,
    "max": _pool,
    "avg": _pool,
    "adaptive": _adaptive,
    "flatten": _flatten,
    "divide": _divide,
    "relu": lambda made, _: made.add("Relu"),
    "elu": lambda made, _: made.add("Elu"),
    "leaky": lambda made, line: made.add("LeakyRelu", alpha=line.number),
    "softmax": lambda made, _: made.add("Softmax", axis=1),
}
