"""Layers of networks in plain numpy, written from their definitions: what converters are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]


def windows(x: Array, kernel: int, stride: int) -> Array:
    """(N, channels, rows, columns, kernel, kernel) of (N, channels, height, width); what fills none is left out."""
    rows = sliding_window_view(x, kernel, axis=2)[:, :, ::stride]
    return np.asarray(sliding_window_view(rows, kernel, axis=3)[:, :, :, ::stride])


def convolved(x: Array, weight: Array, bias: Array, stride: int = 1, pad: int = 0) -> Array:
    """``weight`` (out, in, k, k), as PyTorch has it."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    seen = np.einsum("ncrsij,ocij->nors", windows(padded, weight.shape[2], stride), weight)
    return np.asarray(seen + bias[:, None, None])


def pooled(x: Array, kernel: int, stride: int, how: Callable[..., Any]) -> Array:
    return np.asarray(how(windows(x, kernel, stride), axis=(4, 5)))


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))
