from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engines.base import TensorSpec
from engines.errors import EngineError, EngineUnavailable, OutOfMemory
from engines.trt_network import DeviceNetwork, Range, Shape
from tests.cuda_fake import FakeRuntime
from tests.tiny_models import pooling, scaling
from tests.trt_fake import VARIANTS, Variant, plan, rows
from tests.trt_places import Bench


@pytest.fixture(params=VARIANTS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with FakeRuntime(memory=1 << 20) as device:
        bench = Bench(device, request.param)
        yield bench
    assert device.leaks == ()
    assert bench.module.misuses == []
    assert +bench.module.alive == {}


def test_it_says_what_goes_in_and_comes_out(bench: Bench) -> None:
    network = bench.network()
    assert network.inputs == (TensorSpec("x", "float32", (-1, 2)),)
    assert network.outputs == (TensorSpec("y", "float32", (-1, 2)),)
    assert network.ranges == {"x": Range((1, 2), (8, 2), (32, 2))}
    assert network.captures == (bench.variant == "rtx")
    network.close()


def test_a_size_that_is_the_same_in_the_whole_profile_is_fixed(bench: Bench) -> None:
    shapes: dict[str, tuple[Shape, Shape, Shape]] = {"x": ((1, 3, 8, 6), (4, 3, 8, 6), (4, 3, 8, 6))}
    network = bench.network(plan(pooling(), shapes, variant=bench.variant))
    assert network.inputs == (TensorSpec("x", "float32", (-1, 3, 8, 6)),)
    assert network.outputs == (TensorSpec("y", "float32", (-1, 3)),)
    network.close()


def test_addresses_in_addresses_out(bench: Bench) -> None:
    network, stream = bench.network(bench.plan(scratch=300)), bench.device.stream()
    network.prepare([{"x": (1, 2)}, {"x": (5, 2)}])
    assert network.output_shapes({"x": (5, 2)}) == {"y": (5, 2)}
    for count in (5, 1, 5):
        x = np.random.default_rng(count).random((count, 2), np.float32)
        np.testing.assert_allclose(bench.run(network, x, stream), 3 * x)
    network.close()


def test_scratch_memory_is_one_and_as_large_as_the_largest_needs(bench: Bench) -> None:
    network = bench.network(bench.plan(scratch=1000))
    network.prepare([{"x": (2, 2)}, {"x": (8, 2)}, {"x": (4, 2)}])
    assert bench.device.used == 8000
    network.prepare([{"x": (4, 2)}])
    assert bench.device.used == 4000
    network.close()
    assert bench.device.used == 0


def test_too_large_a_batch_is_out_of_memory_and_a_smaller_one_goes(bench: Bench) -> None:
    network, stream = bench.network(bench.plan(scratch=1 << 16)), bench.device.stream()
    with pytest.raises(OutOfMemory, match="left"):
        network.prepare([{"x": (1, 2)}, {"x": (32, 2)}])
    network.prepare([{"x": (8, 2)}])
    assert (bench.run(network, np.ones((8, 2), np.float32), stream) == 3).all()
    network.close()


def test_shapes_must_be_prepared_and_of_the_profile(bench: Bench) -> None:
    network, stream = bench.network(), bench.device.stream()
    with pytest.raises(ValueError, match=r"built for x \(1, 2\)…\(32, 2\), got \{'x': \(33, 2\)\}"):
        network.prepare([{"x": (33, 2)}])
    with pytest.raises(ValueError, match=r"built for x .* got \{\}"):
        network.prepare([{}])
    network.prepare([{"x": (2, 2)}])
    with pytest.raises(ValueError, match=r"prepared for \[\{'x': \(2, 2\)\}\], not for \{'x': \(4, 2\)\}"):
        network.enqueue({"x": (4, 2)}, {"x": 1, "y": 2}, stream)
    network.close()


def test_every_tensor_needs_an_address(bench: Bench) -> None:
    network, stream = bench.network(), bench.device.stream()
    network.prepare([{"x": (2, 2)}])
    with pytest.raises(ValueError, match=r"needs addresses of \['x', 'y'\], got \['x'\]"):
        network.enqueue({"x": (2, 2)}, {"x": 1}, stream)
    network.close()


def test_runs_of_one_network_are_in_one_stream(bench: Bench) -> None:
    network = bench.network()
    network.prepare([{"x": (2, 2)}])
    bench.run(network, np.ones((2, 2), np.float32), bench.device.stream())
    with pytest.raises(ValueError, match="in one stream"):
        bench.run(network, np.ones((2, 2), np.float32), bench.device.stream())
    network.close()
    bench.device.__exit__(None, None, None)  # what the second run left
    bench.device.__enter__()


@pytest.mark.parametrize(
    ("step", "words", "message"),
    [
        ("runtime", "no CUDA driver", "cannot load scaling: no CUDA driver"),
        ("load", "cudaError 35: no GPU\n", "cannot load scaling: cudaError 35: no GPU"),
        ("create", "no kernel image", "cannot prepare scaling: no kernel image"),
        ("shape", "bad dimension", "cannot prepare scaling: bad dimension"),
    ],
)
def test_a_refusal_is_unavailable_with_the_librarys_words(bench: Bench, step: str, words: str, message: str) -> None:
    bench.module.fails[step] = words
    with pytest.raises(EngineUnavailable) as caught:
        bench.network()
    assert str(caught.value).endswith(message)
    assert str(caught.value).startswith(f"{bench.library.kind} {bench.library.version} ")
    assert not isinstance(caught.value, OutOfMemory)
    bench.module.fails.clear()
    bench.network().close()


def test_no_word_from_the_library_is_said_too(bench: Bench) -> None:
    bench.module.fails["load"] = ""
    with pytest.raises(EngineUnavailable, match="cannot load scaling: it did not say why"):
        bench.network()


@pytest.mark.parametrize("step", ["load", "create"])
def test_a_library_that_is_out_of_memory(bench: Bench, step: str) -> None:
    bench.module.fails[step] = "Requested amount of GPU memory (134217728 bytes): Error Code 2: OutOfMemory"
    with pytest.raises(OutOfMemory, match="134217728"):
        bench.network()


@pytest.mark.parametrize("data", [b"", b"no plan at all", b"ftrt" * 100])
def test_what_is_no_plan_is_unavailable(bench: Bench, data: bytes) -> None:
    with pytest.raises(EngineUnavailable, match="magicTag"):
        DeviceNetwork(bench.library, bench.device, data, "m")


def test_a_plan_of_another_version_is_unavailable(bench: Bench) -> None:
    other: Variant = "11" if bench.variant == "10" else "10"
    with pytest.raises(EngineUnavailable, match="not compatible with this version"):
        bench.network(plan(scaling(), rows("x", 2), variant=other))


@pytest.mark.parametrize("step", ["execute", "address"])
def test_a_run_that_is_refused_raises_and_the_next_one_works(bench: Bench, step: str) -> None:
    network, stream = bench.network(), bench.device.stream()
    network.prepare([{"x": (2, 2)}])
    pieces = [bench.device.allocate(16) for _ in "xy"]
    addresses = dict(zip("xy", (piece.address for piece in pieces), strict=True))
    for words, kind in (("myelin failed", EngineError), ("cudaMalloc: out of memory", OutOfMemory)):
        bench.module.fails = {step: words}
        with pytest.raises(EngineError, match=f"cannot run scaling: {words}") as caught:
            network.enqueue({"x": (2, 2)}, addresses, stream)
        assert caught.type is kind
    bench.module.fails = {}
    assert (bench.run(network, np.ones((2, 2), np.float32), stream) == 3).all()
    network.close()
    for piece in pieces:
        piece.free()


def test_tensors_that_this_adapter_cannot_feed(bench: Bench) -> None:
    bench.module.host = frozenset("y")
    with pytest.raises(EngineUnavailable, match="y in the host's memory"):
        bench.network()
    bench.module.host, bench.module.bf16 = frozenset(), frozenset("x")
    with pytest.raises(EngineUnavailable, match=r"x is of DataType\.BF16, which numpy has not"):
        bench.network()


def test_closing_twice_is_fine(bench: Bench) -> None:
    network = bench.network()
    network.prepare([{"x": (1, 2)}])
    network.close()
    network.close()
    with pytest.raises(ValueError, match="prepared for"):
        network.output_shapes({"x": (1, 2)})
