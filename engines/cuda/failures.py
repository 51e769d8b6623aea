"""What an error of CUDA's driver means to the engines."""

from __future__ import annotations

from collections.abc import Mapping

from engines.errors import DeviceLost, EngineError, EngineUnavailable, ModelRejected, OutOfMemory

LOST: Mapping[str, str] = {
    "CUDA_ERROR_DEINITIALIZED": "driver shutting down",
    "CUDA_ERROR_ECC_UNCORRECTABLE": "uncorrectable ECC error encountered",
    "CUDA_ERROR_NVLINK_UNCORRECTABLE": "uncorrectable NVLink error detected during the execution",
    "CUDA_ERROR_CONTAINED": "Invalid access of peer GPU memory over nvlink or a hardware error",
    "CUDA_ERROR_ILLEGAL_ADDRESS": "an illegal memory access was encountered",
    "CUDA_ERROR_LAUNCH_TIMEOUT": "the launch timed out and was terminated",
    "CUDA_ERROR_CONTEXT_IS_DESTROYED": "context is destroyed",
    "CUDA_ERROR_ASSERT": "device-side assert triggered",
    "CUDA_ERROR_HARDWARE_STACK_ERROR": "hardware stack error",
    "CUDA_ERROR_ILLEGAL_INSTRUCTION": "an illegal instruction was encountered",
    "CUDA_ERROR_MISALIGNED_ADDRESS": "misaligned address",
    "CUDA_ERROR_INVALID_ADDRESS_SPACE": "operation not supported on global/shared address space",
    "CUDA_ERROR_INVALID_PC": "invalid program counter",
    "CUDA_ERROR_LAUNCH_FAILED": "unspecified launch failure",
    "CUDA_ERROR_TENSOR_MEMORY_LEAK": "tensor memory not completely freed",
    "CUDA_ERROR_MPS_CLIENT_TERMINATED": "the MPS client has been terminated by the server",
    "CUDA_ERROR_EXTERNAL_DEVICE": "an async error has occured in external entity outside of CUDA",
    "CUDA_ERROR_UNKNOWN": "unknown error",
}
"""Errors after which, says cuda.h, every later call fails until the process starts again. Name and the driver's own
text (cuGetErrorString), because pycuda tells only the text."""

REJECTED: Mapping[str, str] = {
    "CUDA_ERROR_INVALID_IMAGE": "device kernel image is invalid",
    "CUDA_ERROR_NO_BINARY_FOR_GPU": "no kernel image is available for execution on the device",
    "CUDA_ERROR_INVALID_PTX": "a PTX JIT compilation failed",
    "CUDA_ERROR_UNSUPPORTED_PTX_VERSION": "the provided PTX was compiled with an unsupported toolchain.",
    "CUDA_ERROR_INVALID_SOURCE": "device kernel image is invalid",
    "CUDA_ERROR_NOT_FOUND": "named symbol not found",
}
"""Errors of loading a kernel: it is not for this device, damaged, or not in there."""

ABSENT: Mapping[str, str] = {
    "CUDA_ERROR_STUB_LIBRARY": "CUDA driver is a stub library",
    "CUDA_ERROR_DEVICE_UNAVAILABLE": "CUDA-capable device(s) is/are busy or unavailable",
    "CUDA_ERROR_NO_DEVICE": "no CUDA-capable device is detected",
    "CUDA_ERROR_INVALID_DEVICE": "invalid device ordinal",
    "CUDA_ERROR_DEVICE_NOT_LICENSED": "device doesn't have valid Grid license",
    "CUDA_ERROR_SYSTEM_NOT_READY": "system not yet initialized",
    "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH": "system has unsupported display driver / cuda driver combination",
}

FULL = {"CUDA_ERROR_OUT_OF_MEMORY": "out of memory"}


def failure(call: str, name: str, text: str) -> EngineError:
    """The error to raise for a call of the driver that failed, with CUDA's name of it and what it means."""
    said = f"{text} ({name} of {call})"
    if name in FULL:
        return OutOfMemory(f"the GPU, or the host's memory that it can reach, is full: {said}")
    if name in LOST:
        return DeviceLost(f"the GPU failed: {said}; it can be used again once the program was started anew")
    if name in REJECTED:
        return ModelRejected(f"the GPU cannot run this code: {said}")
    if name in ABSENT:
        return EngineUnavailable(f"the GPU cannot be used: {said}")
    return EngineError(f"CUDA refuses {call}: {text} ({name})")


def name_of(text: str) -> str:
    """CUDA's name of an error of which only its text is known, "" where it is none of those above."""
    known = {said: name for kind in (LOST, REJECTED, ABSENT, FULL) for name, said in kind.items()}
    return known.get(text, "")
