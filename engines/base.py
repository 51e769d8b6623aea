"""Tensors in, tensors out: what every engine promises."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """dtype is numpy's name; -1 in shape is a size chosen at run time."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What runs: backend ("onnxruntime"), its version, device ("CPU"), precision ("fp32", "bf16", "fp16")."""

    backend: str
    version: str
    device: str
    precision: str


class Engine(AbstractContextManager["Engine"], Protocol):
    """Open, use and close it in one thread. Outputs belong to the caller and stay valid."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]: ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]: ...

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """All outputs by name.

        Raises:
            ValueError: an input is missing, unknown, or of another dtype or shape; the message names both.
        """
        ...

    def info(self) -> EngineInfo: ...


def check_feeds(specs: tuple[TensorSpec, ...], feeds: Mapping[str, Array]) -> None:
    """Compare what is fed with what is wanted.

    Raises:
        ValueError: naming the tensor, what was wanted and what came.
    """
    wanted = {spec.name: spec for spec in specs}
    if wanted.keys() != feeds.keys():
        raise ValueError(f"inputs must be {sorted(wanted)}, got {sorted(feeds)}")
    for name, spec in wanted.items():
        array = feeds[name]
        fits = array.ndim == len(spec.shape) and all(w in (-1, n) for w, n in zip(spec.shape, array.shape, strict=True))
        if not fits or array.dtype != np.dtype(spec.dtype):
            raise ValueError(f"{name} must be {spec.dtype} {spec.shape}, got {array.dtype} {array.shape}")
