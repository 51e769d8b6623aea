"""Ctrl-C after several OpenVINO engines were closed in any order: it ends the wait, not the process."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.data import ROOT

pytest.importorskip("openvino", reason="openvino is not installed: pip install 'groupmood[openvino]'")

CODE = """
import faulthandler, gc, os, signal
faulthandler.enable()
from engines.ov import OpenVinoEngine
model = open("engines/weights/groupmood.onnx", "rb").read()
first = OpenVinoEngine(model, name="first").__enter__()
second = OpenVinoEngine(model, name="second").__enter__()
for engine in (first, second):
    engine.close()
del first, second, engine
gc.collect()
filling = [bytearray(20_000) for _ in range(3000)]  # takes the memory that was given back
try:
    os.kill(os.getpid(), signal.SIGINT)
    while True:
        signal.pause()
except KeyboardInterrupt:
    print("heard")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are of POSIX")
def test_an_interrupt_is_heard_after_engines_were_closed_in_the_order_they_came() -> None:
    ended = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stdout) == (0, "heard\n"), ended.stderr
