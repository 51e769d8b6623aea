"""A model for pictures of any size, by an engine of its own for each size that comes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self, TypeAlias

import numpy as np

from engines.base import Array, Engine, EngineInfo, TensorSpec, check_feeds
from engines.errors import ModelRejected
from engines.swapping import Better, Opener, Swapping, news_of

Shape: TypeAlias = tuple[int, ...]

KEPT = 4
"""Sizes that stay open: a few cameras' worth, as in ``engines.ov``."""


def fixed(model: bytes, name: str, shape: Shape) -> bytes:
    """The model whose only input has that shape and nothing else.

    Raises:
        ModelRejected: it has several inputs, or cannot take such a shape.
    """
    import onnx
    import onnx.shape_inference

    proto = onnx.load_model_from_string(model)
    filled = {weight.name for weight in proto.graph.initializer}
    inputs = [value for value in proto.graph.input if value.name not in filled]
    free = shape_of(model)
    if len(inputs) != 1 or len(free) != len(shape):
        raise ModelRejected(f"{name} must have one input of {len(shape)} dimensions to be fixed to {shape}")
    if any(had not in (-1, size) for had, size in zip(free, shape, strict=True)):
        raise ModelRejected(f"{name} takes {free}, where -1 may be any size: it cannot be fixed to {shape}")
    _set(inputs[0], shape)
    for output in proto.graph.output:
        output.type.tensor_type.ClearField("shape")
    del proto.graph.value_info[:]
    try:
        inferred = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise ModelRejected(f"{name} cannot take an input of {shape}: {error}") from error
    return bytes(inferred.SerializeToString(deterministic=True))


def shape_of(model: bytes) -> Shape:
    """Of the first input; -1 stands for a free size."""
    import onnx

    proto = onnx.load_model_from_string(model)
    filled = {weight.name for weight in proto.graph.initializer}
    first = next(value for value in proto.graph.input if value.name not in filled)
    dims = first.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in dims)


def any_size(model: bytes) -> bool:
    """Whether the first input is a picture (N, C, height, width) of free height or width."""
    shape = shape_of(model)
    return len(shape) == 4 and -1 in shape[2:]


def _set(value: Any, shape: Shape) -> None:
    for dim, size in zip(value.type.tensor_type.shape.dim, shape, strict=True):
        dim.Clear()
        dim.dim_value = size


class Lent:
    """An engine that somebody else opens and closes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing: it is not ours."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._engine.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._engine.outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``."""
        return self._engine.run(feeds)

    def info(self) -> EngineInfo:
        return self._engine.info()


class Sized:
    """Runs at once on ``first``, which takes any size; ``better_for`` makes, for one shape of the only input, what is
    to take over when it is ready. The last ``KEPT`` shapes stay open.

    Entered, used and closed in one thread, like any engine.
    """

    def __init__(self, model: str, first: Opener, better_for: Callable[[Shape], Better], *, name: str) -> None:
        """``name`` of the better engine."""
        self._model, self._first, self._better_for, self._name = model, first, better_for, name
        self._any: Engine | None = None
        self._last: Engine | None = None
        self._engines: OrderedDict[Shape, Swapping] = OrderedDict()

    def __enter__(self) -> Self:
        """Raises:
        EngineError: the first engine's own.
        """
        self._any = self._last = self._first().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        first, self._any, self._last = self._any, None, None
        with ExitStack() as stack:
            if first is not None:
                stack.push(first)
            for engine in self._engines.values():
                engine.stop()  # all at once: each may take its time
                stack.push(engine)
            self._engines.clear()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Of the first engine: any size may come."""
        return self._opened().inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._opened().outputs

    @property
    def news(self) -> str:
        """What is being done about the size that came last; "" for nothing."""
        return "" if self._last is None else news_of(self._last)

    def info(self) -> EngineInfo:
        """Of the engine that ran last."""
        self._opened()
        assert self._last is not None
        return self._last.info()

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``."""
        first = self._opened()
        check_feeds(first.inputs, feeds)
        (array,) = feeds.values()
        self._last = self._for(first, array.shape)
        return self._last.run(feeds)

    def _for(self, first: Engine, shape: Shape) -> Swapping:
        if shape not in self._engines:
            better = self._better_for(shape)
            lent = Swapping(self._model, lambda: Lent(first), better, name=self._name, check=usable)
            self._engines[shape] = lent.__enter__()
            if len(self._engines) > KEPT:
                self._engines.popitem(last=False)[1].__exit__(None, None, None)
        self._engines.move_to_end(shape)
        return self._engines[shape]

    def _opened(self) -> Engine:
        if self._any is None:
            raise RuntimeError(f"the engine of {self._model} is not open")
        return self._any


def usable(right: Mapping[str, Array], other: Mapping[str, Array]) -> str:
    """What is plainly wrong with the second's outputs: another shape, or no numbers. How far a detector's values may
    be off where nobody reads them is for the gate to say, when the engine is built."""
    for name, wanted in right.items():
        got = other[name]
        if got.shape != wanted.shape:
            return f"{name} has shape {got.shape}, wanted {wanted.shape}"
        if not np.isfinite(got).all():
            return f"{name} is not finite"
    return ""
