"""A model as a TensorRT plan: found or built here, in half precision where the accuracy gate lets it pass."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Literal, Self, TypeAlias

from engines.base import Array, Engine, EngineInfo, TensorSpec
from engines.cuda.owner import Owner
from engines.errors import EngineUnavailable
from engines.fp16 import half, recipe
from engines.gate import Reading, Verdict, compare, from_json, rehearse
from engines.one_pass import Network
from engines.ort import OnnxRuntimeEngine
from engines.plan_key import Key, key
from engines.plans import Plan, Plans
from engines.probe import Driver
from engines.trt import TensorRtEngine
from engines.trt_build import BuildSettings, Built, build
from engines.trt_library import Library
from engines.trt_progress import Progress

log = logging.getLogger(__name__)

Precision: TypeAlias = Literal["fp16", "fp32"]

FULL = "fp32"
"""The recipe of a model that is built as it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """``model``: verified ONNX in float32. ``precision``: "auto" and "fp16" take half where the gate lets it pass, and
    fp32 where it does not. ``samples``: real inputs (N, …) for the gate; ``reading`` as in ``engines.gate``."""

    name: str
    model: bytes
    samples: Callable[[], Array]
    reading: Reading | None = None
    precision: Literal["auto", "fp16", "fp32"] = "auto"
    settings: BuildSettings = field(default_factory=BuildSettings)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where plans are built and run: a library and the GPU of that number (``driver`` None: RTX builds without one).
    ``build`` is ``engines.trt_build.build``."""

    library: Library
    driver: Driver | None = None
    gpu: int = 0
    build: Callable[..., Built] = build


class Planner:
    """The plans of one model for one site."""

    def __init__(self, wanted: Wanted, site: Site, plans: Plans) -> None:
        self.wanted, self.library, self._site, self._plans = wanted, site.library, site, plans
        digest = hashlib.sha256(wanted.model).hexdigest()
        keyed = partial(key, digest, settings=wanted.settings, library=site.library, driver=site.driver, index=site.gpu)
        self._full: Key = keyed(recipe=FULL)
        self._half: Key | None = keyed(recipe=recipe()) if wanted.precision != FULL else None

    def found(self) -> Plan | None:
        """The plan to run: half if it passed; full if that is wanted, or if half was judged and did not pass.

        Raises:
            EngineUnavailable: the folder of the plans is not this user's alone.
        """
        if self._half is None:
            return self._plans.find(self._full)
        plan = self._plans.find(self._half)
        if plan is not None and _passed(plan):
            return plan
        full = self._plans.find(self._full)
        return full if full is not None and verdict_of(full) is not None else None

    def ready(self) -> Network | None:
        """The plan for a pass that runs it at once; None where it is not built, or not judged on this very GPU yet.

        Raises:
            EngineUnavailable: the folder of the plans is not this user's alone.
        """
        plan, driver = self.found(), self._site.driver
        if plan is None or driver is None:
            return None
        precision, library = self.precision_of(plan), self.library
        info = EngineInfo(library.kind, library.version, driver.gpus[self._site.gpu].name, precision)
        verdict = verdict_of(plan)
        if precision != FULL and (verdict is None or verdict.ran != _ran(info)):
            return None
        return Network(self.wanted.name, plan.data, precision, plan.path.with_suffix(".jit"))

    def prepare(self, progress: Progress | None = None) -> Plan:
        """The same, built if it is not there. A refusal of half precision is said aloud and kept beside the full plan.

        Raises:
            EngineUnavailable: this machine cannot build it.
            ModelRejected: the model cannot be built at all.
            SystemExit and whatever else ``progress`` raises ends the build.
        """
        plan = self.found()
        if plan is not None:
            return plan
        if self._half is None:
            return self._build(self._full, self.wanted.model, progress)
        verdict = self.rehearsed()
        if verdict.passed:
            built = self._build(self._half, half(self.wanted.model, self.wanted.name), progress)
            if verdict_of(built) is None:
                built = self._plans.judge(self._half, verdict.to_json())
            if _passed(built):
                return built
            verdict = verdict_of(built) or verdict
        return self.full_instead(verdict, progress)

    def full_instead(self, verdict: Verdict, progress: Progress | None = None) -> Plan:
        """The plan in full precision, because of a verdict on the half one."""
        reasons = "; ".join(verdict.reasons)
        log.warning("%s runs in fp32: fp16 did not pass the accuracy gate (%s)", self.wanted.name, reasons)
        self._build(self._full, self.wanted.model, progress)
        return self._plans.judge(self._full, verdict.to_json())

    def rehearsed(self) -> Verdict:
        """What half precision does to the model, shown on the CPU."""
        wanted = self.wanted
        opener = partial(OnnxRuntimeEngine, name=wanted.name)
        return rehearse(opener, wanted.model, wanted.name, wanted.samples(), reading=wanted.reading)

    def judged(self, plan: Plan, engine: Engine) -> Verdict:
        """The gate on the device itself, which counts from then on; the open engine runs the plan."""
        wanted = self.wanted
        with OnnxRuntimeEngine(wanted.model, name=wanted.name) as reference:
            verdict = compare(reference, engine, wanted.samples(), reading=wanted.reading)
        self._plans.judge(plan.sidecar.key, verdict.to_json())
        return verdict

    def precision_of(self, plan: Plan) -> Precision:
        return "fp32" if plan.sidecar.key.recipe == FULL else "fp16"

    def _build(self, wanted: Key, model: bytes, progress: Progress | None) -> Plan:
        name = self.wanted.name
        settings, timing = self.wanted.settings, self._plans.timings(wanted)
        return self._plans.build(
            wanted, name, lambda: self._site.build(self.library, model, name, settings, progress, timing)
        )


class PlannedEngine:
    """Runs the plan that is there, after it passed the gate on this very device; open, use and close it anywhere."""

    def __init__(self, planner: Planner, owner: Owner) -> None:
        self._planner, self._owner = planner, owner
        self._stack = ExitStack()
        self._engine: TensorRtEngine | None = None

    def __enter__(self) -> Self:
        """Raises:
        EngineUnavailable: there is no plan yet, or it cannot run here.
        DeviceLost: the device failed.
        """
        plan = self._planner.found()
        if plan is None:
            kind, name = self._planner.library.kind, self._planner.wanted.name
            raise EngineUnavailable(f"{kind} has no engine of {name} yet: groupmood engines build")
        with ExitStack() as stack:
            engine = stack.enter_context(self._runs(plan))
            verdict = self._verdict(plan, engine)
            if verdict is not None and not verdict.passed:
                stack.close()
                engine = stack.enter_context(self._runs(self._planner.full_instead(verdict)))
            self._stack = stack.pop_all()
        self._engine = engine
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine = None
        self._stack.close()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        return self._opened().inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return self._opened().outputs

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        """See ``engines.base.Engine``."""
        return self._opened().run(feeds)

    def info(self) -> EngineInfo:
        return self._opened().info()

    def _opened(self) -> TensorRtEngine:
        if self._engine is None:
            raise RuntimeError(f"the engine of {self._planner.wanted.name} is not open")
        return self._engine

    def _runs(self, plan: Plan) -> TensorRtEngine:
        planner = self._planner
        return TensorRtEngine(
            plan.data,
            name=planner.wanted.name,
            library=planner.library,
            owner=self._owner,
            precision=planner.precision_of(plan),
            jit_cache=plan.path.with_suffix(".jit"),
        )

    def _verdict(self, plan: Plan, engine: TensorRtEngine) -> Verdict | None:
        """Made anew where the plan was judged elsewhere only; None for a plan in full precision."""
        if self._planner.precision_of(plan) == "fp32":
            return None
        known, info = verdict_of(plan), engine.info()
        if known is not None and known.ran == _ran(info):
            return known
        return self._planner.judged(plan, engine)


def verdict_of(plan: Plan) -> Verdict | None:
    """The verdict beside a plan; None where there is none, or one by other rules."""
    if plan.sidecar.gate is None:
        return None
    try:
        return from_json(plan.sidecar.gate)
    except ValueError as error:
        log.info("%s is judged anew: %s", plan.path, error)
        return None


def _passed(plan: Plan) -> bool:
    verdict = verdict_of(plan)
    return verdict is not None and verdict.passed


def _ran(info: EngineInfo) -> str:
    """As ``engines.gate.compare`` says it."""
    return f"{info.backend} {info.version} {info.device} {info.precision}"
