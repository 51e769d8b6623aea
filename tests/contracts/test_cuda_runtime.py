"""What every CUDA runtime promises: the stand-in always, the real ones where there is a GPU.

tests/test_cuda_opening.py runs the real ones without a GPU too, over a driver that computes on the host."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

from engines.cuda.runtime import CudaRuntime, Graph, Kernel, Pinned
from engines.errors import EngineError, ModelRejected, OutOfMemory
from tests.cuda_makers import Maker, fake, real


@pytest.fixture(params=["fake", *(pytest.param(name, marks=pytest.mark.gpu) for name in ("pycuda", "bindings"))])
def maker(request: pytest.FixtureRequest) -> Maker:
    return fake() if request.param == "fake" else real(request.param)


@pytest.fixture
def cuda(maker: Maker) -> Iterator[CudaRuntime]:
    with maker.runtime() as runtime:
        yield runtime


def filled(runtime: CudaRuntime, values: Sequence[float]) -> Pinned:
    pinned = runtime.pinned((len(values),), np.float32)
    pinned.array[:] = values
    return pinned


def launch_add(kernel: Kernel, runtime: CudaRuntime, address: int) -> None:
    stream = runtime.stream()
    kernel.launch(stream, (1, 1, 1), (1, 1, 1), (np.uint64(address), np.float32(1), np.int32(1)))
    stream.wait()


def test_it_says_what_the_device_is(cuda: CudaRuntime) -> None:
    device = cuda.device
    assert (device.index, bool(device.name.strip())) == (0, True)
    assert (3, 0) <= device.capability < (30, 0)
    assert device.memory >= 1 << 28
    assert device.driver >= 11000


def test_bytes_make_the_round_trip(cuda: CudaRuntime) -> None:
    stream, buffer = cuda.stream(), cuda.allocate(1 << 16)
    there, back = cuda.pinned((4, 4096), np.uint32), cuda.pinned((4, 4096), np.uint32)
    there.array[:] = np.random.default_rng(1).integers(0, 1 << 32, (4, 4096), np.uint32)
    cuda.upload(buffer, there, 1 << 16, stream)
    cuda.download(back, buffer, 1 << 16, stream)
    stream.wait()
    np.testing.assert_array_equal(back.array, there.array)


def test_only_the_first_bytes_are_copied(cuda: CudaRuntime) -> None:
    stream, buffer = cuda.stream(), cuda.allocate(12)
    ones, twos, back = filled(cuda, [1, 1, 1]), filled(cuda, [2, 2, 2]), filled(cuda, [0, 0, 0])
    cuda.upload(buffer, ones, 12, stream)
    cuda.upload(buffer, twos, 4, stream)
    cuda.download(back, buffer, 8, stream)
    stream.wait()
    assert back.array.tolist() == [2, 1, 0]


def test_work_of_a_stream_is_done_in_order(cuda: CudaRuntime, maker: Maker) -> None:
    stream, buffer, kernel = cuda.stream(), cuda.allocate(8), cuda.kernel(maker.cubin, "add")
    there, early, late = filled(cuda, [1, 2]), filled(cuda, [0, 0]), filled(cuda, [0, 0])
    arguments = np.uint64(buffer.address), np.float32(0.5), np.int32(2)
    cuda.upload(buffer, there, 8, stream)
    kernel.launch(stream, (1, 1, 1), (2, 1, 1), arguments)
    cuda.download(early, buffer, 8, stream)
    kernel.launch(stream, (1, 1, 1), (1, 1, 1), arguments)
    cuda.download(late, buffer, 8, stream)
    stream.wait()
    assert early.array.tolist() == [1.5, 2.5]
    assert late.array.tolist() == [2, 2.5]


def test_a_graph_does_its_work_again_with_what_the_memory_holds_then(cuda: CudaRuntime, maker: Maker) -> None:
    stream, buffer, kernel = cuda.stream(), cuda.allocate(8), cuda.kernel(maker.cubin, "add")
    there, back = filled(cuda, [1, 2]), filled(cuda, [0, 0])
    with cuda.record(stream) as recording:
        cuda.upload(buffer, there, 8, stream)
        kernel.launch(stream, (1, 1, 1), (2, 1, 1), (np.uint64(buffer.address), np.float32(10), np.int32(2)))
        cuda.download(back, buffer, 8, stream)
    stream.wait()
    assert back.array.tolist() == [0, 0]  # recorded, not done
    graph: Graph = recording.graph
    for values in ([1, 2], [-3, 4]):
        there.array[:] = values
        graph.launch(stream)
        stream.wait()
        assert back.array.tolist() == [value + 10 for value in values]
    for _ in range(2):
        graph.free()
    with pytest.raises(RuntimeError, match="freed"):
        graph.launch(stream)


def test_what_is_impossible_while_recording_is_refused_and_spoils_nothing(cuda: CudaRuntime) -> None:
    stream, buffer, there = cuda.stream(), cuda.allocate(8), filled(cuda, [1, 2])
    with cuda.record(stream) as recording:
        cuda.upload(buffer, there, 8, stream)
        refusals: list[Callable[[], object]] = [stream.wait, buffer.free, lambda: cuda.allocate(8)]
        for refused in refusals:
            with pytest.raises(RuntimeError, match="while a graph is recorded"):
                refused()
        with pytest.raises(RuntimeError, match="only once the recording has ended"):
            _ = recording.graph
    recording.graph.launch(stream)
    stream.wait()


def test_an_error_while_recording_leaves_a_usable_stream(cuda: CudaRuntime) -> None:
    stream, buffer, there, back = cuda.stream(), cuda.allocate(4), filled(cuda, [7]), filled(cuda, [0])
    with suppress(ZeroDivisionError), cuda.record(stream) as recording:
        cuda.upload(buffer, there, 4, stream)
        raise ZeroDivisionError
    with pytest.raises(RuntimeError, match="without an error"):
        _ = recording.graph
    cuda.upload(buffer, there, 4, stream)
    cuda.download(back, buffer, 4, stream)
    stream.wait()
    assert back.array.tolist() == [7]


def test_a_kernel_gets_its_arguments_grid_and_block(cuda: CudaRuntime, maker: Maker) -> None:
    stream, buffer = cuda.stream(), cuda.allocate(4 * 300)
    there, back = filled(cuda, [0.0] * 300), filled(cuda, [9.0] * 300)
    cuda.upload(buffer, there, 1200, stream)
    kernel, arguments = cuda.kernel(maker.cubin, "add"), (np.uint64(buffer.address), np.float32(1.25), np.int32(290))
    kernel.launch(stream, (3, 1, 1), (128, 1, 1), arguments)
    cuda.download(back, buffer, 1200, stream)
    stream.wait()
    assert back.array.tolist() == [1.25] * 290 + [0.0] * 10


def test_a_kernel_that_is_not_there_is_refused(cuda: CudaRuntime, maker: Maker) -> None:
    with pytest.raises(ModelRejected):
        cuda.kernel(maker.cubin, "subtract")
    launch_add(cuda.kernel(maker.cubin, "add"), cuda, cuda.allocate(4).address)


def test_more_than_the_device_has_is_out_of_memory_and_less_works_again(cuda: CudaRuntime) -> None:
    with pytest.raises(OutOfMemory, match="memory"):
        cuda.allocate(cuda.device.memory + (1 << 40))
    cuda.allocate(1 << 20).free()


def test_freeing_twice_does_nothing(cuda: CudaRuntime) -> None:
    for thing in (cuda.allocate(100), cuda.pinned((100,), np.uint8)):
        thing.free()
        thing.free()


def test_freed_memory_is_refused(cuda: CudaRuntime) -> None:
    stream, buffer, pinned = cuda.stream(), cuda.allocate(4), cuda.pinned((4,), np.uint8)
    gone, gone_too = cuda.allocate(4), cuda.pinned((4,), np.uint8)
    gone.free()
    gone_too.free()
    refusals: list[Callable[[], object]] = [
        lambda: cuda.upload(gone, pinned, 4, stream),
        lambda: cuda.upload(buffer, gone_too, 4, stream),
        lambda: gone_too.array,
    ]
    for refused in refusals:
        with pytest.raises(RuntimeError, match="freed"):
            refused()


@pytest.mark.parametrize("size", [0, -1, 5, 1 << 20])
def test_copies_stay_within_both_ends(cuda: CudaRuntime, size: int) -> None:
    stream, buffer, pinned = cuda.stream(), cuda.allocate(4), cuda.pinned((8,), np.uint8)
    with pytest.raises(RuntimeError, match=f"{size} bytes between"):
        cuda.upload(buffer, pinned, size, stream)
    with pytest.raises(RuntimeError, match=f"{size} bytes between"):
        cuda.download(pinned, buffer, size, stream)


def test_nothing_of_no_size_is_allocated(cuda: CudaRuntime) -> None:
    with pytest.raises(RuntimeError, match="1 byte at least"):
        cuda.allocate(0)
    with pytest.raises(RuntimeError, match="1 byte at least"):
        cuda.pinned((3, 0), np.float32)


def test_things_of_another_runtime_are_refused(cuda: CudaRuntime, maker: Maker) -> None:
    stream, buffer, pinned = cuda.stream(), cuda.allocate(4), cuda.pinned((4,), np.uint8)
    with maker.runtime() as other:
        its_stream, its_buffer, its_pinned = other.stream(), other.allocate(4), other.pinned((4,), np.uint8)
        for ends in (
            (buffer, its_pinned, 4, its_stream),
            (its_buffer, pinned, 4, its_stream),
            (its_buffer, its_pinned, 4, stream),
        ):
            with pytest.raises(RuntimeError, match="runtime"):
                other.upload(*ends)


def test_it_is_refused_in_another_thread(cuda: CudaRuntime) -> None:
    stream, buffer, pinned = cuda.stream(), cuda.allocate(4), cuda.pinned((4,), np.uint8)
    with ThreadPoolExecutor(1) as elsewhere:
        refusals: list[Callable[[], object]] = [
            lambda: cuda.allocate(4),
            lambda: cuda.upload(buffer, pinned, 4, stream),
            stream.wait,
            buffer.free,
            lambda: cuda.__exit__(None, None, None),
        ]
        for refused in refusals:
            with pytest.raises(RuntimeError, match="thread"):
                elsewhere.submit(refused).result()
    cuda.upload(buffer, pinned, 4, stream)
    stream.wait()


def test_it_is_refused_before_entering_and_after_leaving(maker: Maker) -> None:
    runtime = maker.runtime()
    with pytest.raises(RuntimeError, match="not entered"):
        runtime.allocate(4)
    with runtime:
        buffer, stream = runtime.allocate(4), runtime.stream()
        with pytest.raises(RuntimeError, match="entered already"):
            runtime.__enter__()
    for refused in (lambda: runtime.allocate(4), stream.wait):
        with pytest.raises(RuntimeError, match="not entered"):
            refused()
    buffer.free()  # was freed by leaving


def test_two_threads_have_a_runtime_each(maker: Maker) -> None:
    both_there = threading.Barrier(2, timeout=20)

    def work(number: int) -> list[float]:
        with maker.runtime() as runtime:
            buffer, stream = runtime.allocate(8), runtime.stream()
            there, back = filled(runtime, [number, 2 * number]), filled(runtime, [0, 0])
            both_there.wait()
            runtime.upload(buffer, there, 8, stream)
            runtime.download(back, buffer, 8, stream)
            stream.wait()
            both_there.wait()
            return [float(value) for value in back.array]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(work, (3, 5))) == [[3, 6], [5, 10]]


def test_a_launch_that_no_device_can_do_is_refused(cuda: CudaRuntime, maker: Maker) -> None:
    kernel, stream, buffer = cuda.kernel(maker.cubin, "add"), cuda.stream(), cuda.allocate(4)
    with pytest.raises((EngineError, RuntimeError)):
        kernel.launch(stream, (1, 1, 1), (4096, 1, 1), (np.uint64(buffer.address), np.float32(1), np.int32(1)))
    launch_add(kernel, cuda, buffer.address)  # the device is still there
