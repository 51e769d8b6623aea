"""What of a native library's talk reaches the terminal."""

from __future__ import annotations

import logging
import os

import pytest

from streamer.detectors.quiet import quiet

CHATTER = (
    b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    b"WARNING: [model_load.cc:402] Sparsity tensors may not yet be fully supported.\n"
    b"W0000 00:00:1795380272.689880   14477 inference_runner_litert.cc:1418] Input tensor memory is not aligned\n"
)


def test_chatter_goes_to_the_debug_log_and_all_else_to_stderr(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), quiet():
        os.write(2, CHATTER + b"E0000 00:00:1.5 1 graph.cc:1] no such calculator\nsomebody else's line\n")
    assert capfd.readouterr().err == "E0000 00:00:1.5 1 graph.cc:1] no such calculator\nsomebody else's line\n"
    assert len(caplog.records) == 3
    assert caplog.records[0].message == "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."


def test_stderr_is_back_after_an_error_and_keeps_what_was_said(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with quiet():
            os.write(2, b"reason\n")
            raise ValueError("bad model")

    with pytest.raises(ValueError, match="bad model"):
        fail()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "reason\nafter\n"


def test_no_descriptor_stays_open() -> None:
    with quiet():
        pass
    before = os.dup(2)
    os.close(before)
    for _ in range(3):
        with quiet():
            pass
    after = os.dup(2)
    os.close(after)
    assert after == before
