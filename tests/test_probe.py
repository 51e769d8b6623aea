"""The driver is asked through its C interface: by stand-ins in Python for every failure, and by one compiled in C."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engines.errors import EngineUnavailable
from engines.probe import Driver, Gpu, driver
from tests.gpu import needs_gpu

GIB = 2**30
SMALL = Gpu(0, "NVIDIA Small", (7, 5), 4 * GIB)
LARGE = Gpu(1, "NVIDIA Large", (12, 0), 96 * GIB)


class FakeCuda:
    """The driver library's functions that are asked for, with results as C gives them; ``fails`` by name."""

    def __init__(self, *gpus: Gpu, fails: dict[str, int] | None = None, version: int = 13000) -> None:
        self._gpus, self._fails, self._version = gpus, fails or {}, version
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        answer = getattr(FakeCuda, f"_{name}", None)
        if answer is None:
            raise AttributeError(f"undefined symbol: {name}")

        def function(*arguments: Any) -> int:
            self.asked.append(name)
            if name in self._fails:
                return self._fails[name]
            assert name == "cuInit" or self.asked[0] == "cuInit", "cuInit comes first"
            answer(self, *arguments)
            return 0

        function.__name__ = name
        return function

    def _cuInit(self, flags: int) -> None:
        assert flags == 0

    def _cuDriverGetVersion(self, version: Any) -> None:
        version._obj.value = self._version

    def _cuDeviceGetCount(self, count: Any) -> None:
        count._obj.value = len(self._gpus)

    def _cuDeviceGet(self, device: Any, index: int) -> None:
        device._obj.value = 100 + index

    def _cuDeviceGetName(self, name: Any, size: int, device: Any) -> None:
        name.value = self._of(device).name.encode()[: size - 1]

    def _cuDeviceGetAttribute(self, value: Any, attribute: int, device: Any) -> None:
        value._obj.value = self._of(device).capability[{75: 0, 76: 1}[attribute]]

    def _cuDeviceTotalMem_v2(self, memory: Any, device: Any) -> None:
        memory._obj.value = self._of(device).memory

    def _of(self, device: Any) -> Gpu:
        index: int = device.value - 100
        return self._gpus[index]


def refused(cuda: Any, platform: str = "linux") -> str:
    with pytest.raises(EngineUnavailable) as caught:
        driver(lambda _: cuda, platform)
    return str(caught.value)


def test_two_gpus_are_told_with_all_that_is_known_of_them() -> None:
    assert driver(lambda _: FakeCuda(SMALL, LARGE), "linux") == Driver(13000, (SMALL, LARGE))


@pytest.mark.parametrize(("platform", "name"), [("linux", "libcuda.so.1"), ("win32", "nvcuda.dll")])
def test_the_library_is_the_systems_own(platform: str, name: str) -> None:
    loaded: list[str] = []

    def load(wanted: str) -> FakeCuda:
        loaded.append(wanted)
        return FakeCuda(SMALL)

    driver(load, platform)
    assert loaded == [name]


def test_without_a_driver_the_loaders_words_and_the_next_step_are_told() -> None:
    def load(name: str) -> Any:
        return ctypes.CDLL(f"{name}.that.is.not.here")

    with pytest.raises(EngineUnavailable, match=r"no NVIDIA driver is here \(libcuda.*not.here.*`nvidia-smi` lists"):
        driver(load, "linux")


def test_on_macos_nothing_is_loaded() -> None:
    cuda = FakeCuda(SMALL)
    assert "macOS" in refused(cuda, "darwin")
    assert cuda.asked == []


@pytest.mark.parametrize(
    ("result", "words", "step"),
    [
        (34, "stub", "LD_LIBRARY_PATH"),
        (46, "another process", "exclusive compute mode"),
        (100, "no GPU is visible", "CUDA_VISIBLE_DEVICES"),
        (802, "not ready", "nvidia-fabricmanager"),
        (803, "library and its kernel module differ", "restart the machine"),
        (804, "newer than the driver allows", "update the driver"),
        (999, "the driver fails", "nvidia_uvm"),
        (12345, "the driver refuses", "nvidia-smi"),
    ],
)
def test_a_driver_that_does_not_start_says_why_and_what_to_do(result: int, words: str, step: str) -> None:
    cuda = FakeCuda(SMALL, fails={"cuInit": result})
    message = refused(cuda)
    assert f"cuInit: CUDA error {result}" in message
    assert words in message
    assert step in message
    assert cuda.asked == ["cuInit"], "nothing is asked of a driver that does not start"


def test_a_driver_without_gpus_is_refused() -> None:
    assert "no GPU is visible (cuDeviceGetCount: CUDA error 100)" in refused(FakeCuda())


@pytest.mark.parametrize("name", ["cuDriverGetVersion", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2"])
def test_a_failure_later_names_the_function(name: str) -> None:
    assert f"{name}: CUDA error 999" in refused(FakeCuda(SMALL, fails={name: 999}))


def test_a_library_without_the_functions_is_refused() -> None:
    assert "undefined symbol: cuInit" in refused(ctypes.CDLL(None)), "this process has no such function"


SOURCE = """
#include <stddef.h>
#include <string.h>
static int started = 0;
int cuInit(unsigned flags) { started = flags == 0; return started ? 0 : 1; }
int cuDriverGetVersion(int *version) { *version = 12080; return 0; }
int cuDeviceGetCount(int *count) { *count = 2; return started ? 0 : 3; }
int cuDeviceGet(int *device, int index) { *device = index + 7; return 0; }
int cuDeviceGetName(char *name, int size, int device) {
    strncpy(name, device == 7 ? "NVIDIA Small" : "NVIDIA Large", size); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    int of[2][2] = {{7, 5}, {12, 0}}; *value = of[device - 7][attribute - 75]; return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = (size_t)(device == 7 ? 4 : 96) << 30; return 0; }
"""


def test_a_compiled_driver_is_asked_as_the_real_one_would_be(tmp_path: Path) -> None:
    compiler = shutil.which("gcc") or shutil.which("g++")
    if compiler is None:
        pytest.skip("needs a C compiler, which is not on this machine: apt install gcc")
    source, library = tmp_path / "cuda.c", tmp_path / "libcuda.so.1"
    source.write_text(SOURCE)
    subprocess.run([compiler, "-x", "c", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    assert driver(lambda name: ctypes.CDLL(str(tmp_path / name)), "linux") == Driver(12080, (SMALL, LARGE))


@pytest.mark.gpu
def test_the_real_driver_is_asked() -> None:
    found = needs_gpu()
    assert found.version >= 11000
    assert all(gpu.name and gpu.memory > GIB and gpu.capability >= (5, 0) for gpu in found.gpus)
