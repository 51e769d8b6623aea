"""``groupmood engines build | list | check | clear``: the TensorRT plans of this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from engines.base import Engine
from engines.cache import read_verified, weights_dir
from engines.cards import Card, load_card
from engines.errors import EngineUnavailable, NotInstalled
from engines.gate import Verdict
from engines.planned import Planner, verdict_of
from engines.plans import Checked, Plan, Plans
from engines.ran import told
from engines.sized import Shape, any_size
from engines.trt_library import Kind
from streamer.commands.terminal import console
from streamer.config import Engine as Settings
from streamer.detectors.blob import blob
from streamer.engine_factory import EngineFactory
from streamer.errors import ConfigError, did_you_mean
from streamer.registry import DETECTORS, GPU_ENGINES, find

DEFAULT = ("groupmood", "centerface")
"""What a run needs by default and can be built: MediaPipe brings an engine of its own."""

MOST = 16384

LONG_SIDE = 640
"""Of a detector's input, as the detectors have it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built. ``backend`` None: the first that is installed; ``size`` (width, height) of the frames."""

    models: Sequence[str]
    backend: str | None
    precision: Literal["fp16", "fp32"]
    max_batch: int
    size: tuple[int, int]


def order(models: Sequence[str], backend: str | None, precision: str, max_batch: int, size: str) -> Order:
    """Raises:
    ConfigError: naming each word that is wrong.
    """
    faults = [] if precision in ("fp16", "fp32") else [f"--precision must be fp16 or fp32, got {precision!r}"]
    parts = re.fullmatch(r"(\d{1,5})[x×](\d{1,5})", size)
    if parts is None or not all(16 <= int(side) <= MOST for side in parts.groups()):
        faults.append(f"--size must be WIDTHxHEIGHT of 16 to {MOST} pixels, such as 1280x720, got {size!r}")
    if faults or parts is None:
        raise ConfigError("\n".join(faults))
    exact: Literal["fp16", "fp32"] = "fp32" if precision == "fp32" else "fp16"
    return Order(models, backend, exact, max_batch, (int(parts[1]), int(parts[2])))


def build_engines(order: Order, folder: Path | None = None) -> int:
    """Build, judge and keep the plan of each model, with progress; open it where there is a GPU.

    Raises:
        ConfigError: no such model or backend.
        EngineError: something cannot be built; what came before it is kept.
    """
    kind = chosen(order.backend)
    factory = EngineFactory(Settings(order=(kind,), precision=order.precision, max_batch=order.max_batch), folder)
    for name in order.models or DEFAULT:
        card, model = model_of(name)
        shape = shape_for(order.size) if any_size(model) else ()
        planner = factory.planner(kind, model, card, device=False, shape=shape)
        known = planner.found()
        plan = known or built(planner, kind)
        console.print(told_of(planner, plan, new=known is None))
        console.print(tried(factory, planner))
    return 0


def chosen(backend: str | None) -> Kind:
    """Raises:
    ConfigError: there is no such backend. EngineUnavailable: none of them can build here.
    """
    from engines.trt_library import library

    if backend is not None and backend not in GPU_ENGINES:
        raise ConfigError(f"unknown backend {backend!r}{did_you_mean(backend, GPU_ENGINES)}; known: {GPU_ENGINES}")
    kinds: tuple[Kind, ...] = ("tensorrt", "tensorrt_rtx")
    reasons = []
    for kind in kinds:
        if backend in (None, kind):
            try:
                library(kind, device=False)
            except EngineUnavailable as error:
                reasons.append(f"{kind}: {error}")
            else:
                return kind
    raise EngineUnavailable(f"nothing can be built here: {'; '.join(reasons)}")


def model_of(name: str) -> tuple[Card, bytes]:
    """A card and the network that its engine is given.

    Raises:
        ConfigError: it is not run by an engine. EngineError: its weights are not here, or altered.
    """
    card = load_card(name)
    if card.task != "emotion" and (card.name not in DETECTORS or card.name == "mediapipe"):
        raise ConfigError(f"{name} brings an engine of its own; build one of groupmood, centerface or yunet")
    data = read_verified(card, weights_dir())
    if card.task == "emotion":
        return card, data
    given: list[bytes] = []
    find(DETECTORS, card.name).of(data, lambda model: _noted(given, model))
    return card, given[0]


def _noted(given: list[bytes], model: bytes) -> Callable[[], Engine]:
    """What a detector asks an engine for, without making one."""
    given.append(model)

    def never() -> Engine:
        raise RuntimeError("this detector is not opened")

    return never


def shape_for(size: tuple[int, int]) -> Shape:
    """The detector's input for frames of (width, height)."""
    width, height = size
    return blob(np.zeros((height, width, 3), np.uint8), LONG_SIDE, rgb=True).tensor.shape


def built(planner: Planner, kind: Kind) -> Plan:
    with building(planner.wanted.name, kind) as progress:
        return planner.prepare(progress)


@contextmanager
def building(name: str, kind: str) -> Iterator[Callable[[float, str], None]]:
    """A bar; what the builder is doing stands behind it."""
    columns = (
        TextColumn(f"building {name} for {kind}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.description}", style="dim"),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("judging half precision on real faces", total=1.0)
        yield lambda share, doing: progress.update(task, completed=share, description=doing)


def told_of(planner: Planner, plan: Plan, *, new: bool) -> str:
    """One line: what there is, how large, how long it took, and what the gate said."""
    sidecar = plan.sidecar
    how = f"built in {sidecar.seconds:.1f} s" if new else "was built before"
    what = f"{sidecar.name}: {planner.precision_of(plan)} for {sidecar.builder}, {sidecar.bytes / 1e6:.1f} MB, {how}"
    return f"{what}; {gate_in_words(verdict_of(plan))}"


def gate_in_words(verdict: Verdict | None) -> str:
    if verdict is None:
        return "no accuracy gate, being in full precision"
    if not verdict.passed:
        return f"fp16 did not pass the accuracy gate: {'; '.join(verdict.reasons)}"
    largest = max(one.largest or 0.0 for one in verdict.outputs)
    same = [one.agreement for one in verdict.outputs if one.agreement is not None]
    kept = f", the likeliest class stays on {min(same):.0%}" if same else ""
    return f"accuracy gate passed on {verdict.samples} samples: off by {largest:.2g} at most{kept} ({verdict.ran})"


def tried(factory: EngineFactory, planner: Planner) -> str:
    """Open it once where there is a GPU, which judges it there and warms its caches."""
    try:
        with factory.planned(planner) as engine:
            info = engine.info()
            return f"  runs on {info.device} in {info.precision}"
    except NotInstalled:
        return f"  not run: there is no NVIDIA GPU here; {told(planner.library.kind)}"
    except EngineUnavailable as error:
        return f"  not run: {error}"


def list_engines(folder: Path | None = None) -> int:
    """A row for each plan."""
    plans = Plans(folder)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("model", "backend", "precision", "batch", "size", "built", "gate"):
        table.add_column(title, no_wrap=title != "gate", overflow="fold")
    for sidecar in plans.list():
        key = sidecar.key
        precision = "fp32" if key.recipe == "fp32" else "fp16"
        passed = "–" if sidecar.gate is None else "passed" if sidecar.gate.get("passed") else "fp16 refused"
        size = f"{sidecar.bytes / 1e6:.1f} MB"
        table.add_row(sidecar.name, sidecar.builder, precision, str(key.max_batch), size, sidecar.date[:10], passed)
    console.print(table)
    console.print(f"kept in {escape(str(plans.folder))}", style="dim")
    return 0


def check_engines(folder: Path | None = None) -> int:
    """0, or 5 where a plan is there that is never loaded."""
    found = Plans(folder).check()
    for one in found:
        console.print(line_of(one))
    if not found:
        console.print("no engine is built yet; 'groupmood engines build' builds those that a run needs")
    return 5 if any(one.state != "ready" for one in found) else 0


def line_of(one: Checked) -> str:
    what = f"{one.sidecar.name} for {one.sidecar.builder}" if one.sidecar else one.path.name
    return f"{what}: {'ready' if one.state == 'ready' else f'built anew when it is needed, because {one.state}'}"


def clear_engines(folder: Path | None = None) -> int:
    count = Plans(folder).clear()
    console.print(f"{count} {'engine' if count == 1 else 'engines'} deleted; they are built anew when they are needed")
    return 0
