"""From the kernels' source to code for one kind of GPU, by NVRTC: no toolkit, no compiler and no GPU is needed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.errors import EngineUnavailable

FOLDER = Path(__file__).parent / "kernels"
MAIN = "faces.cu"
INSTALL = "pip install cuda-bindings nvidia-cuda-nvrtc"
OPTIONS = ("--std=c++17", "--fmad=false")
"""Without contraction of a × b + c a device rounds as the host does, so that both cut the same pixels."""

KERNELS = (
    "crop_faces",
    "frame_to_input",
    "start_search",
    "find_hits",
    "centerface_decode",
    "find_overlaps",
    "keep_best",
    "place_faces",
    "affines_from_boxes",
)
"""What the code of ``kernel_source`` has, by the names that ``CudaRuntime.kernel`` takes."""


@dataclass(frozen=True, slots=True)
class Source:
    """``text`` of the file ``name``, and the ``headers`` it includes, by name."""

    name: str
    text: str
    headers: Mapping[str, str]


def kernel_source() -> Source:
    """The kernels as they are shipped."""
    headers = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.h"))}
    return Source(MAIN, (FOLDER / MAIN).read_text(encoding="utf-8"), headers)


def compile_cubin(capability: tuple[int, int], source: Source | None = None) -> bytes:
    """Code for a GPU of this compute capability; takes a moment.

    Raises:
        EngineUnavailable: a package is missing or does not know such a GPU, or does not take the source; with its log.
    """
    nvrtc = _nvrtc()
    major, minor = nearest_target(capability, _supported(nvrtc))
    return _compiled(nvrtc, source or kernel_source(), f"--gpu-architecture=sm_{major}{minor}")


def supported() -> tuple[tuple[int, int], ...]:
    """The compute capabilities that this NVRTC compiles for, rising.

    Raises:
        EngineUnavailable: a package is missing.
    """
    return _supported(_nvrtc())


def nearest_target(capability: tuple[int, int], known: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """What to compile for: the same capability, or the highest before it with the same major number, whose code it runs
    (CUDA C++ Programming Guide, "Binary Compatibility").

    Raises:
        EngineUnavailable: there is none.
    """
    major, minor = capability
    fitting = [one for one in known if one[0] == major and one[1] <= minor]
    if not fitting:
        names = ", ".join(f"{a}.{b}" for a, b in known)
        raise EngineUnavailable(
            f"NVRTC compiles for compute capability {names}, the GPU has {major}.{minor}: "
            "another version of nvidia-cuda-nvrtc may know it"
        )
    return max(fitting)


def _nvrtc() -> Any:
    """The module, with its library loaded."""
    try:
        nvrtc = importlib.import_module("cuda.bindings.nvrtc")
        nvrtc.nvrtcVersion()  # the library is only looked for when it is first called
    except (ImportError, RuntimeError) as error:
        raise EngineUnavailable(f"NVRTC, which compiles the GPU kernels, is missing: {INSTALL} ({error})") from error
    return nvrtc


def _supported(nvrtc: Any) -> tuple[tuple[int, int], ...]:
    return tuple(divmod(number, 10) for number in sorted(_ask(nvrtc, nvrtc.nvrtcGetSupportedArchs())))


def _compiled(nvrtc: Any, source: Source, architecture: str) -> bytes:
    names = [name.encode() for name in source.headers]
    texts = [text.encode() for text in source.headers.values()]
    program = _ask(
        nvrtc, nvrtc.nvrtcCreateProgram(source.text.encode(), source.name.encode(), len(names), texts, names)
    )
    try:
        options = [option.encode() for option in (architecture, *OPTIONS)]
        (result,) = nvrtc.nvrtcCompileProgram(program, len(options), options)
        if result != nvrtc.nvrtcResult.NVRTC_SUCCESS:
            raise EngineUnavailable(
                f"NVRTC cannot compile {source.name} ({architecture}, {result.name}):\n{_log(nvrtc, program)}"
            )
        cubin = bytearray(_ask(nvrtc, nvrtc.nvrtcGetCUBINSize(program)))
        _ask(nvrtc, nvrtc.nvrtcGetCUBIN(program, cubin))
        return bytes(cubin)
    finally:
        nvrtc.nvrtcDestroyProgram(program)


def _log(nvrtc: Any, program: Any) -> str:
    text = bytearray(_ask(nvrtc, nvrtc.nvrtcGetProgramLogSize(program)))
    _ask(nvrtc, nvrtc.nvrtcGetProgramLog(program, text))
    return text.rstrip(b"\0").decode(errors="replace").strip()


def _ask(nvrtc: Any, answer: tuple[Any, ...]) -> Any:
    """What a call of NVRTC gave, without its result code.

    Raises:
        EngineUnavailable: it failed.
    """
    result, *values = answer
    if result != nvrtc.nvrtcResult.NVRTC_SUCCESS:
        raise EngineUnavailable(f"NVRTC failed: {result.name}")
    return values[0] if values else None
