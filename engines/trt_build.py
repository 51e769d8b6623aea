"""ONNX to a plan: the native code that TensorRT runs."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engines.errors import EngineUnavailable, ModelRejected, OutOfMemory
from engines.onnx_file import parse
from engines.trt_capabilities import target
from engines.trt_journal import Said
from engines.trt_library import Library
from engines.trt_progress import Phases, Progress, monitor

ROUTINE = 1
"""Counts up with every change here that changes a plan: plans of an older routine are built anew."""

FULL = re.compile(r"out ?of ?memory|cudaError 2\b|bad_alloc", re.IGNORECASE)
DEVICE = re.compile(r"cuda ?(error|runtime|initialization|driver|failure)|no cuda-capable", re.IGNORECASE)
"""How TensorRT's words tell a full or missing GPU from a model that it cannot build."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Pictures of a free size, (height, width) in pixels: from ``least`` to ``most``, tuned for ``best``."""

    least: tuple[int, int]
    best: tuple[int, int]
    most: tuple[int, int]

    def __post_init__(self) -> None:
        for low, middle, high in zip(self.least, self.best, self.most, strict=True):
            if not 1 <= low <= middle <= high:
                raise ValueError(f"sizes must be 1 ≤ least ≤ best ≤ most, got {self.least}, {self.best}, {self.most}")


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """A batch of 1…``max_batch``, tuned for ``best_batch``, where the model leaves it free; ``sizes`` likewise.

    ``capabilities``: compute capabilities ("8.6") to build for, which RTX can; none: the library's own choice.
    """

    max_batch: int = 32
    best_batch: int = 8
    capabilities: tuple[str, ...] = ()
    sizes: Sizes | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.best_batch <= self.max_batch:
            raise ValueError(f"best_batch must be 1…max_batch ({self.max_batch}), got {self.best_batch}")


@dataclass(frozen=True, slots=True)
class Built:
    """``warnings`` of parser and builder; ``timing`` is for the next build on this GPU (empty with RTX)."""

    plan: bytes
    seconds: float
    warnings: tuple[str, ...]
    timing: bytes = b""


def build(
    library: Library,
    model: bytes,
    name: str,
    settings: BuildSettings,
    progress: Progress | None = None,
    timing: bytes = b"",
) -> Built:
    """Compile a verified ONNX model as it is typed, FP32 or FP16; nothing is made less precise than its type.

    ``progress`` ends the build by raising, and what it raises comes out of here. ``timing`` is an earlier build's.

    Raises:
        EngineUnavailable: this machine cannot build it: no GPU, or not for these compute capabilities.
        OutOfMemory: the GPU is full.
        ModelRejected: TensorRT cannot parse or build it, or it keeps weights in other files, or ``sizes`` is missing.
    """
    parse(model, name)
    phases = Phases(progress)
    started = time.monotonic()
    with library.journal.listen() as heard, _device_errors(library, name, heard):
        builder = library.module.Builder(library.log)
        network = builder.create_network(_strongly_typed(library))
        _parse(library, network, model, name)
        config = _config(builder, library, settings, timing)
        _profile(builder, network, config, settings, name)
        if hasattr(library.module, "IProgressMonitor"):
            config.progress_monitor = monitor(library.module, phases)
        plan = builder.build_serialized_network(network, config)
    if plan is not None:
        phases.complete()
    if phases.error is not None:
        raise phases.error
    if plan is None:
        raise _failure(library, name, heard)
    warnings = tuple(said.text for said in heard if not said.error)
    return Built(bytes(plan), time.monotonic() - started, warnings, _timing(library, config))


@contextlib.contextmanager
def _device_errors(library: Library, name: str, heard: list[Said]) -> Iterator[None]:
    """A constructor of TensorRT that fails is a TypeError of its binding; the reason is in what was heard."""
    try:
        yield
    except TypeError as error:
        if "nullptr" not in str(error):
            raise
        raise EngineUnavailable(f"{library.kind} cannot start to build {name}: {_words(heard)}") from error


def _strongly_typed(library: Library) -> int:
    """Where it can be chosen at all: TensorRT 11 and RTX know nothing else, and may drop the flag."""
    flags = library.module.NetworkDefinitionCreationFlag
    return 1 << int(flags.STRONGLY_TYPED) if hasattr(flags, "STRONGLY_TYPED") else 0


def _parse(library: Library, network: Any, model: bytes, name: str) -> None:
    parser = library.module.OnnxParser(network, library.log)
    if not parser.parse(model):
        errors = "; ".join(str(parser.get_error(i)) for i in range(parser.num_errors))
        raise ModelRejected(f"{library.kind} {library.version} cannot read {name}: {errors or 'it does not say why'}")


def _config(builder: Any, library: Library, settings: BuildSettings, timing: bytes) -> Any:
    config = builder.create_builder_config()
    if hasattr(library.module.BuilderFlag, "TF32"):
        config.clear_flag(library.module.BuilderFlag.TF32)  # on by default, and FP32 in name only: 10 bits of mantissa
    target(config, library, settings.capabilities)
    if _times(library, config):
        config.set_timing_cache(config.create_timing_cache(timing), False)
    return config


def _times(library: Library, config: Any) -> bool:
    """RTX has the calls, deprecated and without effect."""
    return library.kind == "tensorrt" and hasattr(config, "create_timing_cache")


def _timing(library: Library, config: Any) -> bytes:
    cache = config.get_timing_cache() if _times(library, config) else None
    return bytes(cache.serialize()) if cache is not None else b""


def _profile(builder: Any, network: Any, config: Any, settings: BuildSettings, name: str) -> None:
    """One profile for all free sizes; none where nothing is free."""
    inputs = [network.get_input(i) for i in range(network.num_inputs)]
    shapes = {given.name: tuple(given.shape) for given in inputs}
    if not any(-1 in shape for shape in shapes.values()):
        return
    profile = builder.create_optimization_profile()
    for given, shape in shapes.items():
        profile.set_shape(given, *_range(shape, settings, f"{name}: {given}"))
    if config.add_optimization_profile(profile) < 0:
        raise ModelRejected(f"TensorRT takes no profile for {name} with inputs {shapes} and {settings}")


def _range(shape: tuple[int, ...], settings: BuildSettings, port: str) -> list[tuple[int, ...]]:
    """The least, best and most shape of an input: batch first, and in a picture height and width last."""
    picture = range(len(shape) - 2, len(shape)) if len(shape) == 4 else range(0)
    free = [axis for axis, size in enumerate(shape) if size == -1 and axis != 0]
    if any(axis not in picture for axis in free):
        raise ModelRejected(f"{port} has the shape {shape}: only the batch, height and width of a picture may be free")
    sizes = settings.sizes
    if free and sizes is None:
        raise ModelRejected(f"{port} takes pictures of any size {shape}: a plan needs `sizes` (least, best, most)")
    batches = (1, settings.best_batch, settings.max_batch)
    sides = (sizes.least, sizes.best, sizes.most) if sizes else ((0, 0),) * 3
    return [_shape(shape, batch, side) for batch, side in zip(batches, sides, strict=True)]


def _shape(shape: tuple[int, ...], batch: int, side: tuple[int, int]) -> tuple[int, ...]:
    chosen = {0: batch, len(shape) - 2: side[0], len(shape) - 1: side[1]} if len(shape) == 4 else {0: batch}
    return tuple(chosen[axis] if size == -1 else size for axis, size in enumerate(shape))


def _failure(library: Library, name: str, heard: list[Said]) -> EngineUnavailable | ModelRejected:
    """What a builder without a plan means, after what it said."""
    words = _words(heard)
    message = f"{library.kind} {library.version} cannot build {name}: {words}"
    if FULL.search(words):
        return OutOfMemory(message)
    return EngineUnavailable(message) if DEVICE.search(words) else ModelRejected(message)


def _words(heard: list[Said]) -> str:
    return "; ".join(said.text for said in heard if said.error) or "it does not say why"
