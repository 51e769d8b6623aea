"""What the doctor says of graphics cards, on machines with and without one."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from engines.errors import EngineUnavailable
from engines.probe import Driver, Gpu, driver
from engines.ran import NEVER, told
from streamer.commands.accelerators import DISTRIBUTIONS, accelerators
from streamer.registry import GPU_ENGINES

CARD = Driver(13000, (Gpu(0, "NVIDIA RTX 4000", (8, 9), 20 << 30),))


def installed(*lines: str) -> Callable[[str], str]:
    table = dict(line.split() for line in lines)

    def version(name: str) -> str:
        if name not in table:
            raise PackageNotFoundError(name)
        return table[name]

    return version


def absent(_: str) -> object:
    raise OSError("libcuda.so.1: cannot open shared object file")


def no_driver() -> Driver:
    return driver(absent, "linux")


def broken() -> Driver:
    raise EngineUnavailable("the driver's library and its kernel module differ (cuInit: CUDA error 803): restart")


def test_each_engine_for_a_gpu_is_looked_for() -> None:
    assert tuple(DISTRIBUTIONS) == GPU_ENGINES


def test_a_machine_without_a_gpu_lacks_nothing() -> None:
    (finding,) = accelerators(no_driver, installed())
    assert (finding.topic, finding.state) == ("nvidia driver", "ok")
    assert "none needed" in finding.text


def test_what_can_only_build_here_says_so() -> None:
    _, finding = accelerators(no_driver, installed("tensorrt-rtx 1.7.1"))
    assert finding.topic == "engine tensorrt_rtx"
    assert finding.text.startswith("tensorrt-rtx 1.7.1; nothing here to run it on; ")


def test_a_driver_that_fails_is_named_with_its_remedy() -> None:
    (finding,) = accelerators(broken, installed())
    assert finding.state == "warn"
    assert finding.text == "the driver's library and its kernel module differ (cuInit: CUDA error 803)"
    assert finding.fix == "restart"


def test_a_gpu_without_an_engine_gets_the_line_that_brings_one() -> None:
    card, engines = accelerators(lambda: CARD, installed())
    assert card.text == "CUDA 13.0, NVIDIA RTX 4000 (8.9, 20480 MiB)"
    assert (engines.state, engines.fix) == ("warn", "pip install 'groupmood[rtx]'")


@pytest.mark.parametrize(("packages", "cuda"), [(("pycuda 2026.1", "cuda-bindings 13.5"), "pycuda 2026.1"),
                                                (("cuda-bindings 13.5",), "cuda-bindings 13.5")])  # fmt: skip
def test_a_gpu_with_all_it_needs(packages: tuple[str, ...], cuda: str) -> None:
    _, engine, through = accelerators(lambda: CARD, installed("tensorrt-cu13 11.4", *packages), lambda _: None)
    assert (engine.topic, engine.state) == ("engine tensorrt", "ok")
    assert engine.text.startswith("tensorrt-cu13 11.4; ")
    assert (through.state, through.text) == ("ok", f"through {cuda}")


def test_a_pycuda_that_was_built_wrongly_is_told_with_its_remedy() -> None:
    def load(module: str) -> object:
        raise ImportError(f"{module}: undefined symbol: cuArrayCreate_v2")

    *_, cuda = accelerators(lambda: CARD, installed("tensorrt 11.4", "pycuda 2026.1"), load)
    assert (cuda.topic, cuda.state) == ("cuda", "warn")
    assert "undefined symbol: cuArrayCreate_v2" in cuda.text
    assert "engines/README.md" in cuda.fix


def test_an_engine_without_access_to_the_device() -> None:
    *_, cuda = accelerators(lambda: CARD, installed("tensorrt 11.4"))
    assert (cuda.topic, cuda.state) == ("cuda", "warn")


def test_where_a_backend_ran_is_told_and_where_it_never_did(tmp_path: Path) -> None:
    record = tmp_path / "ran.yaml"
    record.write_text("tensorrt: []\ntensorrt_rtx: ['NVIDIA RTX 4000 (8.9)', 'NVIDIA L4 (8.9)']\n", "utf-8")
    assert told("tensorrt", record) == NEVER
    assert told("tensorrt_rtx", record) == "seen to run on NVIDIA RTX 4000 (8.9); NVIDIA L4 (8.9)"
    assert all(told(kind) for kind in GPU_ENGINES)
