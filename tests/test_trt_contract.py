"""Whether the real TensorRT has what its stand-in has, and so what the adapter uses; and how the real one refuses."""

from __future__ import annotations

import importlib.util
import inspect
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engines.base import Engine
from engines.cuda.owner import Owner
from engines.errors import EngineUnavailable
from engines.opening import open_first
from engines.ort import OnnxRuntimeEngine
from engines.probe import driver
from engines.trt import TensorRtEngine
from engines.trt_build import BuildSettings, build
from engines.trt_library import INSTALL, Library, library
from engines.trt_network import DeviceNetwork
from tests.cuda_fake import FakeRuntime
from tests.gpu import needs_gpu
from tests.tiny_models import scaling
from tests.trt_fake import ENUMS, RTX_ENUMS, RTX_ONLY, STANDS_FOR, FakeEngine
from tests.trt_fake_module import DataType, nptype

KINDS = [pytest.param("tensorrt", marks=pytest.mark.gpu), "tensorrt_rtx"]


@pytest.fixture(params=KINDS)
def real(request: pytest.FixtureRequest) -> Library:
    kind = request.param
    if importlib.util.find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed: {INSTALL[kind]}")
    if kind == "tensorrt":
        needs_gpu()  # without a driver it ends the process
    return library(kind, device=False)


@pytest.fixture
def rtx() -> Library:
    if importlib.util.find_spec("tensorrt_rtx") is None:
        pytest.skip(f"tensorrt_rtx is not installed: {INSTALL['tensorrt_rtx']}")
    return library("tensorrt_rtx", device=False)


def public(stand_in: type) -> list[str]:
    """What a test double promises: the public attributes of its class and of those it is made from."""
    ours = [one for one in stand_in.__mro__ if one.__module__.startswith(FakeEngine.__module__)]
    return sorted({name for one in ours for name in vars(one) if not name.startswith("_")})


def counts(method: Any) -> list[tuple[int, int]]:
    """How few and how many arguments each overload takes, out of pybind11's own words."""
    lines = re.findall(rf"^(?:\d+\. )?{method.__name__}\((self: .*)\) -> ", method.__doc__, re.MULTILINE)
    given = [re.split(r", (?=\w+: )", line)[1:] for line in lines]
    return [(sum(" = " not in one for one in each), len(each)) for each in given]


def test_the_real_classes_have_every_attribute(real: Library) -> None:
    checked = 0
    for name, stand_in in STANDS_FOR.items():
        if name in RTX_ONLY and real.kind != "tensorrt_rtx":
            continue
        for attribute in public(stand_in):
            if attribute == "create_runtime_config" and real.kind != "tensorrt_rtx":
                continue
            assert hasattr(getattr(real.module, name), attribute), f"{name}.{attribute}"
            checked += 1
    assert checked >= 18


def test_the_real_methods_take_as_many_arguments(rtx: Library) -> None:
    checked = 0
    for name, stand_in in STANDS_FOR.items():
        for attribute in public(stand_in):
            ours, theirs = getattr(stand_in, attribute), getattr(getattr(rtx.module, name), attribute)
            if inspect.isfunction(ours):
                wanted = len(inspect.signature(ours).parameters) - 1
                assert any(few <= wanted <= many for few, many in counts(theirs)), (name, attribute, theirs.__doc__)
                checked += 1
    assert checked >= 18


def test_the_real_enumerations_have_every_member(real: Library) -> None:
    for ours in (*ENUMS, *(RTX_ENUMS if real.kind == "tensorrt_rtx" else ())):
        theirs = getattr(real.module, ours.__name__)
        assert {one.name for one in ours} <= theirs.__members__.keys()
    assert hasattr(real.module, "CudaGraphStrategy") == (real.kind == "tensorrt_rtx"), "how the adapter tells them"
    assert {"ERROR", "WARNING"} <= real.module.ILogger.Severity.__members__.keys()


def test_the_real_types_are_numpys_as_the_stand_ins_are(real: Library) -> None:
    for kind in DataType:
        theirs = getattr(real.module.DataType, kind.name)
        if kind is DataType.BF16:
            with pytest.raises(TypeError, match="equivalent numpy"):
                real.module.nptype(theirs)
        else:
            assert np.dtype(real.module.nptype(theirs)) == np.dtype(nptype(kind))


def test_an_attribute_that_is_not_there_is_found() -> None:
    class Wrong(FakeEngine):
        def no_such_call(self) -> None: ...

    assert set(public(Wrong)) == set(public(FakeEngine)), "only what the stand-in's own file says is a promise"
    assert "num_io_tensors" in public(FakeEngine)
    assert "no_such_call" not in dir(FakeEngine)


# The real TensorRT-RTX where there is no GPU.


@pytest.fixture
def no_gpu(rtx: Library) -> Library:
    try:
        driver()
    except EngineUnavailable:
        return rtx
    pytest.skip("this machine has an NVIDIA GPU")


@pytest.fixture(scope="module")
def built() -> bytes:
    if importlib.util.find_spec("tensorrt_rtx") is None:
        pytest.skip(f"tensorrt_rtx is not installed: {INSTALL['tensorrt_rtx']}")
    settings = BuildSettings(capabilities=("8.6",))
    return build(library("tensorrt_rtx", device=False), scaling(), "scaling", settings).plan


def test_a_good_plan_without_a_gpu_is_unavailable_in_the_librarys_words(no_gpu: Library, built: bytes) -> None:
    with FakeRuntime() as runtime, pytest.raises(EngineUnavailable, match=r"cannot load scaling: .*cudaError 35"):
        DeviceNetwork(no_gpu, runtime, built, "scaling")


@pytest.mark.parametrize("data", [b"", b"no plan", b"no plan at all" * 1000])
def test_what_is_no_plan_is_unavailable_too(no_gpu: Library, data: bytes) -> None:
    with FakeRuntime() as runtime, pytest.raises(EngineUnavailable, match="cannot load scaling: "):
        DeviceNetwork(no_gpu, runtime, data, "scaling")


def test_the_next_engine_runs_and_the_reason_is_kept(no_gpu: Library, built: bytes) -> None:
    def refusing() -> TensorRtEngine:
        return TensorRtEngine(built, name="scaling", library=no_gpu, owner=Owner(FakeRuntime), precision="fp32")

    engines: dict[str, Callable[[], Engine]] = {
        "tensorrt_rtx": refusing,
        "onnxruntime": lambda: OnnxRuntimeEngine(scaling(), name="scaling"),
    }
    with open_first("scaling", engines) as engine:
        assert engine.chosen == "onnxruntime"
        assert (engine.run({"x": np.ones((2, 2), np.float32)})["y"] == 3).all()
        (refusal,) = engine.refusals
    assert refusal.engine == "tensorrt_rtx"
    assert "cudaError 35" in refusal.reason
