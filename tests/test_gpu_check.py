"""The checks for a GPU hold together where there is none, and where one of them crashes, hangs or fails."""

from __future__ import annotations

import importlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from engines.ran import PATH, seen, told
from tests.gpu_planted import GPU
from tools import gpu_check
from tools.gpu_check import NO_GPU, SECTIONS, main, outcomes, record
from tools.gpu_sections import Given, Outcome, Section, run, shortened
from tools.gpu_table import table
from tools.gpu_tests import read


@pytest.fixture
def given(tmp_path: Path) -> Given:
    return Given(tmp_path, tmp_path / "data")


def planted(name: str, limit: float = 60, **settings: Any) -> Section:
    return Section(name, f"tests.gpu_planted:{name}", limit, **settings)


def test_every_section_is_there() -> None:
    for section in SECTIONS:
        module, _, name = section.target.partition(":")
        assert callable(getattr(importlib.import_module(module), name))
    assert len({section.name for section in SECTIONS}) == len(SECTIONS)
    assert gpu_check.TOTAL <= 480


def test_rows_come_out_of_the_other_process(given: Given) -> None:
    done = run(planted("fine"), Given(given.work, given.data, frames=Path("a") / "b.mp4"))
    assert (done.state, done.reason, done.log) == ("passed", "", "said on the way")
    assert done.rows == ({"number": 1}, {"data": "data", "frames": "b.mp4"})


@pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
def test_one_that_crashes_keeps_its_rows_and_says_how_it_ended(given: Given) -> None:
    done = run(planted("aborts"), given)
    assert (done.state, done.rows) == ("failed", ({"number": 1},))
    assert "ended by SIGABRT" in done.reason


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the planted check forks")
def test_one_that_hangs_is_ended_with_all_that_it_started(given: Given) -> None:
    for limit in (2, 40):  # the second only where the machine is too busy to get so far in two
        done = run(planted("hangs"), given, limit)
        if (given.work / "child").exists():
            break
    assert (done.state, done.reason) == ("failed", f"it was not done in {limit} s and was ended")
    assert done.rows[0] == {"number": 1}
    child = int((given.work / "child").read_text())
    end = time.monotonic() + 10
    while time.monotonic() < end and lives(child):
        pass
    assert not lives(child)


def lives(process: int) -> bool:
    """Not counting one that has ended and that nobody has asked about yet."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("loses", "failed", "DeviceLost: the device xxx"),
        ("blunders", "failed", 'ended with exit status 1: KeyError: "a fault of the check\'s own"'),
        ("needless", "skipped", "nothing to do here"),
        ("no_gpu", "skipped", "no driver was planted"),
        ("partly", "failed", "EngineUnavailable: the second one"),
        ("not_there", "failed", "ended with exit status 1: AttributeError: module"),
    ],
)
def test_whatever_happens_is_said(given: Given, name: str, state: str, reason: str) -> None:
    done = run(planted(name), given)
    assert done.state == state
    assert done.reason.startswith(reason)
    assert len(done.reason) < 700


def test_a_row_tells_a_failure_from_weights_that_are_not_here(given: Given) -> None:
    first, second, third = run(planted("partly"), given).rows
    assert first["build_seconds"] == 0.5
    assert second == {"backend": "tensorrt_rtx", "number": 2, "failed": "EngineUnavailable: the second one"}
    assert third == {"backend": "tensorrt", "number": 3, "missing": "the third one"}


def test_folders_of_this_machine_are_not_kept() -> None:
    assert shortened(f"no {gpu_check.OUT}\n  and {Path.home() / 'x'}") == f"no …{os.sep}" + os.sep.join(
        ("tools", "results", "gpu.json and …", "x")
    )


def test_without_a_gpu_it_says_why_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], [planted("no_gpu"), planted("aborts")]) == NO_GPU == 3
    assert capsys.readouterr().out == "no GPU to check: no driver was planted (libx.so): plant one\n"


def test_without_a_gpu_what_needs_none_is_done_where_it_is_kept(tmp_path: Path) -> None:
    out = tmp_path / "folder" / "gpu.json"
    sections = [planted("no_gpu"), planted("fine", needs_gpu=False), planted("aborts")]
    assert main(["--out", str(out)], sections) == NO_GPU
    kept = json.loads(out.read_text("utf-8"))
    assert (kept["gpu"], kept["why"]) == (None, "no driver was planted (libx.so): plant one")
    assert [(one["name"], one["state"]) for one in kept["sections"]] == [
        ("no_gpu", "skipped"), ("fine", "passed"), ("aborts", "skipped"),
    ]  # fmt: skip
    assert kept["command"] == "python -m tools.gpu_check --out gpu.json"
    assert set(kept["machine"]) == {"date", "processor", "system", "packages"}
    assert str(tmp_path) not in out.read_text("utf-8")
    assert "**Never run on a GPU:** no driver was planted." in table(kept)


def test_with_a_gpu_a_failure_does_not_end_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "gpu.json"
    assert main(["--out", str(out)], [planted("gpu"), planted("loses"), planted("fine")]) == 1
    kept = json.loads(out.read_text("utf-8"))
    assert [one["state"] for one in kept["sections"]] == ["passed", "failed", "passed"]
    assert kept["gpu"] == GPU
    assert kept["seconds"] == pytest.approx(sum(one["seconds"] for one in kept["sections"]))
    assert "loses: failed in" in capsys.readouterr().out
    assert main(["--out", str(out)], [planted("gpu"), planted("fine")]) == 0


def test_the_time_for_all_is_bounded(given: Given) -> None:
    _, second = outcomes(given, [planted("gpu"), planted("fine")], total=0)
    assert (second.state, second.rows, second.seconds) == ("skipped", (), 0.0)
    assert "were over" in second.reason


def test_frames_that_are_not_there_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--frames", str(tmp_path / "none.mp4")])
    assert "is not there" in capsys.readouterr().err


def results(*sections: Outcome) -> dict[str, Any]:
    """As ``tools.gpu_check`` keeps them."""
    return {
        "command": "python -m tools.gpu_check",
        "machine": {"date": "2026-01-02", "processor": "A", "system": "B", "packages": "C"},
        "data": "D",
        "gpu": GPU,
        "why": "",
        "seconds": 1.0,
        "sections": [one.to_json() for one in sections],
    }


MADE = {"backend": "tensorrt", "version": "10.13.0", "model": "groupmood", "precision": "fp16", "runs_in": "fp16"}
BUILT = {**MADE, "build_seconds": 12.34, "megabytes": 5.67, "largest": 0.00123, "mean": 1e-4, "agreement": 0.995}


def test_what_ran_is_recorded_once_and_what_failed_is_not(tmp_path: Path) -> None:
    path = tmp_path / "ran.yaml"
    path.write_bytes(PATH.read_bytes())
    refused = {"backend": "tensorrt_rtx", "failed": "EngineUnavailable: not for 9.0"}
    document = results(Outcome("engines", "failed", "", 1.0, (BUILT, refused)))
    before = seen("tensorrt_rtx", path)
    for _ in range(2):
        said = record(document, path)
    line = "Fake GPU, compute capability 8.9, CUDA 13.0, tensorrt 10.13.0, 2026-01-02"
    assert seen("tensorrt", path) == (*seen("tensorrt"), line)
    assert told("tensorrt", path).endswith(line)
    assert seen("tensorrt_rtx", path) == before
    assert said == {"tensorrt": line, "tensorrt_rtx": "not recorded: EngineUnavailable: not for 9.0"}
    assert path.read_text("utf-8").splitlines()[0] == PATH.read_text("utf-8").splitlines()[0]
    assert list(yaml.safe_load(path.read_text("utf-8"))) == list(yaml.safe_load(PATH.read_text("utf-8")))


def test_a_failure_anywhere_keeps_a_backend_from_being_recorded(tmp_path: Path) -> None:
    path = tmp_path / "ran.yaml"
    path.write_bytes(PATH.read_bytes())
    wrong = Outcome("pitfalls", "failed", "", 1.0, ({"backend": "tensorrt", "check": "x", "failed": "it differs"},))
    assert record(results(Outcome("engines", "passed", "", 1.0, (BUILT,)), wrong), path)["tensorrt"].endswith("differs")
    assert record({**results(), "gpu": None, "why": "no driver"}, path)["tensorrt"] == "not recorded: no driver"
    assert record(results(), path)["tensorrt"] == "not recorded: no engine of it ran"
    assert path.read_text("utf-8") == PATH.read_text("utf-8")


def speed_row(**changes: Any) -> dict[str, Any]:
    figures = {"batch": 16, "median_ms": 0.1234, "p95_ms": 0.25, "faces_per_second": 1111}
    return {**MADE, **figures, "faces_per_second_in_flight": 2222, "callers": 4, **changes}


def test_the_table_has_every_figure_in_its_place() -> None:
    share = {"backend": "tensorrt", "runs_in": "fp16", "batch": 16, "share": 0.934, "share_of_resident": 0.812}
    speed = (speed_row(graphs=True), speed_row(graphs=False, median_ms=0.4567), {**MADE, "failed": "no"}, share)
    ways = {"frames": "scene", "count": 60, "faces": 99, "median_ms": 3.21, "p95_ms": 4.56}
    apart = {"lost": 1, "more": 2, "largest_center": 0.01, "largest_probability": 0.0042}
    frames = ({**ways, "way": "CPU"}, {**MADE, **ways, "way": "one pass", **apart})
    known = [{"capability": one, "builds": one != "9.0", "version": "1.7"} for one in ("8.6", "8.9", "9.0")]
    document = results(
        Outcome("engines", "passed", "", 1.0, (BUILT, {**BUILT, "agreement": None})),
        Outcome("speed", "failed", "no", 1.0, speed),
        Outcome("torch", "passed", "", 1.0, (speed_row(version="2.11"),)),
        Outcome("frames", "passed", "", 1.0, frames),
        Outcome("capabilities", "skipped", "", 1.0, tuple(known)),
    )
    text = table(document)
    assert "Fake GPU (compute capability 8.9, CUDA 13.0): 3 of 5 groups of checks passed" in text
    assert "; failed: speed; skipped: capabilities." in text
    assert "| tensorrt 10.13.0 | `groupmood` | fp16 | fp16 | 12.3 s | 5.7 MB | 0.0012 | 99.5% |" in text
    assert "| 0.0012 | – |" in text
    assert "| tensorrt fp16 | `groupmood` | 16 | 0.123 / 0.250 | 0.457 | 1111 | 2222 |" in text
    assert "| torch 2.11 fp16 | `groupmood` | 16 | 0.123 / 0.250 | – | 1111 | – |" in text
    assert "| onnxruntime fp32, CPU | 60 of scene | 99 | 3.21 / 4.56 | – | – |" in text
    assert "| tensorrt, one pass | 60 of scene | 99 | 3.21 / 4.56 | 1 / 2 | 0.0042 |" in text
    assert "requests of 16 faces: 93% of the throughput" in text
    assert "81% of those without copies" in text
    assert "TensorRT for RTX 1.7 builds for compute capability 8.6, 8.9; it refuses 9.0." in text
    assert text.endswith("*2026-01-02, `python -m tools.gpu_check` on D; A, B; C.*")


def test_the_gpu_tests_are_read_off_pytests_report(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.a" name="one"/>'
        '<testcase classname="tests.a" name="two"><skipped message="no pycuda"/></testcase>'
        '<testcase classname="tests.a" name="three"><skipped message="no pycuda"/></testcase>'
        '<testcase classname="" name="tests.b"><error message="collection failure">x</error></testcase>'
        '<testcase classname="tests.a" name="four"><failure message="assert 1 == 2">x</failure></testcase>'
        "</testsuite></testsuites>"
    )
    assert list(read(report)) == [
        {"test": "::tests.b", "failed": "::tests.b: collection failure"},
        {"test": "tests.a::four", "failed": "tests.a::four: assert 1 == 2"},
        {"skipped": 2, "why": "no pycuda"},
        {"what": "all", "passed": 1, "skipped": 2, "wrong": 2},
    ]
