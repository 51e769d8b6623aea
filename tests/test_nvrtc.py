"""The kernels compile for every kind of GPU that is wanted, without one."""

from __future__ import annotations

import re
import sys
from types import ModuleType, SimpleNamespace

import pytest

from engines.cuda.compiling import FOLDER, INSTALL, KERNELS, MAIN, Source, compile_cubin, nearest_target, supported
from engines.errors import EngineUnavailable
from tests.host_kernels import parameters

WANTED = ((7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (10, 0), (12, 0))
KNOWN = ((7, 5), (8, 0), (8, 6), (9, 0))


def compiled(capability: tuple[int, int], source: Source | None = None) -> bytes:
    """Skips the test where NVRTC is not installed."""
    needs_nvrtc()
    return compile_cubin(capability, source)


def needs_nvrtc() -> None:
    try:
        supported()
    except EngineUnavailable as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("capability", WANTED, ids=[f"sm_{a}{b}" for a, b in WANTED])
def test_every_kernel_is_in_the_code(capability: tuple[int, int]) -> None:
    needs_nvrtc()
    if capability not in supported():
        pytest.skip(f"this NVRTC does not compile for {capability}, only for {supported()}")
    cubin = compiled(capability)
    assert cubin.startswith(b"\x7fELF")
    missing = [name for name in KERNELS if f".text.{name}\0".encode() not in cubin]
    assert missing == []


def test_another_gpu_of_the_same_generation_runs_the_code_of_one_before_it() -> None:
    assert nearest_target((8, 6), KNOWN) == (8, 6)
    assert nearest_target((8, 9), KNOWN) == (8, 6)
    assert nearest_target((9, 0), KNOWN) == (9, 0)


@pytest.mark.parametrize("capability", [(7, 0), (6, 1), (12, 0)])
def test_a_gpu_that_nvrtc_does_not_know_is_refused(capability: tuple[int, int]) -> None:
    with pytest.raises(
        EngineUnavailable, match=rf"7\.5, 8\.0, 8\.6, 9\.0, the GPU has {capability[0]}\.{capability[1]}"
    ):
        nearest_target(capability, KNOWN)


def test_what_does_not_compile_is_told_with_the_log() -> None:
    with pytest.raises(
        EngineUnavailable, match=r'(?s)cannot compile bad\.cu \(--gpu-architecture=sm_80.*"hidden" is undefined'
    ) as told:
        compiled((8, 0), Source("bad.cu", '#include "a.h"\n__device__ int f() { return hidden; }', {"a.h": ""}))
    assert "\0" not in str(told.value)


def test_a_missing_package_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cuda.bindings.nvrtc", None)
    with pytest.raises(EngineUnavailable, match=f"NVRTC, which compiles the GPU kernels, is missing: {INSTALL}"):
        compile_cubin((8, 0))


def test_a_missing_library_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package is there, but finds no libnvrtc: it says so when it is first called."""
    module = ModuleType("cuda.bindings.nvrtc")
    module.nvrtcVersion = missing  # type: ignore[attr-defined]  # a module made on the spot
    monkeypatch.setitem(sys.modules, "cuda.bindings.nvrtc", module)
    with pytest.raises(EngineUnavailable, match=rf"{INSTALL} \(no libnvrtc found\)"):
        supported()


def missing() -> SimpleNamespace:
    raise RuntimeError("no libnvrtc found")


def test_the_list_of_kernels_is_that_of_the_source() -> None:
    assert tuple(parameters()) == KERNELS
    text = (FOLDER / MAIN).read_text(encoding="utf-8")
    assert len(re.findall("__global__", text)) == len(KERNELS)
