"""The engines that a GPU can have, built and judged on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from engines.cache import fetch, read_verified, weights_dir
from engines.cards import Card, load_card
from engines.errors import EngineUnavailable, ModelMissing, NotInstalled
from engines.gate import Verdict, compare
from engines.ort import OnnxRuntimeEngine
from engines.planned import Planner
from engines.sized import Shape
from engines.trt_library import INSTALL, Kind, library
from streamer.commands.engines import model_of
from streamer.config import Engine as Settings
from streamer.engine_factory import EngineFactory
from tools.gpu_sections import Given, Row, Skipped, attempt, shortened

KINDS: tuple[Kind, ...] = ("tensorrt", "tensorrt_rtx")
EMOTION, DETECTOR = ("groupmood", "mini_xception"), "centerface"

SHAPE: Shape = (1, 3, 384, 640)
"""Of the detector's input: a frame of 16:9."""

PRECISIONS = ("fp32", "fp16")


def models(_: Given) -> Iterator[Row]:
    """Whether the weights are here; those that are not are fetched."""
    yield from (attempt({"model": name}, partial(_brought, load_card(name))) for name in (*EMOTION, DETECTOR))


def _brought(card: Card) -> Row:
    cache = weights_dir()
    try:
        read_verified(card, cache)
    except ModelMissing:
        fetch(card, cache)
    return {"megabytes": round(len(read_verified(card, cache)) / 1e6, 1)}


def factory(given: Given, kind: Kind, precision: str) -> EngineFactory:
    """Engines of one kind alone, their plans in the folder that all checks share."""
    folder = given.work / "plans"
    folder.mkdir(mode=0o700, exist_ok=True)
    settings = {"order": (kind,), "precision": precision, "gpu": given.gpu}
    return EngineFactory(Settings.model_validate(settings), folder)


def planner_of(engines: EngineFactory, kind: Kind, name: str) -> tuple[Card, Planner]:
    """A card, and the plans of its model; the detector's for pictures of ``SHAPE``."""
    card, model = model_of(name)
    return card, engines.planner(kind, model, card, shape=SHAPE if name == DETECTOR else ())


def usable() -> tuple[tuple[Kind, ...], list[Row]]:
    """The kinds whose library loads here, and a row for each that is installed and does not.

    Raises:
        Skipped: none is installed.
    """
    found, refused = [], []
    for kind in KINDS:
        try:
            library(kind)
            found.append(kind)
        except NotInstalled:
            continue
        except EngineUnavailable as error:
            refused.append({"backend": kind, "failed": shortened(str(error))})
    if not found and not refused:
        raise Skipped(f"no TensorRT is installed: {'; or '.join(INSTALL[kind] for kind in KINDS)}")
    return tuple(found), refused


def engines(given: Given) -> Iterator[Row]:
    """Every model, in both precisions, on every backend: built, opened, and held against ONNX Runtime's float32."""
    kinds, refused = usable()
    yield from refused
    for kind in kinds:
        for name in (*EMOTION, DETECTOR):
            for precision in PRECISIONS:
                about = {"backend": kind, "model": name, "precision": precision}
                yield attempt(about, partial(_made, given, kind, name, precision))


def _made(given: Given, kind: Kind, name: str, precision: str) -> Row:
    factory_ = factory(given, kind, precision)
    _, planner = planner_of(factory_, kind, name)
    started = time.monotonic()
    plan = planner.prepare()
    prepared = time.monotonic()
    wanted = planner.wanted
    with factory_.planned(planner) as engine, OnnxRuntimeEngine(wanted.model, name=name) as reference:
        opened = time.monotonic()
        info = engine.info()
        verdict = compare(reference, engine, wanted.samples(), reading=wanted.reading)
    return {
        "runs_in": info.precision,
        "version": info.version,
        "device": info.device,
        "prepare_seconds": round(prepared - started, 2),
        "build_seconds": plan.sidecar.seconds,
        "open_seconds": round(opened - prepared, 2),
        "megabytes": round(plan.sidecar.bytes / 1e6, 2),
        **_judged(verdict),
    }


def _judged(verdict: Verdict) -> Row:
    """The widest difference of any output; "failed" where the gate refuses."""
    differences = [(one.largest, one.mean) for one in verdict.outputs if one.largest is not None]
    same = [one.agreement for one in verdict.outputs if one.agreement is not None]
    row: Row = {
        "samples": verdict.samples,
        "largest": max((largest for largest, _ in differences), default=None),
        "mean": max((mean for _, mean in differences if mean is not None), default=None),
        "agreement": min(same, default=None),
    }
    return row if verdict.passed else {**row, "failed": shortened("; ".join(verdict.reasons))}
