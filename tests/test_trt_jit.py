"""What TensorRT-RTX compiles on the machine that runs it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.cuda_fake import FakeRuntime
from tests.trt_places import Bench


@pytest.fixture
def rtx() -> Iterator[Bench]:
    with FakeRuntime(memory=1 << 20) as device:
        bench = Bench(device, "rtx")
        yield bench
    assert device.leaks == ()
    assert bench.module.misuses == []


def once(bench: Bench, file: Path) -> list[str]:
    """What was compiled for a run of 2 rows by a network with that file."""
    bench.module.compiled.clear()
    network, stream = bench.network(jit_cache=file), bench.device.stream()
    network.prepare([{"x": (2, 2)}])
    bench.run(network, np.ones((2, 2), np.float32), stream)
    network.close()
    return list(bench.module.compiled)


def test_what_was_compiled_is_kept_for_this_user_alone(rtx: Bench, tmp_path: Path) -> None:
    file = tmp_path / "made" / "scaling.jit"
    assert once(rtx, file) == ["[('x', (2, 2))]"]
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.stat()
    assert once(rtx, file) == []
    assert file.stat().st_ino == before.st_ino, "unchanged, so it is not written again"
    assert [one.name for one in file.parent.iterdir()] == ["scaling.jit"]


def test_more_of_it_is_added(rtx: Bench, tmp_path: Path) -> None:
    file = tmp_path / "scaling.jit"
    once(rtx, file)
    network, stream = rtx.network(jit_cache=file), rtx.device.stream()
    network.prepare([{"x": (3, 2)}])
    rtx.run(network, np.ones((3, 2), np.float32), stream)
    network.close()
    assert b"(2, 2)" in file.read_bytes()
    assert b"(3, 2)" in file.read_bytes()


def test_a_cache_of_another_version_is_made_anew(rtx: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "scaling.jit"
    file.write_bytes(b'["1.0", []]')
    file.chmod(0o600)
    with caplog.at_level(logging.INFO):
        assert len(once(rtx, file)) == 1
    assert "another version or GPU" in caplog.text
    assert once(rtx, file) == []


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no owners of files")
def test_a_cache_that_others_may_write_is_not_read(
    rtx: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "scaling.jit"
    once(rtx, file)
    file.chmod(0o620)
    assert len(once(rtx, file)) == 1
    assert "another user may write it" in caplog.text
    assert file.stat().st_mode & 0o777 == 0o600, "written anew"


def test_a_place_where_nothing_can_be_kept_is_logged(
    rtx: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    assert len(once(rtx, tmp_path / "file" / "scaling.jit")) == 1
    assert "cannot be kept" in caplog.text
    directory = tmp_path / "scaling.jit"
    directory.mkdir()
    once(rtx, directory)
    assert "cannot be read" in caplog.text


def test_it_compiles_before_the_first_run_and_captures_by_itself(rtx: Bench) -> None:
    network, stream = rtx.network(), rtx.device.stream()
    network.prepare([{"x": (2, 2)}, {"x": (4, 2)}])
    pieces = [rtx.device.allocate(32) for _ in "xy"]
    addresses = dict(zip("xy", (piece.address for piece in pieces), strict=True))
    for _ in range(3):
        for count in (2, 4):
            network.enqueue({"x": (count, 2)}, addresses, stream)
        stream.wait()
    assert rtx.module.runs == {"run": 2, "capture": 2, "replay": 2}, "each shape has a context of its own"
    network.close()
    for piece in pieces:
        piece.free()
