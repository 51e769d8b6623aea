"""The doctor names every fault with its fix, and survives any patient."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streamer.doctor import Finding, Machine, check_openvino, check_packages, check_web, examine, name_of
from streamer.errors import SourceError

ROOT = Path(__file__).parent.parent

PAGES = {"aiohttp": "3.14.5", "aiortc": "1.16.0", "prometheus-client": "0.26.0", "segno": "1.6.6"}
VERSIONS = {"av": "18.1.0", "numpy": "1.26.4", "opencv-contrib-python": "4.11.0.86", **PAGES}
REQUIRES = ["av<19,>=18.1", "numpy<3,>=1.26", "openvino>=2025.2; extra == 'openvino'"]


def known(table: Mapping[str, str]) -> Callable[[str], str]:
    def version(name: str) -> str:
        if name not in table:
            raise PackageNotFoundError(name)
        return table[name]

    return version


def codec(name: str, mode: str) -> object:
    assert (name, mode) == ("libx264", "w")
    return object()


def openvino(*abilities: str) -> SimpleNamespace:
    facts = {"OPTIMIZATION_CAPABILITIES": list(abilities), "FULL_DEVICE_NAME": "A Processor"}
    core = SimpleNamespace(get_property=lambda device, key: facts[key] if device == "CPU" else None)
    return SimpleNamespace(__version__="2026.4.1-22982-abc", Core=lambda: core)


MODULES: dict[str, Any] = {
    "cv2": SimpleNamespace(__version__="4.11.0"),
    "av": SimpleNamespace(__version__="18.1.0", codec=SimpleNamespace(Codec=codec)),
    "onnxruntime": SimpleNamespace(__version__="1.32.0", get_available_providers=lambda: ["CPUExecutionProvider"]),
    "openvino": openvino("BF16", "FP32"),
}


def shelf(modules: Mapping[str, Any]) -> Callable[[str], Any]:
    def load(name: str) -> Any:
        if name not in modules:
            raise ModuleNotFoundError(f"No module named {name!r}")
        return modules[name]

    return load


def loader(*absent: str) -> Callable[[str], Any]:
    def load(file: str) -> Any:
        if file in absent:
            raise OSError(f"{file}: cannot open shared object file")
        return object()

    return load


def raising(error: Exception) -> Callable[..., Any]:
    def ask(*_: object) -> Any:
        raise error

    return ask


def no_requirements(name: str) -> Sequence[str]:
    raise PackageNotFoundError(name)


@pytest.fixture
def well(tmp_path: Path) -> Machine:
    """A machine that lacks nothing; it has no GPU, and needs none."""
    return Machine(
        cameras=lambda: [("0 (HD Webcam)", "")],
        display=lambda: None,
        cache=tmp_path / "cache",
        weights=lambda: {"centerface": "ready"},
        accelerators=lambda: [Finding("nvidia driver", "ok", "none here, and none needed")],
        version=known(VERSIONS),
        requires=lambda _: REQUIRES,
        module=shelf(MODULES),
        library=loader(),
        python=(3, 11),
        system="linux",
    )


def of(machine: Machine, topic: str) -> list[Finding]:
    return [finding for finding in examine(machine) if finding.topic == topic]


def test_a_well_machine_has_nothing_but_ok(well: Machine) -> None:
    findings = examine(well)
    assert [finding for finding in findings if finding.state != "ok"] == []
    assert ", ".join(finding.topic for finding in findings) == (
        "python, packages, opencv, libraries, engine onnxruntime, engine openvino, pages, nvidia driver, video, "
        "cameras, display, cache, weights"
    )
    assert os.listdir(well.cache) == []  # what was tried there is gone


def test_the_text_has_the_versions(well: Machine) -> None:
    texts = {finding.topic: finding.text for finding in examine(well)}
    assert texts["packages"] == "av 18.1.0, numpy 1.26.4"
    assert texts["opencv"] == "cv2 4.11.0"
    assert texts["engine onnxruntime"] == "1.32.0, providers CPUExecutionProvider"
    assert texts["engine openvino"] == "2026.4.1, CPU (A Processor, bf16)"
    assert texts["video"] == "PyAV 18.1.0 with the H.264 encoder libx264"


def test_a_fault_without_a_fix_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="a fault needs a fix: cache"):
        Finding("cache", "fault", "full")


def test_the_wrong_python(well: Machine) -> None:
    (finding,) = of(replace(well, python=(3, 13)), "python")
    assert finding.state == "fault"
    assert "wanted is Python 3.11 or 3.12" in finding.text


def test_a_missing_package_is_named(well: Machine) -> None:
    fault, rest = check_packages(replace(well, version=known({"numpy": "1.26.4"})))
    assert (fault.state, fault.text, fault.fix) == ("fault", "av is not installed", "python3 tools/bootstrap.py")
    assert rest.text == "numpy 1.26.4"


def test_a_checkout_that_was_not_installed(well: Machine) -> None:
    (fault,) = check_packages(replace(well, requires=no_requirements))
    assert fault.state == "fault"
    assert "groupmood itself is not installed" in fault.text


def test_the_name_of_a_requirement() -> None:
    lines = ("av<19,>=18.1", "opencv-contrib-python (<5)", "a.b_c[x]; y")
    assert [name_of(line) for line in lines] == ["av", "opencv-contrib-python", "a.b_c"]


def test_two_opencvs_over_each_other(well: Machine) -> None:
    both = {**VERSIONS, "opencv-python": "4.12", "opencv-python-headless": "4.12"}
    fault, _ = of(replace(well, version=known(both)), "opencv")
    assert (
        fault.text == "opencv-contrib-python and opencv-python and opencv-python-headless lie over each other in cv2/"
    )
    assert fault.fix.startswith("pip uninstall -y opencv-python opencv-python-headless && pip install ")


def test_the_one_opencv_stays_whichever_is_taken_away(well: Machine) -> None:
    others = {"opencv-python": "4.12", "opencv-python-headless": "4.12"}
    fault, _ = of(replace(well, version=known(others)), "opencv")
    assert "uninstall -y opencv-python opencv-python-headless &&" in fault.fix
    assert "opencv-contrib-python" in fault.fix


def test_missing_libraries_have_one_line(well: Machine) -> None:
    lame = replace(well, library=loader("libEGL.so.1", "libSM.so.6"))
    fault, warning = of(lame, "libraries")
    assert (fault.state, fault.text) == ("fault", "libEGL.so.1 is missing; MediaPipe needs it")
    assert (warning.state, warning.text) == ("warn", "libSM.so.6 is missing; OpenCV's window needs it")
    assert fault.fix == warning.fix != ""


def test_other_systems_bring_their_libraries(well: Machine) -> None:
    assert of(replace(well, system="darwin", library=loader("libGL.so.1")), "libraries") == []


def test_no_library_at_all(well: Machine) -> None:
    findings = examine(replace(well, module=shelf({})))
    assert {finding.topic: finding.state for finding in findings if finding.state != "ok"} == {
        "opencv": "fault",
        "engine onnxruntime": "fault",
        "engine openvino": "warn",
        "video": "fault",
    }


def test_what_the_pages_lack_is_named(well: Machine) -> None:
    (finding,) = check_web(replace(well, version=known(PAGES)))
    assert (finding.state, finding.text.split(",")[0]) == ("ok", "aiohttp 3.14.5")
    (finding,) = check_web(replace(well, version=known({"aiortc": "1.16.0", "segno": "1.6.6"})))
    assert finding.state == "warn"
    assert finding.text == "groupmood serve needs aiohttp, prometheus-client"
    assert finding.fix == "pip install 'groupmood[web]'"


def test_openvino_without_bf16(well: Machine) -> None:
    (finding,) = check_openvino(replace(well, module=shelf({"openvino": openvino("FP32")})))
    assert finding.text == "2026.4.1, CPU (A Processor, no bf16)"


def test_openvino_without_a_cpu_part(well: Machine) -> None:
    broken = SimpleNamespace(__version__="2026.4.1", Core=raising(RuntimeError("no CPU plugin")))
    (finding,) = check_openvino(replace(well, module=shelf({"openvino": broken})))
    assert (finding.state, finding.text) == ("warn", "cannot be used: no CPU plugin")


def test_what_is_said_of_gpus_is_passed_on(well: Machine) -> None:
    said = Finding("nvidia driver", "warn", "too old for the engine", "get a newer one")
    assert of(replace(well, accelerators=lambda: [said]), "nvidia driver") == [said]


def test_a_media_library_that_cannot_record(well: Machine) -> None:
    without = raising(ValueError("libx264"))  # what PyAV's UnknownCodecError is
    lame = {**MODULES, "av": SimpleNamespace(__version__="18.1.0", codec=SimpleNamespace(Codec=without))}
    (fault,) = of(replace(well, module=shelf(lame)), "video")
    assert "lacks the H.264 encoder libx264" in fault.text


def test_cameras(well: Machine) -> None:
    (none,) = of(replace(well, cameras=list), "cameras")
    assert (none.state, none.text) == ("warn", "none found")
    found = [("0 (A)", ""), ("2 (B)", "no permission: sudo usermod -aG video $USER")]
    first, second = of(replace(well, cameras=lambda: found), "cameras")
    assert (first.state, first.text) == ("ok", "0 (A)")
    assert (second.state, second.text) == ("warn", "2 (B): no permission: sudo usermod -aG video $USER")


@pytest.mark.parametrize("error", [SourceError("odd"), ModuleNotFoundError("odd"), OSError("odd")])
def test_whoever_is_asked_may_fail(well: Machine, error: Exception) -> None:
    ask = raising(error)
    findings = examine(replace(well, cameras=ask, display=ask, weights=ask, accelerators=ask))
    odd = [(finding.topic, finding.state) for finding in findings if "odd" in finding.text]
    assert odd == [(topic, "warn") for topic in ("engines for a GPU", "cameras", "display", "weights")]


def test_no_display(well: Machine) -> None:
    (finding,) = of(replace(well, display=lambda: "no display: DISPLAY is not set"), "display")
    assert (finding.state, finding.text) == ("warn", "no display: DISPLAY is not set")


def test_a_cache_that_cannot_be_written(well: Machine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (fault,) = of(replace(well, cache=tmp_path / "file"), "cache")
    assert f"{tmp_path / 'file'} cannot be written: File exists" in fault.text
    assert "XDG_CACHE_HOME" in fault.fix


def test_weights(well: Machine) -> None:
    states = {"centerface": "ready", "yunet": "missing", "mini_xception": "corrupt"}
    findings = of(replace(well, weights=lambda: states), "weights")
    assert [(one.state, one.text, one.fix) for one in findings] == [
        ("ok", "centerface: ready", ""),
        ("warn", "yunet: not fetched yet", "groupmood models fetch yunet"),
        ("fault", "mini_xception: altered on disk", "groupmood models fetch mini_xception"),
    ]


BARE = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from streamer.doctor import Machine, examine
findings = examine(Machine(lambda: [], lambda: None, Path(sys.argv[2]), dict, list))
print(json.dumps({finding.topic: finding.state for finding in findings}))
"""


def test_a_python_without_any_package(tmp_path: Path) -> None:
    """The true importlib and the true system, in a Python that cannot see its site-packages."""
    command = [sys.executable, "-I", "-S", "-c", BARE, str(ROOT), str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    states = json.loads(done.stdout)
    faults = {topic for topic, state in states.items() if state == "fault"}
    assert {"packages", "opencv", "engine onnxruntime", "video"} <= faults <= {*states, "libraries"}
    assert states["engine openvino"] == "warn"


def test_this_machine_with_its_true_libraries(tmp_path: Path) -> None:
    findings = examine(Machine(list, lambda: None, tmp_path, dict, list))
    assert [finding for finding in findings if finding.state == "fault"] == []
