"""The TensorRT that is installed here: one of two packages with the same interface."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from engines.errors import EngineUnavailable, NotInstalled
from engines.probe import Driver, driver
from engines.trt_journal import Journal, logger

Kind: TypeAlias = Literal["tensorrt", "tensorrt_rtx"]

INSTALL = {"tensorrt": "pip install 'groupmood[tensorrt]'", "tensorrt_rtx": "pip install 'groupmood[rtx]'"}


@dataclass(frozen=True, slots=True)
class Library:
    """``module`` is the package, ``log`` its ILogger, to be given to whatever asks for one."""

    kind: Kind
    module: Any
    version: str
    log: Any

    @property
    def journal(self) -> Journal:
        """Where ``log`` tells everything."""
        journal: Journal = self.log.journal
        return journal


def library(kind: Kind, *, device: bool = True, probe: Callable[[], Driver] = driver) -> Library:
    """Load TensorRT, after the driver was asked. ``device`` False: only to build, which RTX does without a GPU.

    Classic TensorRT needs the GPU to build too, and without a driver it ends the process: ``device`` does not matter.

    Raises:
        NotInstalled: the package or the driver is missing.
        EngineUnavailable: there is no GPU, or the package cannot be loaded.
    """
    if importlib.util.find_spec(kind) is None:
        raise NotInstalled(f"{kind} is not installed: {INSTALL[kind]}")
    if device or kind == "tensorrt":
        probe()
    try:
        return _load(kind)
    except (ImportError, OSError) as error:
        raise EngineUnavailable(
            f"{kind} is installed but cannot be loaded ({error}): install it anew with {INSTALL[kind]}"
        ) from error


@functools.cache
def _load(kind: Kind) -> Library:
    """Kept: TensorRT has one logger for a whole process, and complains of a second."""
    module = importlib.import_module(kind)
    return Library(kind, module, module.__version__, logger(module, Journal()))
