"""The kernels' own source as host code: compiled by g++, called thread by thread, in any order.

They are kernels of the strict fake, and strict too: a parameter of another kind than the source declares, or a byte
written outside the memory a kernel may use, is ``Misuse``.
"""

from __future__ import annotations

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from engines.cuda.boxes import FACE, MOST_CANDIDATES
from engines.cuda.compiling import FOLDER, KERNELS, MAIN
from engines.cuda.crops import CUT
from engines.cuda.faces import WORDS
from tests.cuda_fake import FakeRuntime, KernelBody, Triple
from tests.cuda_memory import Bytes, Misuse

INSTALL = "apt-get install g++"
FLAGS = ("-std=c++17", "-O2", "-shared", "-fPIC", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
GUARD, GUARD_BYTE = 64, 0xA5
KINDS = {np.dtype(np.uint64): "p", np.dtype(np.int32): "i", np.dtype(np.float32): "f", np.dtype(np.float64): "d"}

SHIM = """
#include <numeric>
#include <string>
#include <utility>
#define __global__
#define __device__
struct Index { unsigned x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;
static int atomicAdd(int* place, int value) { int before = *place; *place += value; return before; }
#include "%(main)s"

static char kind(const void*) { return 'p'; }
static char kind(int) { return 'i'; }
static char kind(float) { return 'f'; }
static char kind(double) { return 'd'; }

static Index split(unsigned long long index, const Index& sizes) {
    unsigned long long row = index / sizes.x;
    return {(unsigned)(index %% sizes.x), (unsigned)(row %% sizes.y), (unsigned)(row / sizes.y)};
}

template <class... A, size_t... I>
static void run(void (*kernel)(A...), void** given, bool scattered, std::index_sequence<I...>) {
    unsigned long long block = (unsigned long long)blockDim.x * blockDim.y * blockDim.z;
    unsigned long long total = block * gridDim.x * gridDim.y * gridDim.z, stride = total * 5 / 8 + 1;
    while (scattered && std::gcd(stride, total) != 1) stride++;
    for (unsigned long long i = 0; i < total; i++) {
        unsigned long long thread = scattered ? (i * stride + total / 3) %% total : i;
        threadIdx = split(thread %% block, blockDim);
        blockIdx = split(thread / block, gridDim);
        kernel(*(A*)given[I]...);
    }
}

struct Sizes { Index grid, block; };

template <class... A>
static void call(void (*kernel)(A...), void** given, bool scattered) {
    run(kernel, given, scattered, std::index_sequence_for<A...>{});
}

template <class... A>
static const char* kinds(void (*)(A...)) {
    static const std::string text = {kind(A{})...};
    return text.c_str();
}

extern "C" const char* kinds_of(const char* name) {
    %(kinds)s
    return nullptr;
}

extern "C" void launch(const char* name, const Sizes* sizes, void** given, int scattered) {
    gridDim = sizes->grid;
    blockDim = sizes->block;
    %(launches)s
}
"""

Values: TypeAlias = Mapping[str, int]
"""A kernel's arguments by the names in the source, addresses as they are; and "grid_z"."""

CANDIDATES = MOST_CANDIDATES * FACE.itemsize


def _frame(a: Values) -> int:
    return a["pitch"] * (a["height"] - 1) + 3 * a["width"]


SIZES: Mapping[str, Mapping[str, Callable[[Values], int]]] = {
    "crop_faces": {
        "frame": _frame,
        "cuts": lambda a: CUT.itemsize * a["grid_z"],
        "out": lambda a: 4 * a["grid_z"] * a["side"] ** 2 * (3 if a["colour"] else 1),
    },
    "frame_to_input": {"frame": _frame, "out": lambda a: 12 * a["out_width"] * a["out_height"]},
    "start_search": {},
    "find_hits": {"heat": lambda a: 4 * a["cells"], "hits": lambda a: 4 * a["cells"]},
    "centerface_decode": {
        name: lambda a, n=channels: 4 * n * a["rows"] * a["columns"]  # type: ignore[misc]  # mypy has no way to type n
        for name, channels in (("heat", 1), ("scale", 2), ("offset", 2), ("landmarks", 10), ("hits", 1))
    },
    "find_overlaps": {},
    "keep_best": {},
    "place_faces": {},
    "affines_from_boxes": {"cuts": lambda a: CUT.itemsize * a["most"]},
}
ALWAYS: Mapping[str, int] = {
    "count": 4,
    "hit_count": 4,
    "face_count": 4,
    "candidates": CANDIDATES,
    "faces": CANDIDATES,
    "kept": 4 * MOST_CANDIDATES,
    "overlaps": 4 * MOST_CANDIDATES * WORDS,
}
"""How many bytes behind each pointer a kernel may touch: what the wrappers must have checked or taken."""


class HostKernels:
    """``scattered``: threads run in a scattered order instead of one after the other."""

    def __init__(self, library: ctypes.CDLL, names: Mapping[str, tuple[str, ...]]) -> None:
        self._library, self._names = library, names
        library.kinds_of.restype = ctypes.c_char_p

    def register(self, fake: FakeRuntime, *, scattered: bool = False) -> None:
        """Make them the kernels of a fake runtime."""
        for name in KERNELS:
            fake.kernels[name] = self._body(name, scattered)

    def _body(self, name: str, scattered: bool) -> KernelBody:
        def body(fake: FakeRuntime, grid: Triple, block: Triple, arguments: Sequence[np.generic]) -> None:
            self._check(name, arguments)
            names = self._names[name]
            values = {key: one.item() for key, one in zip(names, arguments, strict=True)} | {"grid_z": grid[2]}
            addressed = [key for key, one in zip(names, arguments, strict=True) if one.dtype == np.uint64]
            guarded = {key: self._guarded(fake, name, key, values) for key in addressed}
            given = [
                np.array(guarded[key].ctypes.data + GUARD if guarded[key].size else 0) if key in guarded else one
                for key, one in zip(names, (np.asarray(one) for one in arguments), strict=True)
            ]
            sizes = (ctypes.c_uint * 6)(*grid, *block)
            pointers = (ctypes.c_void_p * len(given))(*(one.ctypes.data for one in given))
            self._library.launch(name.encode(), sizes, pointers, int(scattered))
            for key in addressed:
                _give_back(fake, f"{name}: {key}", values[key], guarded[key])

        return body

    def _check(self, name: str, arguments: Sequence[np.generic]) -> None:
        wanted = self._library.kinds_of(name.encode()).decode()
        given = "".join(KINDS.get(one.dtype, "?") for one in arguments)
        if given != wanted:
            raise Misuse(f"{name} takes {wanted} (p: address, i: int32, f: float32, d: float64), got {given}")

    def _guarded(self, fake: FakeRuntime, kernel: str, name: str, values: Values) -> Bytes:
        """A copy of the memory with guards around it; empty for a null pointer."""
        if values[name] == 0:
            if name != "count":
                raise Misuse(f"{kernel}: {name} must not be null")
            return np.empty(0, np.uint8)
        size = SIZES[kernel][name](values) if name in SIZES[kernel] else ALWAYS[name]
        guarded = np.full(size + 2 * GUARD, GUARD_BYTE, np.uint8)
        guarded[GUARD:-GUARD] = fake.view(values[name], size)
        return guarded


def _give_back(fake: FakeRuntime, what: str, address: int, guarded: Bytes) -> None:
    if not guarded.size:
        return
    if (guarded[:GUARD] != GUARD_BYTE).any() or (guarded[-GUARD:] != GUARD_BYTE).any():
        raise Misuse(f"{what} was written outside its {guarded.size - 2 * GUARD} bytes")
    fake.view(address, guarded.size - 2 * GUARD)[:] = guarded[GUARD:-GUARD]


@functools.cache
def host_kernels() -> HostKernels:
    """Compiled once for the run; skips the test where there is no compiler."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip(f"needs g++ to run the kernels on the host: {INSTALL}")
    kinds = "\n    ".join(f'if (!std::string("{name}").compare(name)) return kinds({name});' for name in KERNELS)
    launches = "\n    ".join(
        f'if (!std::string("{name}").compare(name)) return call({name}, given, scattered);' for name in KERNELS
    )
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder) / "host.cpp", Path(folder) / "host.so"
        source.write_text(SHIM % {"main": MAIN, "kinds": kinds, "launches": launches}, encoding="utf-8")
        command = [compiler, *FLAGS, "-I", str(FOLDER), str(source), "-o", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return HostKernels(ctypes.CDLL(str(library)), parameters())


def parameters() -> dict[str, tuple[str, ...]]:
    """The names of each kernel's parameters, read off the source."""
    text = (FOLDER / MAIN).read_text(encoding="utf-8")
    found = re.findall(r'extern "C" __global__ void (\w+)\(([^)]*)\)', text)
    return {name: tuple(re.split(r"\W+", one.strip())[-1] for one in given.split(",")) for name, given in found}
