"""A .pth file read by another process: by a real PyTorch where there is one, and by stand-ins that misbehave."""

from __future__ import annotations

import functools
import io
import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from engines.cards import Card, load_card
from engines.convert_torch_cnn import LONGEST, READER, convert, state
from engines.errors import ModelRejected, NotInstalled
from engines.prepared import prepared
from engines.torch_reader import NO_TORCH
from tests.naive import softmax
from tests.stand_ins import emotion_cnn_tensors

CARD = load_card("emotion_cnn")

MAKE = """
import sys, torch
from torch import nn

class Loud:
    def __reduce__(self):
        return (open, (sys.argv[1], "w"))

class EmotionCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 5, 3, padding=1), nn.BatchNorm2d(5)
        self.conv2, self.bn2 = nn.Conv2d(5, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv3, self.bn3 = nn.Conv2d(6, 7, 3, padding=1), nn.BatchNorm2d(7)
        self.pool, self.drop = nn.MaxPool2d(2, 2), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(7 * 6 * 6, 20), nn.Linear(20, 7)

    def forward(self, x):
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)):
            x = self.pool(torch.relu(norm(conv(x))))
        return self.fc2(self.drop(torch.relu(self.fc1(torch.flatten(x, 1)))))

torch.manual_seed(4)
model = EmotionCNN()
for part in model.modules():
    if hasattr(part, "weight") and part.weight.dim() > 1:
        nn.init.kaiming_normal_(part.weight)
for _ in range(3):
    model(torch.randn(16, 1, 48, 48) * 2 + 0.5)  # so that the batch normalisation has seen something
model.eval()
weights = model.state_dict()
x = torch.randn(4, 1, 48, 48)
kinds = {
    "plain": lambda: weights,
    "old": lambda: weights,
    "several": lambda: {f"module.{name}": value for name, value in weights.items()},
    "half": lambda: {name: value.half() if value.is_floating_point() else value for name, value in weights.items()},
    "whole": lambda: model,
    "checkpoint": lambda: {"epoch": 3, "model_state_dict": weights},
    "loud": lambda: {"conv1.weight": Loud()},
    "list": lambda: [weights["fc2.bias"]],
    "empty": lambda: {},
    "numbers": lambda: {1: weights["fc2.bias"]},
    "huge": lambda: {"fc1.weight": torch.zeros(1).expand(1 << 20, 1 << 12)},
    "sparse": lambda: {"fc1.weight": torch.eye(3).to_sparse()},
    "complex": lambda: {"fc1.weight": torch.ones(3, dtype=torch.complex64)},
    "answers": lambda: {"x": x, "y": model(x).detach()},
}
for kind, thing in kinds.items():
    torch.save(thing(), sys.argv[2] + "/" + kind, _use_new_zipfile_serialization=kind != "old")
"""

READ = """
import importlib.util, json, sys, torch
from pathlib import Path

spec = importlib.util.spec_from_file_location("torch_reader", sys.argv[1])
reader = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reader)

def told(path):
    try:
        tensors = reader.checked(torch, reader.load(torch, path.read_bytes()), 256 << 20)
    except SystemExit as end:
        return end.code
    return {name: [list(tensor.shape), str(reader.kept(torch, tensor))] for name, tensor in tensors.items()}

print(json.dumps({path.name: told(path) for path in Path(sys.argv[2]).iterdir()}))
"""
"""What the reader makes of each file of a folder, all in one process: importing PyTorch takes seconds."""


@functools.cache
def with_torch() -> str:
    """An interpreter that has PyTorch: this one, or GROUPMOOD_TORCH_PYTHON; skips where neither has it."""
    for python in (sys.executable, os.environ.get("GROUPMOOD_TORCH_PYTHON", "")):
        if python and subprocess.run([python, "-I", "-c", "import torch"], capture_output=True).returncode == 0:
            return python
    pytest.skip("needs PyTorch: pip install 'groupmood[train]', or name a Python with it in GROUPMOOD_TORCH_PYTHON")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of what torch.save writes of each kind; "loud" would make a file "ran" beside the folder if it were
    run."""
    folder = tmp_path_factory.mktemp("torch") / "files"
    folder.mkdir()
    mark = str(folder.parent / "ran")
    subprocess.run([with_torch(), "-I", "-c", MAKE, mark, str(folder)], capture_output=True, check=True, timeout=100)
    for name, content in (
        ("nothing", b""),
        ("text", b"no pickle"),
        ("pickle", pickle.dumps([1])),
        ("zip", b"PK\x03\x04"),
    ):
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def told(saved: Path) -> dict[str, Any]:
    """What the reader says of each: the reason why it is refused, or its tensors' shapes and kinds of numbers."""
    command = [with_torch(), "-I", "-c", READ, str(READER), str(saved)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_it_answers_as_pytorch_itself_does(saved: Path) -> None:
    model = prepared(convert((saved / "plain").read_bytes(), CARD, with_torch()), CARD)
    answers = state((saved / "answers").read_bytes(), with_torch())
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"input": answers["x"]})
    expected = softmax(answers["y"].astype(np.float64))
    assert np.ptp(expected, axis=0).max() > 0.01
    np.testing.assert_allclose(given, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["old", "several", "half"])
def test_other_ways_to_save_the_same_are_read_the_same(told: dict[str, Any], kind: str) -> None:
    assert told["plain"]["conv1.weight"] == [[5, 1, 3, 3], "torch.float32"]
    assert told["plain"]["bn1.num_batches_tracked"] == [[], "torch.int64"]
    assert told[kind] == told["plain"]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "whole",
            r"it holds code \(__main__\.EmotionCNN\), which is never run; save the weights alone with torch\.save",
        ),
        ("checkpoint", "it holds 'epoch', 'model_state_dict', not tensors alone; save the weights"),
        ("list", "it is a list, not a state dict"),
        ("numbers", "it is a dict, not a state dict"),
        ("empty", "it holds nothing"),
        ("huge", "its tensors have 4294967296 numbers, more than 67108864 are not read"),
        ("sparse", r"the tensor fc1\.weight is a torch\.sparse_coo"),
        ("complex", r"the tensor fc1\.weight is a torch\.strided of torch\.complex64; plain numbers are wanted"),
        ("nothing", "it is no "),
        ("text", "it is no "),
        ("pickle", "it is "),
        ("zip", "it is no file of torch.save, or a damaged one"),
    ],
)
def test_what_is_no_state_dict_is_refused(told: dict[str, Any], kind: str, message: str) -> None:
    assert isinstance(told[kind], str), "it was not refused"
    assert re.match(message, told[kind])


def test_code_in_a_file_is_never_run(saved: Path) -> None:
    with pytest.raises(ModelRejected, match="it holds code"):
        state((saved / "loud").read_bytes(), with_torch())
    assert not (saved.parent / "ran").exists()


def stand_in(folder: Path, code: str) -> str:
    """A "Python" that reads its input and then does ``code``, whatever it is asked to run."""
    path = folder / "python"
    path.write_text(f"#!{sys.executable} -I\nimport io, sys, time\nsource = sys.stdin.buffer.read()\n{code}\n")
    path.chmod(0o700)
    return str(path)


def answering(folder: Path, tensors: dict[str, NDArray[Any]]) -> str:
    """A "Python" that answers with these."""
    answer = io.BytesIO()
    np.savez(answer, *tensors.values(), names=np.array(list(tensors)))
    (folder / "answer.npz").write_bytes(answer.getvalue())
    return stand_in(folder, f"sys.stdout.buffer.write(open({str(folder / 'answer.npz')!r}, 'rb').read())")


def test_without_pytorch_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(NotInstalled, match=r"PyTorch is needed once, .*: pip install 'groupmood\[train\]'"):
        state(b"weights", stand_in(tmp_path, f"sys.exit({NO_TORCH})"))


def test_a_process_that_ends_before_it_reads_says_why(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_text(f"#!{sys.executable} -I\nimport sys\nsys.exit('no room')\n")
    path.chmod(0o700)
    with pytest.raises(ModelRejected, match=r"^no room$"):
        state(bytes(1 << 22), str(path))


def test_one_that_crashes_is_not_believed(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match="the process that read it ended with -6"):
        state(b"weights", stand_in(tmp_path, "import os; print('half an answer'); os.abort()"))


def test_one_that_never_ends_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r"reading it took more than 0\.5 s"):
        state(b"weights", stand_in(tmp_path, "time.sleep(60)"), seconds=0.5)


def test_one_that_never_stops_answering_is_ended(tmp_path: Path) -> None:
    endless = f"block = bytes(1 << 20)\nfor _ in range({2 * LONGEST >> 20}): sys.stdout.buffer.write(block)"
    with pytest.raises(ModelRejected, match="the process that read it ended with"):
        state(b"weights", stand_in(tmp_path, endless))


@pytest.mark.parametrize("answer", [b"", b"no arrays", b"PK\x03\x04"])
def test_an_answer_without_arrays_is_refused(tmp_path: Path, answer: bytes) -> None:
    with pytest.raises(ModelRejected, match="gave no arrays"):
        state(b"weights", stand_in(tmp_path, f"sys.stdout.buffer.write({answer!r})"))


def test_objects_in_the_answer_are_refused(tmp_path: Path) -> None:
    odd = {"conv1.weight": np.array([{"an": "object"}], dtype=object)}
    with pytest.raises(ModelRejected, match="gave no arrays"):
        state(b"weights", answering(tmp_path, odd))


def test_the_cards_name_is_in_the_message(tmp_path: Path) -> None:
    tensors = emotion_cnn_tensors()
    del tensors["fc2.weight"]
    with pytest.raises(ModelRejected, match=r"the PyTorch file of emotion_cnn cannot be used: .*missing: fc2\.weight"):
        convert(b"weights", CARD, answering(tmp_path, tensors))


def test_a_network_is_made_of_the_answer(tmp_path: Path) -> None:
    model = convert(b"weights", CARD, answering(tmp_path, emotion_cnn_tensors()))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == ["N", 1, 48, 48]
    assert session.get_outputs()[0].shape == ["N", 7]


def test_a_card_of_another_layout_is_refused() -> None:
    facts = CARD.model_dump()
    turned = Card.model_validate(facts | {"input": facts["input"] | {"layout": "nhwc"}})
    with pytest.raises(ModelRejected, match=r"is fed \(batch, channels, side, side\)"):
        convert(b"weights", turned)
