from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from engines.cuda.failures import failure, name_of
from engines.cuda.opening import installed, open_cuda
from engines.errors import DeviceLost, EngineError, EngineUnavailable, ModelRejected, OutOfMemory
from engines.probe import driver
from tests.gpu import needs_gpu

ROOT = Path(__file__).parent.parent
CUDA = ROOT / "engines" / "cuda"
BINDINGS, PYCUDA = "pip install cuda-bindings", "pip install pycuda, with NVIDIA's toolkit"

LOSING = """
import sys
import numpy as np
from engines.cuda.opening import open_cuda
from engines.errors import DeviceLost
from tests.cuda_makers import add_cubin

with open_cuda() as gpu:
    kernel = gpu.kernel(add_cubin(gpu.device.capability), "add")
    stream, held, pinned = gpu.stream(), gpu.allocate(100), gpu.pinned((100,), np.uint8)
    kernel.launch(stream, (1, 1, 1), (1, 1, 1), (np.uint64(1 << 20), np.float32(1), np.int32(1)))
    for call in (stream.wait, stream.wait, lambda: gpu.allocate(1), lambda: gpu.upload(held, pinned, 100, stream)):
        try:
            call()
        except DeviceLost as error:
            print(error)
    held.free()
print("left")
"""
"""A kernel that writes where there is no memory; in a process of its own, because no context survives that."""


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a driver that computes on the host."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("needs a C++ compiler: apt install g++")
    if not installed("cuda.bindings"):
        pytest.skip(f"needs cuda-bindings: {BINDINGS}")
    folder = tmp_path_factory.mktemp("driver")
    command = [compiler, "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", str(folder / "libcuda.so.1")]
    subprocess.run([*command, str(ROOT / "tests" / "stub_driver.cpp"), "-ldl"], check=True, capture_output=True)
    return folder


def python(*arguments: str, library: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout, with the driver in that folder if one is given."""
    environment = os.environ | ({"LD_LIBRARY_PATH": str(library)} if library else {})
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_without_a_driver_it_is_unavailable_and_says_what_to_do() -> None:
    if has_driver():
        pytest.skip("this machine has a driver")
    with pytest.raises(EngineUnavailable, match=r"(?i)driver"):
        open_cuda()


def has_driver() -> bool:
    try:
        driver()
    except EngineUnavailable:
        return False
    return True


@pytest.mark.timeout(300)
def test_the_contract_holds_for_the_bindings_over_a_driver_on_the_host(stub: Path) -> None:
    suite = "tests/contracts/test_cuda_runtime.py"
    ran = python("-m", "pytest", suite, "-q", "-k", "bindings", "-p", "no:cacheprovider", library=stub)
    assert ran.returncode == 0, ran.stdout
    assert "skipped" not in ran.stdout
    assert "22 passed" in ran.stdout


@pytest.mark.timeout(300)
def test_a_gpu_that_is_not_there_is_refused(stub: Path) -> None:
    code = "from engines.cuda.opening import open_cuda as o; o(0); o(1)"
    assert (
        "EngineUnavailable: there is no GPU 1: the driver has [(0, 'Stub GPU')]"
        in python("-c", code, library=stub).stderr
    )


@pytest.mark.timeout(300)
def test_a_device_that_is_lost_says_so_each_time_and_can_be_left(stub: Path) -> None:
    check_loss(python("-c", LOSING, library=stub))


@pytest.mark.gpu
def test_a_real_device_that_is_lost_says_so_each_time_and_can_be_left() -> None:
    needs_gpu()
    check_loss(python("-c", LOSING))


def check_loss(ran: subprocess.CompletedProcess[str]) -> None:
    *errors, last = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stderr
    assert last == "left"
    assert len(errors) == 4
    for error in errors:
        assert error.startswith("the GPU failed: an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS")
        assert error.endswith("it can be used again once the program was started anew")


def attributes_of(module: str, of: str) -> set[str]:
    """The dotted names that a module of ours uses of a variable or attribute called ``of``."""
    found = set()
    for node in ast.walk(ast.parse((CUDA / module).read_text(encoding="utf-8"))):
        names = []
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        root = node.id if isinstance(node, ast.Name) else ""
        path = [root, *reversed(names)]
        if of in path[:-1]:
            found.add(".".join(path[path.index(of) + 1 :]))
    return found


@pytest.mark.parametrize("module", ["bindings_runtime.py", "capturing.py", "checked.py"])
def test_all_that_is_used_of_cuda_bindings_is_there(module: str) -> None:
    if not installed("cuda.bindings"):
        pytest.skip(f"needs cuda-bindings: {BINDINGS}")
    used = attributes_of(module, "driver") | attributes_of(module, "_driver")
    assert used
    assert missing("cuda.bindings.driver", used) == set()


def test_all_that_is_used_of_pycuda_is_there() -> None:
    if not installed("pycuda"):
        pytest.skip(f"needs pycuda: {PYCUDA}")
    needs_gpu()  # it cannot be imported without the driver
    used = attributes_of("pycuda_runtime.py", "_driver")
    assert {"mem_alloc", "Context.pop", "pagelocked_empty"} <= used
    assert missing("pycuda.driver", used) == set()


def missing(module: str, names: set[str]) -> set[str]:
    found = set()
    for name in names:
        at: object = import_module(module)
        for part in name.split("."):
            if not hasattr(at, part):
                found.add(name)
                break
            at = getattr(at, part)
    return found


def test_a_planted_wrong_name_is_found() -> None:
    assert missing("engines.errors", {"EngineError", "DeviceLost.args", "DeviceFound"}) == {"DeviceFound"}


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("CUDA_ERROR_OUT_OF_MEMORY", "out of memory", OutOfMemory),
        ("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered", DeviceLost),
        ("CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure", DeviceLost),
        ("CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered", DeviceLost),
        (
            "CUDA_ERROR_NO_BINARY_FOR_GPU",
            "no kernel image is available for execution on the device",
            ModelRejected,
        ),
        ("CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected", EngineUnavailable),
        ("CUDA_ERROR_INVALID_VALUE", "invalid argument", EngineError),
    ],
)
def test_an_error_of_cuda_becomes_one_of_ours_by_its_name(name: str, text: str, kind: type[EngineError]) -> None:
    error = failure("cuSomething", name, text)
    assert type(error) is kind
    for part in (name, text, "cuSomething"):
        assert part in str(error)
    assert name_of(text) == (name if kind is not EngineError else "")
