"""Whether an engine in half precision still answers as the float32 model does, on real pictures.

Every output is judged by itself, in one of two ways:

* Probabilities (rows that sum to 1): differences count as they are, and the likeliest class must stay.
* Anything else, such as a detector's maps of heat, offsets and logarithms of sizes, has no scale of its own: its
  differences count as shares of its spread, the most that a value at one place changes over the samples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from engines.base import Array, Engine
from engines.errors import ModelRejected
from engines.fp16 import half, rounded

RULES = "gate-1"
"""Changes with every limit and rule here: an older verdict does not count."""

MOST_DIFFERENCE = 0.02
MEAN_DIFFERENCE = 0.003
"""Largest allowed, of a probability or of the spread."""

MARGIN, AGREEMENT = 0.02, 0.99
"""Where the reference's two likeliest classes are further apart than MARGIN, this share must keep the likeliest."""

SPREAD = 10 * MOST_DIFFERENCE
"""By this much some probability must change over the samples: else an engine that always says the same would pass."""

STEADY = 1e-3
"""Other values that change by a smaller share of the largest of them are constant: it is two of half's last digits."""

AT_ONCE = 32

Outputs: TypeAlias = Mapping[str, Array]

Reading: TypeAlias = Callable[[Outputs], Mapping[str, NDArray[np.bool_]]]
"""Given the reference's outputs, which of their values anybody reads, as masks that fit (N, …) by broadcasting; outputs
without a mask are read whole. A detector reads offsets and sizes only where its scores say that there is a face;
elsewhere they are chance, and half moves them far more than at faces."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One output. ``compared`` values; ``largest`` and ``mean`` difference, None where values are missing or not
    numbers; ``agreement`` of the likeliest class, 0…1, on the ``decided`` samples, for probabilities."""

    output: str
    kind: Literal["probabilities", "values"]
    compared: int = 0
    spread: float | None = None
    largest: float | None = None
    mean: float | None = None
    agreement: float | None = None
    decided: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``ran``: what gave the judged answers. ``reasons`` for a refusal, a sentence each; none of them: it passed."""

    ran: str
    samples: int
    outputs: tuple[Measured, ...]
    reasons: tuple[str, ...]
    rules: str = RULES

    @property
    def passed(self) -> bool:
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """For json.dumps; ``passed`` stands there for those who read the file."""
        return {"passed": self.passed, **_adapter().dump_python(self, mode="json")}


@functools.cache
def _adapter() -> TypeAdapter[Verdict]:
    return TypeAdapter(Verdict)


def from_json(data: object) -> Verdict:
    """Raises:
    ValueError: it is no verdict, contradicts itself, or was found by other rules.
    """
    verdict = _adapter().validate_python(data)
    if verdict.rules != RULES:
        raise ValueError(f"a verdict by the rules {RULES} is wanted, this one is by {verdict.rules}: judge again")
    if not isinstance(data, dict) or data.get("passed") is not verdict.passed:
        raise ValueError("a verdict must say passed exactly when it has no reasons: judge again")
    return verdict


def compare(
    reference: Engine, candidate: Engine, samples: Array, *, reading: Reading | None = None, ran: str = ""
) -> Verdict:
    """Run two open engines of one model over samples (N, …), as fed to its only input, and judge the second.

    Batches are of ``AT_ONCE`` at most, or of the size that the network is fixed to. ``ran`` says what the candidate is
    where its own info does not tell enough.

    Raises:
        ValueError: the reference does not compute in fp32, or the samples do not fit.
        EngineError: an engine failed.
    """
    info = candidate.info()
    if reference.info().precision != "fp32":
        raise ValueError(f"the reference must compute in fp32, this one computes in {reference.info().precision}")
    ran = ran or f"{info.backend} {info.version} {info.device} {info.precision}"
    return judge(answers(reference, samples), answers(candidate, samples), ran=ran, reading=reading)


def rehearse(
    opener: Callable[[bytes], Engine], model: bytes, name: str, samples: Array, *, reading: Reading | None = None
) -> Verdict:
    """Judge a model's half form on a CPU: by its float32 graph that rounds after every operation as half does.

    ``opener`` makes an ONNX Runtime engine of a model's bytes. The half graph itself would show nothing: ONNX Runtime
    computes it in float32 (see ``engines.fp16``).

    A model that cannot be converted is refused like one that converts badly: the reason is the converter's.

    Raises:
        EngineError: a package is missing, or an engine cannot run it.
        ValueError: the samples do not fit.
    """
    try:
        rounding = rounded(half(model, name), name)
    except ModelRejected as error:
        return Verdict("the conversion to fp16", 0, (), (str(error),))
    with opener(model) as reference, opener(rounding) as candidate:
        info = candidate.info()
        ran = f"{info.backend} {info.version} {info.device}, every operation rounded to fp16"
        return compare(reference, candidate, samples, reading=reading, ran=ran)


def answers(engine: Engine, samples: Array) -> dict[str, Array]:
    """All outputs by name, each (N, …), of an open engine with one input.

    Raises:
        ValueError: it has other inputs, there are no samples, or they do not fit.
    """
    if len(engine.inputs) != 1 or not len(samples):
        raise ValueError(
            f"wanted one input and samples for it, got {len(engine.inputs)} inputs, {len(samples)} samples"
        )
    (given,) = engine.inputs
    size = given.shape[0] if given.shape[0] > 0 else AT_ONCE
    parts = [engine.run({given.name: samples[start : start + size]}) for start in range(0, len(samples), size)]
    return {spec.name: np.concatenate([part[spec.name] for part in parts]) for spec in engine.outputs}


def judge(reference: Outputs, candidate: Outputs, *, ran: str, reading: Reading | None = None) -> Verdict:
    """Judge answers, each (N, …) by the output's name, against those of the float32 model on the same samples."""
    masks = reading(reference) if reading else {}
    samples = max((len(array) for array in reference.values()), default=0)
    outputs, reasons = [], []
    for name, wanted in reference.items():
        measured = _measure(name, wanted, candidate.get(name), masks.get(name))
        outputs.append(measured)
        reasons += [f"{name}: {reason}" for reason in _reasons(measured, wanted, candidate.get(name))]
    if not outputs:
        reasons.append("the reference has no outputs, so there is nothing to compare")
    return Verdict(ran, samples, tuple(outputs), tuple(reasons))


def _measure(name: str, wanted: Array, got: Array | None, mask: NDArray[np.bool_] | None) -> Measured:
    kind = _kind(wanted)
    if got is None or got.shape != wanted.shape or not (np.isfinite(wanted).all() and np.isfinite(got).all()):
        return Measured(name, kind)
    reference, answer = wanted.astype(np.float64), got.astype(np.float64)
    spread = float(np.ptp(reference, axis=0).max(initial=0))
    differences = np.abs(answer - reference)[np.broadcast_to(True if mask is None else mask, wanted.shape)]
    unit = 1.0 if kind == "probabilities" else spread
    if not differences.size or unit == 0:
        return Measured(name, kind, differences.size, spread)
    largest, mean = float(differences.max()) / unit, float(differences.mean()) / unit
    if kind == "values":
        return Measured(name, kind, differences.size, spread, largest, mean)
    agreement, decided = _agreement(reference, answer)
    return Measured(name, kind, differences.size, spread, largest, mean, agreement, decided)


def _kind(wanted: Array) -> Literal["probabilities", "values"]:
    """Probabilities are rows of two or more numbers that are not negative and sum to 1."""
    if wanted.ndim != 2 or wanted.shape[1] < 2 or wanted.min(initial=0) < 0:
        return "values"
    return "probabilities" if np.abs(wanted.sum(axis=1, dtype=np.float64) - 1).max(initial=0) < 1e-3 else "values"


def _agreement(reference: Array, answer: Array) -> tuple[float | None, int]:
    """The share of decided samples whose likeliest class stays, None where there is none; and how many are decided."""
    second, first = np.sort(reference, axis=1)[:, -2:].T
    decided = first - second > MARGIN
    same = reference.argmax(axis=1)[decided] == answer.argmax(axis=1)[decided]
    return (float(same.mean()) if same.size else None), same.size


def _reasons(found: Measured, wanted: Array, got: Array | None) -> Iterator[str]:
    if got is None:
        yield "the candidate does not give this output"
    elif got.shape != wanted.shape:
        yield f"the candidate must give {wanted.shape}, got {got.shape}"
    elif not np.isfinite(wanted).all():
        yield f"the float32 model itself gives no finite numbers for {_not_finite(wanted)}"
    elif not np.isfinite(got).all():
        yield f"no finite numbers for {_not_finite(got)}: somewhere in the network half's range, ±65504, is left"
    elif not found.compared:
        yield "nothing in these samples is read from it: samples that show faces are wanted"
    else:
        yield from _steady(found, wanted)
        yield from _apart(found)


def _not_finite(array: Array) -> str:
    bad = int((~np.isfinite(array)).reshape(len(array), -1).any(axis=1).sum())
    return f"{bad} of {len(array)} samples"


def _steady(found: Measured, wanted: Array) -> Iterator[str]:
    """Whether the float32 model says the same whatever it is shown."""
    largest = float(np.abs(wanted.astype(np.float64)).max(initial=0))
    enough = SPREAD if found.kind == "probabilities" else STEADY * largest
    if found.spread is None or found.spread <= enough:
        yield (
            f"the float32 model changes its answer by {found.spread or 0:.3g} at most over {len(wanted)} samples, more "
            f"than {enough:.3g} is wanted: give more and different samples, or another model if it is the same then"
        )


def _apart(found: Measured) -> Iterator[str]:
    unit = "" if found.kind == "probabilities" else " of the spread"
    if found.largest is not None and found.largest > MOST_DIFFERENCE:
        yield f"differs by up to {found.largest:.3g}{unit}, allowed is {MOST_DIFFERENCE:g}"
    if found.mean is not None and found.mean > MEAN_DIFFERENCE:
        yield f"differs by {found.mean:.3g}{unit} on average, allowed is {MEAN_DIFFERENCE:g}"
    if found.kind == "probabilities" and found.agreement is None:
        yield f"the float32 model is undecided on every sample; some with a margin over {MARGIN:g} are wanted"
    if found.agreement is not None and found.agreement < AGREEMENT:
        yield (
            f"the likeliest class stays on {found.agreement:.1%} of the {found.decided} samples on which the float32 "
            f"model is decided, wanted is {AGREEMENT:.0%}"
        )
