"""A PyTorch state dict (.pth) to ONNX, by the layers that its card lists.

A .pth file is a pickle, and reading one may run whatever its author put there. So a process of its own reads it, with
PyTorch's ``weights_only``, and answers with plain arrays; PyTorch never comes into this process.
"""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from engines.cards import Card
from engines.errors import ModelRejected, NotInstalled
from engines.layered import network
from engines.torch_reader import NO_TORCH

READER = Path(__file__).with_name("torch_reader.py")
MOST = 256 << 20
"""Bytes of tensors that are read, as float32."""

LONGEST = MOST + (1 << 20)
"""Bytes of the answer: the tensors, their names and a header each."""

SECONDS = 120.0
"""After which reading is given up; importing PyTorch takes some seconds of them."""


def convert(source: bytes, card: Card, python: str = sys.executable) -> bytes:
    """The ONNX file: input "input" float32 (N, channels, side, side), normalised as the card says; output "output".

    ``python`` is the interpreter whose PyTorch reads the file.

    Raises:
        NotInstalled: PyTorch is not.
        ModelRejected: it is not a state dict, or not one of the card's layers.
    """
    if card.input.side == "dynamic" or card.input.layout != "nchw":
        raise ModelRejected(f"{card.name}: a PyTorch network is fed (batch, channels, side, side) of a fixed side")
    channels = 1 if card.input.colour == "gray" else 3
    try:
        return network(card.layers, state(source, python), channels, card.input.side)
    except ModelRejected as error:
        raise ModelRejected(f"the PyTorch file of {card.name} cannot be used: {error}") from error


def state(source: bytes, python: str = sys.executable, seconds: float = SECONDS) -> dict[str, NDArray[Any]]:
    """The tensors of a state dict by name.

    Raises:
        NotInstalled: PyTorch is not.
        ModelRejected: it is not one; the message says what it is.
    """
    with tempfile.TemporaryFile() as said:
        answer, code = _ask([python, "-I", str(READER), str(MOST)], source, said, seconds)
        said.seek(0)
        reason = said.read(4000).decode(errors="replace").strip().rpartition("\n")[2]
    if code == NO_TORCH:
        raise NotInstalled("PyTorch is needed once, to read a .pth file: pip install 'groupmood[train]'")
    if code is None:
        raise ModelRejected(f"reading it took more than {seconds:g} s")
    if code or len(answer) > LONGEST:
        raise ModelRejected(reason or f"the process that read it ended with {code}")
    return _arrays(answer)


def _ask(command: list[str], source: bytes, said: IO[bytes], seconds: float) -> tuple[bytes, int | None]:
    """What the process answered, one byte more than LONGEST at most, and its exit code; None where it took too long."""
    late = threading.Event()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said) as process:

        def end() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            answer = _talk(process, source)
            if len(answer) > LONGEST:
                process.kill()
            process.wait()
        finally:
            timer.cancel()
            process.kill()
    return answer, None if late.is_set() else process.returncode


def _talk(process: subprocess.Popen[bytes], source: bytes) -> bytes:
    """The process reads all of its input before it writes anything, so neither waits for the other."""
    given, answered = process.stdin, process.stdout
    if given is None or answered is None:
        raise RuntimeError("the process must be started with pipes")
    try:
        given.write(source)
        given.close()
    except BrokenPipeError:
        pass  # it ended before: its exit code says why
    return answered.read(LONGEST + 1)


def _arrays(answer: bytes) -> dict[str, NDArray[Any]]:
    try:
        with np.load(io.BytesIO(answer), allow_pickle=False) as file:
            return {str(name): file[f"arr_{number}"] for number, name in enumerate(file["names"])}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelRejected(f"the process that read it gave no arrays: {error}") from error
