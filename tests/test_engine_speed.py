"""What our engines add to the libraries' own calls, by a measurement that notices it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.base import Array
from engines.errors import NotInstalled
from engines.ort import OnnxRuntimeEngine
from tests.tiny_models import scaling
from tools import engine_speed
from tools.engine_speed import WARM_UP, compared, in_turns, interval, main, measure, percent, table


def test_both_are_called_in_turns_and_neither_always_first() -> None:
    calls: list[str] = []
    pairs = in_turns(lambda: calls.append("a"), lambda: calls.append("b"), 4)
    assert pairs.shape == (4, 2)
    assert "".join(calls) == ("abba" * (WARM_UP + 4))[: 2 * (WARM_UP + 4)]


def test_each_time_is_that_of_its_own_call() -> None:
    pairs = in_turns(lambda: time.sleep(0.004), lambda: None, 6)
    assert (pairs[:, 0] >= 0.004).all()
    assert np.median(pairs[:, 1]) < 0.004


def test_the_interval_holds_the_median_and_shrinks_with_rounds() -> None:
    dice = np.random.default_rng(1)
    plain = dice.uniform(1, 3, 400)  # the machine's load: it meets both
    pairs = np.column_stack([plain * dice.normal(1.10, 0.05, 400), plain])
    few, many = interval(pairs[:20]), interval(pairs)
    assert many[1] < 0.10 < many[2]
    assert many[0] == pytest.approx(0.10, abs=0.02)
    assert many[2] - many[1] < few[2] - few[1]
    exact = interval(np.array([[3.0, 2.0]] * 5))
    assert exact == (0.5, 0.5, 0.5)


class Slow(OnnxRuntimeEngine):
    """Adds three milliseconds."""

    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        time.sleep(0.003)
        return super().run(feeds)


class Wrong(OnnxRuntimeEngine):
    def run(self, feeds: Mapping[str, Array]) -> dict[str, Array]:
        return {name: array + 1 for name, array in super().run(feeds).items()}


def rows_of(kind: type[OnnxRuntimeEngine], monkeypatch: pytest.MonkeyPatch) -> list[engine_speed.Compared]:
    opener = lambda model: kind(model, name="scaling")  # noqa: E731
    monkeypatch.setitem(engine_speed.ENGINES, "planted", (opener, engine_speed.plain_onnxruntime))
    return list(compared("planted", scaling(), np.ones((4, 2), np.float32), (1, 6), 7))


def test_what_is_slower_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    found = rows_of(Slow, monkeypatch)
    assert [(row.batch, row.rounds, row.way) for row in found] == [(1, 7, "session.run"), (6, 7, "session.run")]
    for row in found:
        assert row.ours >= 3
        assert row.low > 0


def test_times_of_different_answers_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="differs from the library's own by 1"):
        rows_of(Wrong, monkeypatch)


@pytest.mark.parametrize("kind", ["onnxruntime", "openvino"])
def test_it_is_measured_on_the_shipped_model_and_shown(kind: str, tmp_path: Path) -> None:
    pytest.importorskip(kind)
    out = tmp_path / "folder" / "speed.json"
    assert main(["--rounds", "2", "--batches", "1", "3", "--engines", kind, "--out", str(out)]) == 0
    kept = json.loads(out.read_text("utf-8"))
    ways = {"onnxruntime": 1, "openvino": 2}[kind]
    assert [row["batch"] for row in kept["rows"]] == [1, 3] * ways
    assert {row["engine"] for row in kept["rows"]} == {kind}
    for row in kept["rows"]:
        assert row["low"] <= row["overhead"] <= row["high"]
        assert row["ours"] > 0
        assert row["version"][0].isdigit()
    text = table(kept)
    assert text.count("\n| ") == 1 + 2 * ways
    assert f"| {percent(kept['rows'][0]['overhead'])} (" in text
    assert kept["machine"]["date"] in text


def test_a_library_that_is_not_here_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: bytes) -> Any:
        raise NotInstalled("openvino is not installed: pip install 'groupmood[openvino]'")

    monkeypatch.setitem(engine_speed.ENGINES, "openvino", (missing, nothing))
    (row,) = measure(["openvino"], (1,), 2)
    assert row == {"engine": "openvino", "refused": "openvino is not installed: pip install 'groupmood[openvino]'"}
    machine = {"date": "2026-01-02", "processor": "A", "system": "B", "packages": "C"}
    assert "openvino: openvino is not installed" in table(
        {"command": "python -m x", "machine": machine, "data": "D", "rows": [row]}
    )


def nothing(_: bytes) -> Iterator[tuple[str, Callable[[Array], Array]]]:
    return iter(())


def test_shares_have_a_sign() -> None:
    assert [percent(share) for share in (0.0123, -0.0123, 0.5)] == ["+1.2 %", "−1.2 %", "+50.0 %"]


def test_no_rounds_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rounds", "0"])
    assert "at least 1" in capsys.readouterr().err
