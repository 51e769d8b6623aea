"""What half precision may change and what not: the rules by hand, networks that must be refused, and the real ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.base import Array, Engine, EngineInfo, TensorSpec
from engines.gate import RULES, Outputs, Verdict, compare, from_json, judge, rehearse
from engines.ort import OnnxRuntimeEngine
from tests.tiny_networks import branching, brightness, constant, pictures

Samples = NDArray[np.float32]


def opener(model: bytes) -> Engine:
    return OnnxRuntimeEngine(model, name="net")


def rows(count: int = 200) -> Samples:
    """(N, 2) probabilities from (0.1, 0.9) to (0.9, 0.1)."""
    first = np.linspace(0.1, 0.9, count, dtype=np.float32)
    return np.stack([first, 1 - first], 1)


def moved(by: float, which: slice = slice(None)) -> Samples:
    """``rows`` with that much more of the first class in some of them."""
    made = rows()
    made[which] += np.array([by, -by], np.float32)
    return made


def verdict(reference: Array, candidate: Array, **more: Any) -> Verdict:
    return judge({"p": reference}, {"p": candidate}, ran="a test", **more)


def test_answers_that_hardly_differ_pass_and_are_measured() -> None:
    found = verdict(rows(), moved(0.01, slice(0, 20)))
    (p,) = found.outputs
    assert found.passed
    assert (found.ran, found.samples, found.reasons) == ("a test", 200, ())
    assert (p.output, p.kind, p.compared, p.agreement) == ("p", "probabilities", 400, 1.0)
    assert p.decided == 196  # four, in steps of 0.8 / 199, lie closer than 0.01 to a half
    assert p.spread == pytest.approx(0.8)
    assert p.largest == pytest.approx(0.01)
    assert p.mean == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("candidate", "reasons"),
    [
        (moved(0.021, slice(0, 1)), ["p: differs by up to 0.021, allowed is 0.02"]),
        (moved(0.004), ["p: differs by 0.004 on average, allowed is 0.003"]),
        (np.where(np.arange(200)[:, None] == 3, np.nan, rows()), ["p: no finite numbers for 1 of 200 samples: some"]),
        (np.full_like(rows(), np.inf), ["p: no finite numbers for 200 of 200 samples: some"]),
        (rows()[:199], ["p: the candidate must give (200, 2), got (199, 2)"]),
        (
            rows()[:, ::-1],
            [
                "p: differs by up to 0.8, allowed is 0.02",
                "p: differs by 0.402 on average, allowed is 0.003",
                "p: the likeliest class stays on 0.0% of the 196 samples on which the float32 model is decided, wanted",
            ],
        ),
    ],
    ids=["one far", "all a little", "one NaN", "all infinite", "shape", "swapped"],
)
def test_each_rule_refuses_in_a_sentence(candidate: Array, reasons: list[str]) -> None:
    found = verdict(rows(), candidate)
    assert not found.passed
    assert len(found.reasons) == len(reasons)
    assert all(said.startswith(wanted) for said, wanted in zip(found.reasons, reasons, strict=True))


def test_one_in_a_hundred_decided_samples_may_change_its_class() -> None:
    """Margins of 0.03 where the class changes by 0.016: near enough in both differences."""
    base = np.tile(np.array([[0.485, 0.515], [0.9, 0.1]], np.float32), (100, 1))
    for changed, agreement in ((2, 0.99), (3, 0.985)):
        candidate = base.copy()
        candidate[: 2 * changed : 2] += np.array([0.016, -0.016], np.float32)
        found = verdict(base, candidate)
        assert found.outputs[0].agreement == agreement
        assert found.passed is (agreement >= 0.99), found.reasons


def test_where_the_reference_is_undecided_its_class_may_change() -> None:
    base = np.tile(np.array([[0.495, 0.505], [0.9, 0.1]], np.float32), (100, 1))
    candidate = base.copy()
    candidate[:10] += np.array([0.008, -0.008], np.float32)
    assert verdict(base, candidate).passed


@pytest.mark.parametrize(
    "reference",
    [
        np.tile(rows()[:1], (50, 1)),
        rows()[90:110],
        rows()[:1],
        np.ones((50, 3, 4, 4), np.float32),
        np.float32(7) + rows()[:, :, None] * np.float32(1e-3),
    ],
    ids=["constant", "nearly", "one sample", "constant values", "nearly constant values"],
)
def test_a_reference_that_says_the_same_of_all_samples_proves_nothing(reference: Array) -> None:
    found = verdict(reference, reference)
    assert [reason.split(" by ")[0] for reason in found.reasons] == ["p: the float32 model changes its answer"]


def test_a_reference_that_is_never_decided_or_not_finite_proves_nothing() -> None:
    thirds = np.eye(3, dtype=np.float32)[np.arange(30) % 3] * -0.22 + np.float32(0.4066667)
    assert [reason[:41] for reason in verdict(thirds, thirds).reasons] == ["p: the float32 model is undecided on ever"]
    assert "p: the float32 model itself gives no finite" in verdict(rows() * np.inf, rows()).reasons[0]
    assert judge({}, {}, ran="a test").reasons == ("the reference has no outputs, so there is nothing to compare",)
    assert judge({"p": rows()}, {}, ran="").reasons == ("p: the candidate does not give this output",)


def maps() -> Samples:
    """(10, 1, 4, 4) sizes, from 0 to 50 at the most changing place."""
    return np.linspace(0, 50, 10, dtype=np.float32)[:, None, None, None] * np.linspace(0.2, 1, 16).reshape(1, 1, 4, 4)


@pytest.mark.parametrize(("by", "passes"), [(0.1, True), (0.9, False), (1.1, False)])
def test_values_that_are_no_probabilities_are_judged_by_their_spread(by: float, passes: bool) -> None:
    """0.1, 0.9 and 1.1 are 0.002, 0.018 and 0.022 of 50; the second is too much on average."""
    found = verdict(maps(), maps() + by)
    (p,) = found.outputs
    assert (p.kind, p.agreement) == ("values", None)
    assert p.spread == pytest.approx(50)
    assert p.largest == pytest.approx(by / 50)
    assert found.passed is passes
    assert any("up to 0.022 of the spread" in reason for reason in found.reasons) is (by == 1.1)


def test_only_what_somebody_reads_is_compared() -> None:
    score = np.zeros((10, 1, 4, 4), np.float32)
    score[::2, :, 1, 1] = 0.9
    reference = {"score": score, "size": np.repeat(maps(), 2, axis=1)}
    wild = np.where(score > 0.5, reference["size"], 7)

    def reading(outputs: Outputs) -> Mapping[str, NDArray[np.bool_]]:
        return {"size": outputs["score"] > 0.5}

    candidate = {"score": score, "size": wild}
    found = judge(reference, candidate, ran="a test", reading=reading)
    assert found.passed
    assert [output.compared for output in found.outputs] == [160, 10]
    assert not judge(reference, candidate, ran="a test").passed
    nobody = {"score": score * maps() / 100, "size": wild}
    assert judge(nobody, nobody, ran="a test", reading=reading).reasons == (
        "size: nothing in these samples is read from it: samples that show faces are wanted",
    )


def test_a_verdict_comes_back_from_its_file() -> None:
    for found in (verdict(rows(), rows()), verdict(rows(), rows() * np.nan)):
        written = json.dumps(found.to_json(), allow_nan=False)
        assert json.loads(written)["passed"] is found.passed
        assert from_json(json.loads(written)) == found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rules": "gate-0"}, f"by the rules {RULES} is wanted, this one is by gate-0"),
        ({"passed": False}, "passed exactly when it has no reasons"),
        ({"samples": "many"}, "samples"),
    ],
)
def test_an_altered_or_older_verdict_does_not_count(change: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_json(verdict(rows(), rows()).to_json() | change)
    with pytest.raises(ValueError, match="Verdict"):
        from_json(["passed"])


class Recorder:
    """An engine that answers with what it is given and remembers how many at a time."""

    outputs = (TensorSpec("p", "float32", (-1, 2)),)

    def __init__(self, batch: int = -1, precision: str = "fp32") -> None:
        self.inputs: tuple[TensorSpec, ...] = (TensorSpec("x", "float32", (batch, 2)),)
        self.precision, self.sizes = precision, list[int]()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None: ...

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        self.sizes.append(len(feeds["x"]))
        return {"p": feeds["x"]}

    def info(self) -> EngineInfo:
        return EngineInfo("fake", "1.0", "GPU", self.precision)


def test_samples_go_in_batches_that_every_engine_takes() -> None:
    free, fixed = Recorder(), Recorder(batch=1, precision="fp16")
    found = compare(free, fixed, rows(70))
    assert (free.sizes, fixed.sizes) == ([32, 32, 6], [1] * 70)
    assert (found.ran, found.samples, found.passed) == ("fake 1.0 GPU fp16", 70, True)
    assert compare(Recorder(), Recorder(), rows(), ran="by hand").ran == "by hand"


def test_only_float32_is_a_reference_and_there_must_be_samples_for_one_input() -> None:
    with pytest.raises(ValueError, match="must compute in fp32, this one computes in bf16"):
        compare(Recorder(precision="bf16"), Recorder(), rows())
    with pytest.raises(ValueError, match="got 1 inputs, 0 samples"):
        compare(Recorder(), Recorder(), rows()[:0])
    two = Recorder()
    two.inputs *= 2
    with pytest.raises(ValueError, match="got 2 inputs"):
        compare(two, Recorder(), rows())


def test_a_sound_network_passes() -> None:
    found = rehearse(opener, brightness(), "net", pictures())
    assert found.passed, found.reasons
    assert found.ran.startswith("onnxruntime ")
    assert found.ran.endswith("CPU, every operation rounded to fp16")


def test_a_network_that_overflows_is_refused() -> None:
    """2.55 · 40000 is beyond 65504; it is divided by as much right after, so float32 knows nothing of it."""
    found = rehearse(opener, brightness(gain=40_000), "net", pictures())
    assert [reason[:26] for reason in found.reasons] == ["y: no finite numbers for 1"]
    assert rehearse(opener, brightness(gain=20_000), "net", pictures()).passed


def test_a_constant_network_is_refused() -> None:
    found = rehearse(opener, constant(), "net", pictures())
    assert len(found.reasons) == 1
    assert "changes its answer by" in found.reasons[0]


def test_a_network_that_cannot_be_half_is_refused() -> None:
    found = rehearse(opener, branching(), "net", pictures())
    assert found.reasons[0].startswith("net has branches, loops or functions (If)")
    assert from_json(found.to_json()) == found
