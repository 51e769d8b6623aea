"""What our engines add to the libraries' own calls: ``python -m tools.engine_speed [--rounds N] [--out FILE.json]``.

Both run the same model in one process and in turns, so that whatever else the machine does meets both; the ratio of
each pair of neighbours counts, and its interval comes from drawing pairs with replacement (Efron 1979,
https://doi.org/10.1214/aos/1176344552).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine
from engines.cache import read_verified, weights_dir
from engines.cards import load_card
from engines.errors import EngineUnavailable
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from streamer import samples
from tools.machine import machine
from tools.markdown import made
from tools.markdown import table as lines_of

OUT = Path(__file__).parent / "results" / "engine_speed.json"

MODEL, BATCHES = "groupmood", (1, 8, 32)
THREADS = 1

ROUNDS, WARM_UP = 200, 5
DRAWS, SHARE = 2000, 0.95

Call: TypeAlias = Callable[[], object]
Pairs: TypeAlias = NDArray[np.float64]
"""(rounds, 2) seconds: ours, theirs."""


@dataclass(frozen=True, slots=True)
class Compared:
    """``ours`` and ``plain``: median milliseconds; ``overhead``: the median of ours ÷ plain − 1, and its 95 % interval.
    ``way`` of the plain call."""

    engine: str
    version: str
    precision: str
    way: str
    batch: int
    rounds: int
    ours: float
    plain: float
    overhead: float
    low: float
    high: float


def in_turns(ours: Call, plain: Call, rounds: int) -> Pairs:
    """Seconds of both, in alternating order, after ``WARM_UP`` rounds that do not count."""
    taken = []
    for number in range(rounds + WARM_UP):
        first, second = (ours, plain) if number % 2 == 0 else (plain, ours)
        pair = _seconds(first), _seconds(second)
        taken.append(pair if number % 2 == 0 else pair[::-1])
    return np.array(taken[WARM_UP:])


def _seconds(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def interval(pairs: Pairs, draws: int = DRAWS) -> tuple[float, float, float]:
    """Median of ours ÷ plain − 1, and where ``SHARE`` of the medians of drawn pairs lie."""
    ratios = pairs[:, 0] / pairs[:, 1] - 1
    drawn = np.random.default_rng(0).choice(ratios, (draws, len(ratios)))
    low, high = np.quantile(np.median(drawn, axis=1), [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return float(np.median(ratios)), float(low), float(high)


def plain_onnxruntime(model: bytes) -> Iterator[tuple[str, Callable[[Array], Array]]]:
    """``InferenceSession.run`` with the settings of our engine."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()

    def run(rows: Array) -> Array:
        (answer,) = session.run(None, {given.name: rows})
        return np.asarray(answer)

    yield "session.run", run


def plain_openvino(model: bytes) -> Iterator[tuple[str, Callable[[Array], Array]]]:
    """``InferRequest.infer`` as it is by default, and without the copies that it allows to leave out. The answer is
    copied in the second, as whoever keeps it must: the request's memory is used again."""
    import openvino

    core = openvino.Core()
    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": THREADS}
    compiled = core.compile_model(core.read_model(model), "CPU", config)
    requests = [compiled.create_infer_request() for _ in range(2)]

    def default(rows: Array) -> Array:
        return np.asarray(requests[0].infer({0: rows})[0])

    def shared(rows: Array) -> Array:
        return np.array(requests[1].infer({0: rows}, share_inputs=True, share_outputs=True)[0])

    yield "request.infer", default
    yield "request.infer, inputs and outputs shared", shared


ENGINES: Mapping[str, tuple[Callable[[bytes], Engine], Callable[[bytes], Any]]] = {
    "onnxruntime": (partial(OnnxRuntimeEngine, name=MODEL, threads=THREADS), plain_onnxruntime),
    "openvino": (partial(OpenVinoEngine, name=MODEL, threads=THREADS), plain_openvino),
}


def compared(kind: str, model: bytes, rows: Array, batches: Sequence[int], rounds: int) -> Iterator[Compared]:
    """A row for each batch and way of the library.

    Raises:
        EngineUnavailable: the library is not here.
        RuntimeError: the two do not answer the same, so that their times cannot be compared.
    """
    opener, plain_ways = ENGINES[kind]
    with ExitStack() as stack:
        engine = stack.enter_context(opener(model))
        info, name = engine.info(), engine.inputs[0].name
        for way, plain in plain_ways(model):
            for batch in batches:
                given = np.ascontiguousarray(np.resize(rows, (batch, *rows.shape[1:])))
                _same(engine, plain, given)
                pairs = in_turns(partial(engine.run, {name: given}), partial(plain, given), rounds)
                overhead, low, high = (round(value, 4) for value in interval(pairs))
                ours, theirs = (round(median(column) * 1000, 4) for column in pairs.T)
                yield Compared(
                    kind, info.version, info.precision, way, batch, rounds, ours, theirs, overhead, low, high
                )


def _same(engine: Engine, plain: Callable[[Array], Array], given: Array) -> None:
    (answer,) = engine.run({engine.inputs[0].name: given}).values()
    apart = float(np.abs(answer - plain(given)).max())
    if not apart < 1e-5:
        raise RuntimeError(f"{engine.info().backend}: our answer differs from the library's own by {apart:.2g}")


def measure(kinds: Sequence[str], batches: Sequence[int], rounds: int) -> list[dict[str, Any]]:
    """Rows of ``Compared``; a library that is not here has a row that says so."""
    card = load_card(MODEL)
    model, faces = read_verified(card, weights_dir()), samples.faces(card)
    found: list[dict[str, Any]] = []
    for kind in kinds:
        try:
            for row in compared(kind, model, faces, batches, rounds):
                print(row, flush=True)
                found.append(asdict(row))
        except EngineUnavailable as error:
            found.append({"engine": kind, "refused": str(error)})
    return found


def table(results: Mapping[str, Any]) -> str:
    """A row for each batch of each engine and way."""
    head = ("engine", "against", "faces at once", "ours, ms", "theirs, ms", "overhead (95 %)")
    rows = [
        (
            f"{row['engine']} {row['version']} {row['precision']}",
            f"`{row['way']}`",
            f"{row['batch']}",
            f"{row['ours']:.3f}",
            f"{row['plain']:.3f}",
            f"{percent(row['overhead'])} ({percent(row['low'])} to {percent(row['high'])})",
        )
        for row in results["rows"]
        if "refused" not in row
    ]
    refused = [f"{row['engine']}: {row['refused']}." for row in results["rows"] if "refused" in row]
    note = (
        "Our engine against the library's own call on the same model, one thread, in turns in one process; medians, "
        "and the median of the ratio of neighbours."
    )
    return "\n\n".join((lines_of(head, rows), " ".join((note, *refused, made(results)))))


def percent(share: float) -> str:
    """With one decimal and a sign."""
    return f"{100 * share:+.1f} %".replace("-", "−")


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--batches", type=int, nargs="+", default=list(BATCHES))
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(words)
    if asked.rounds < 1 or min(asked.batches) < 1:
        parser.error("--rounds and --batches must be at least 1")
    results = {
        "command": "python -m tools.engine_speed",
        "machine": machine(),
        "data": f"`{MODEL}` and the demo's faces",
        "rows": measure(asked.engines, asked.batches, asked.rounds),
    }
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
