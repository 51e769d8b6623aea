"""The stand-in for a GPU is strict where a real one would silently go wrong; what both promise is in contracts/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engines.errors import DeviceLost, OutOfMemory
from tests.cuda_fake import FakeRuntime, Misuse
from tests.cuda_memory import FREED, FRESH


@pytest.fixture
def gpu() -> Iterator[FakeRuntime]:
    with FakeRuntime() as runtime:
        yield runtime


def test_a_download_is_not_there_before_its_stream_was_waited_for(gpu: FakeRuntime) -> None:
    stream, buffer, back = gpu.stream(), gpu.allocate(4), gpu.pinned((4,), np.uint8)
    back.array[:] = 1
    gpu.view(buffer.address, 4)[:] = 2
    gpu.download(back, buffer, 4, stream)
    assert back.array.tolist() == [1] * 4
    stream.wait()
    assert back.array.tolist() == [2] * 4


def test_waiting_for_one_stream_does_nothing_for_another(gpu: FakeRuntime) -> None:
    one, other, buffer, back = gpu.stream(), gpu.stream(), gpu.allocate(1), gpu.pinned((1,), np.uint8)
    back.array[:] = 1
    gpu.download(back, buffer, 1, one)
    other.wait()
    assert back.array.tolist() == [1]


def test_a_source_that_changes_too_early_is_noticed(gpu: FakeRuntime) -> None:
    stream, buffer, there = gpu.stream(), gpu.allocate(4), gpu.pinned((4,), np.uint8)
    there.array[:] = 1
    gpu.upload(buffer, there, 3, stream)
    there.array[3] = 9  # beyond what is uploaded
    stream.wait()
    gpu.upload(buffer, there, 3, stream)
    there.array[2] = 9
    with pytest.raises(Misuse, match="changed before its stream was waited for"):
        stream.wait()


@pytest.mark.parametrize("which", ["buffer", "pinned"])
def test_freeing_what_a_stream_still_needs_is_noticed(gpu: FakeRuntime, which: str) -> None:
    stream, buffer, pinned = gpu.stream(), gpu.allocate(4), gpu.pinned((4,), np.uint8)
    gpu.upload(buffer, pinned, 4, stream)
    free = buffer.free if which == "buffer" else pinned.free
    free()
    with pytest.raises(Misuse, match="after it was freed"):
        stream.wait()


def test_plain_memory_of_the_host_is_not_copied(gpu: FakeRuntime) -> None:
    plain: Any = np.zeros(4, np.uint8)
    with pytest.raises(Misuse, match="between a buffer and pinned memory, got FakeBuffer and ndarray"):
        gpu.upload(gpu.allocate(4), plain, 4, gpu.stream())


def test_fresh_and_freed_memory_is_no_memory_of_zeros(gpu: FakeRuntime) -> None:
    buffer, pinned = gpu.allocate(4), gpu.pinned((4,), np.uint8)
    kept, kept_too = gpu.view(buffer.address, 4), pinned.array
    assert kept.tolist() == kept_too.tolist() == [FRESH] * 4
    buffer.free()
    pinned.free()
    assert kept.tolist() == kept_too.tolist() == [FREED] * 4


def test_addresses_resolve_only_within_one_live_buffer(gpu: FakeRuntime) -> None:
    buffer, next_one = gpu.allocate(300), gpu.allocate(300)
    gpu.view(buffer.address + 100, 200)[:] = 7
    assert gpu.view(buffer.address, 300).tolist() == [FRESH] * 100 + [7] * 200
    for address, size, reason in (
        (buffer.address + 100, 201, "reach beyond a buffer of 300"),
        (buffer.address + 300, 1, "no device memory"),
        (next_one.address - 1, 1, "no device memory"),
        (0, 1, "no device memory"),
    ):
        with pytest.raises(Misuse, match=reason):
            gpu.view(address, size)
    buffer.free()
    with pytest.raises(Misuse, match="used after it was freed"):
        gpu.view(buffer.address, 1)
    assert gpu.allocate(300).address != buffer.address


def test_a_library_puts_work_into_a_stream_by_its_handle(gpu: FakeRuntime) -> None:
    stream, done = gpu.stream(), []
    gpu.enqueue(stream.handle, lambda: done.append(1))
    assert not done
    stream.wait()
    assert done == [1]
    with gpu.record(stream) as recording:
        gpu.enqueue(stream.handle, lambda: done.append(2))
    recording.graph.launch(stream)
    recording.graph.launch(stream)
    stream.wait()
    assert done == [1, 2, 2]
    with pytest.raises(Misuse, match="no stream of this runtime"):
        gpu.enqueue(0, lambda: None)


def test_a_kernel_is_launched_with_numpy_scalars_and_possible_sizes(gpu: FakeRuntime) -> None:
    gpu.kernels["none"] = lambda *_: None
    kernel, stream = gpu.kernel(b"cubin", "none"), gpu.stream()
    bad: Any = (3,)
    with pytest.raises(Misuse, match=r"numpy scalars, got \['int'\]"):
        kernel.launch(stream, (1, 1, 1), (1, 1, 1), bad)
    for grid, block, reason in (
        ((0, 1, 1), (1, 1, 1), "grid must be"),
        ((1, 65536, 1), (1, 1, 1), "grid must be"),
        ((1, 1, 1), (1, 1, 65), "block must be"),
        ((1, 1, 1), (32, 33, 1), "at most 1024 threads"),
    ):
        with pytest.raises(Misuse, match=reason):
            kernel.launch(stream, grid, block, ())


def test_memory_is_as_small_as_wanted() -> None:
    with FakeRuntime(memory=100, host=10) as gpu:
        first = gpu.allocate(60)
        with pytest.raises(OutOfMemory, match="41 bytes wanted of the device's memory, 40 left"):
            gpu.allocate(41)
        first.free()
        assert gpu.used == 0
        assert gpu.allocate(100).size == gpu.used
        gpu.pinned((10,), np.uint8)
        with pytest.raises(OutOfMemory, match="pinned"):
            gpu.pinned((1,), np.uint8)


def test_a_lost_device_fails_from_the_wanted_call_on_and_can_be_left() -> None:
    with FakeRuntime() as gpu:
        stream, buffer = gpu.stream(), gpu.allocate(4)
        gpu.lose(after=1)
        gpu.allocate(1)
        for refused in (lambda: gpu.allocate(1), stream.wait, gpu.stream):
            with pytest.raises(DeviceLost):
                refused()
        buffer.free()
    assert gpu.leaks == ("FakeBuffer of 1 bytes",)


def test_work_that_loses_the_device_loses_it_for_good(gpu: FakeRuntime) -> None:
    def fail() -> None:
        raise DeviceLost("an illegal memory access")

    stream = gpu.stream()
    gpu.enqueue(stream.handle, fail)
    with pytest.raises(DeviceLost, match="illegal"):
        stream.wait()
    with pytest.raises(DeviceLost, match="Fake GPU is lost"):
        gpu.allocate(1)


def test_what_was_not_freed_is_told() -> None:
    with FakeRuntime() as gpu:
        gpu.allocate(3).free()
        gpu.allocate(5)
        gpu.pinned((2, 3), np.float32)
        with gpu.record(gpu.stream()):
            pass
    assert gpu.leaks == ("FakeBuffer of 5 bytes", "FakePinned of 24 bytes", "FakeGraph")
    assert gpu.calls["allocate"] == 2


def test_the_context_of_another_runtime_must_not_be_current(gpu: FakeRuntime) -> None:
    with FakeRuntime() as other:
        with pytest.raises(Misuse, match="the context of another runtime is current"):
            gpu.allocate(1)
        with pytest.raises(Misuse, match="the last entered first"):
            gpu.__exit__(None, None, None)
        other.allocate(1)
    gpu.allocate(1)
