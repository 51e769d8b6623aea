"""Read a PyTorch state dict: run as a script, in a process of its own, by ``engines.convert_torch_cnn``.

The file comes on standard input, its tensors go out as .npz: ``names``, and arr_0 … in the order of the names. Ends
with 1 and the reason on standard error where the file is refused. The argument is the most bytes that the tensors may
have.

``weights_only`` lets tensors and plain containers through and no code
(https://docs.pytorch.org/docs/stable/generated/torch.load.html); before 2.6 it could be got round (CVE-2025-32434).
"""

from __future__ import annotations

import importlib
import io
import pickle
import re
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

NO_TORCH = 3
LEAST = (2, 6)
MEMORY = 4 << 30
"""Bytes that this process may hold: an archive may unpack to far more than it seems."""

SAVE = "save the weights alone with torch.save(model.state_dict(), …)"


def main(most: int) -> None:
    source = sys.stdin.buffer.read()
    try:
        torch = importlib.import_module("torch")
        numpy = importlib.import_module("numpy")
    except ImportError:
        sys.exit(NO_TORCH)
    if tuple(int(part) for part in re.findall(r"\d+", torch.__version__)[:2]) < LEAST:
        refuse(f"PyTorch {LEAST[0]}.{LEAST[1]} or newer is needed to read it safely, {torch.__version__} is installed")
    bound_memory()
    tensors = checked(torch, load(torch, source), most)
    arrays = [tensor.detach().to(kept(torch, tensor)).contiguous().numpy() for tensor in tensors.values()]
    answer = io.BytesIO()
    numpy.savez(answer, *arrays, names=numpy.array(list(tensors), dtype=str))
    sys.stdout.buffer.write(answer.getvalue())


def refuse(reason: str) -> NoReturn:
    sys.exit(reason)


def bound_memory() -> None:
    try:
        resource = importlib.import_module("resource")
    except ImportError:  # only Unix has it
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def load(torch: Any, source: bytes) -> Any:
    try:
        return torch.load(io.BytesIO(source), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        code = re.search(r"Unsupported global: GLOBAL (\S+)", str(error))
        refuse(f"it holds code ({code[1]}), which is never run; {SAVE}" if code else f"it is no state dict; {SAVE}")
    except (RuntimeError, EOFError, OSError, ValueError, KeyError, MemoryError):
        refuse(f"it is no file of torch.save, or a damaged one; {SAVE}")


def checked(torch: Any, state: Any, most: int) -> dict[str, Any]:
    """The tensors by name, without the prefix that training on several GPUs puts before each."""
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        refuse(f"it is a {type(state).__name__}, not a state dict; {SAVE}")
    others = [name for name, value in state.items() if not isinstance(value, torch.Tensor)]
    if others or not state:
        refuse(f"it holds {', '.join(map(repr, others[:5])) or 'nothing'}, not tensors alone; {SAVE}")
    for name, tensor in state.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex() or tensor.dtype == torch.bool:
            refuse(f"the tensor {name} is a {tensor.layout} of {tensor.dtype}; plain numbers are wanted")
    size = sum(tensor.numel() * 8 for tensor in state.values())
    if size > 2 * most:
        refuse(f"its tensors have {size // 8} numbers, more than {most // 4} are not read")
    bare = all(name.startswith("module.") for name in state)
    return {name.removeprefix("module.") if bare else name: tensor for name, tensor in state.items()}


def kept(torch: Any, tensor: Any) -> Any:
    return torch.float32 if tensor.is_floating_point() else torch.int64


if __name__ == "__main__":
    main(int(sys.argv[1]))
