"""Plans by the real builder of TensorRT-RTX, which needs no GPU; and by a stand-in, where the real one cannot fail."""

from __future__ import annotations

import functools
import importlib.util
import logging
from collections import Counter
from typing import Any

import numpy as np
import pytest
from onnx import helper

from engines.errors import EngineError, EngineUnavailable, ModelRejected, OutOfMemory
from engines.trt_build import BuildSettings, Sizes, build
from engines.trt_capabilities import accepted_capabilities
from engines.trt_library import Library, library
from tests.tiny_models import hidden_external, onnx_model, pooling, scaling
from tests.trt_builder_fake import BareTensorRt, FakeTensorRt
from tests.weights import weights

VGA = Sizes((480, 640), (480, 640), (640, 640))
SETTINGS = {
    "groupmood": BuildSettings(),
    "mini_xception": BuildSettings(),
    "yunet": BuildSettings(1, 1, sizes=VGA),
    "centerface": BuildSettings(1, 1, sizes=VGA),
}
PORTS = {
    "groupmood": ([(-1, 1, 48, 48)], [(-1, 8)]),
    "mini_xception": ([(-1, 1, 64, 64)], [(-1, 7)]),
    "yunet": ([(-1, 3, -1, -1)], [(-1, -1, channels) for channels in (1, 1, 1, 1, 1, 1, 4, 4, 4, 10, 10, 10)]),
    "centerface": ([(1, 3, -1, -1)], [(1, channels, -1, -1) for channels in (1, 2, 2, 10)]),
}


@functools.cache
def model(name: str, precision: str) -> bytes:
    data = weights(name)
    if name == "centerface":
        from streamer.detectors.centerface import dynamic

        data = dynamic(data)
    if precision == "fp32":
        return data
    from engines.fp16 import half

    return half(data, name)


@pytest.fixture(scope="module")
def rtx() -> Library:
    if importlib.util.find_spec("tensorrt_rtx") is None:
        pytest.skip("needs tensorrt_rtx: pip install 'groupmood[rtx]'")
    return library("tensorrt_rtx", device=False)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("name", SETTINGS)
def test_every_shipped_model_is_built(name: str, precision: str, rtx: Library) -> None:
    given = model(name, precision)
    built = build(rtx, given, name, SETTINGS[name])
    assert len(built.plan) > 0.5 * len(given)
    assert 0 < built.seconds < 60
    assert built.timing == b"", "RTX times nothing"


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("name", SETTINGS)
def test_the_network_takes_and_gives_float32_and_computes_in_its_type(name: str, precision: str, rtx: Library) -> None:
    module = rtx.module
    builder = module.Builder(rtx.log)
    network = builder.create_network(1 << int(module.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = module.OnnxParser(network, rtx.log)
    assert parser.parse(model(name, precision))
    inputs = [network.get_input(i) for i in range(network.num_inputs)]
    outputs = [network.get_output(i) for i in range(network.num_outputs)]
    assert [tuple(port.shape) for port in inputs] == PORTS[name][0]
    assert [tuple(port.shape) for port in outputs] == PORTS[name][1]
    assert {port.dtype for port in (*inputs, *outputs)} == {module.float32}
    types = Counter(layer.get_output(0).dtype for layer in convolutions(module, network))
    assert set(types) == {module.float32 if precision == "fp32" else module.float16}


def convolutions(module: Any, network: Any) -> list[Any]:
    layers = [network.get_layer(i) for i in range(network.num_layers)]
    return [layer for layer in layers if layer.type == module.LayerType.CONVOLUTION]


def test_half_precision_makes_a_smaller_plan(rtx: Library) -> None:
    full, halved = (len(build(rtx, model("groupmood", kind), "m", BuildSettings()).plan) for kind in ("fp32", "fp16"))
    assert halved < 0.8 * full


def test_warnings_are_kept(rtx: Library) -> None:
    built = build(rtx, model("yunet", "fp32"), "yunet", SETTINGS["yunet"])
    assert any("initializer" in warning for warning in built.warnings), "the file has an empty one with data"


def test_progress_rises_from_nothing_to_the_end(rtx: Library) -> None:
    told: list[tuple[float, str]] = []
    build(rtx, scaling(), "tiny", BuildSettings(), lambda share, what: told.append((share, what)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], told[-1]) == (0.0, (1.0, "done"))
    assert len(set(shares)) > 10
    assert max(np.diff(shares)) < 0.5
    assert any("graph" in what for _, what in told)


class Enough(Exception):
    pass


@pytest.mark.parametrize("error", [Enough("enough"), KeyboardInterrupt()])
def test_a_callback_that_raises_ends_the_build(error: BaseException, rtx: Library) -> None:
    told: list[float] = []

    def enough(share: float, _: str) -> None:
        told.append(share)
        if len(told) == 5:
            raise error

    with rtx.journal.listen() as heard, pytest.raises(type(error)) as caught:
        build(rtx, scaling(), "tiny", BuildSettings(), enough)
    assert any("Build canceled by user" in said.text for said in heard), "TensorRT itself stopped"
    assert caught.value is error
    assert len(told) == 5, "it is not asked again"
    assert build(rtx, scaling(), "tiny", BuildSettings()).plan, "and the next build works"


def test_an_error_at_the_very_end_comes_out_too(rtx: Library) -> None:
    def at_the_end(_: float, what: str) -> None:
        if what == "done":
            raise Enough

    with pytest.raises(Enough):
        build(rtx, scaling(), "tiny", BuildSettings(), at_the_end)


def test_the_parsers_errors_are_all_told(rtx: Library) -> None:
    nodes = [helper.make_node("NoSuchThing", ["x"], ["y"]), helper.make_node("NorThis", ["y"], ["z"])]
    with pytest.raises(ModelRejected, match=r"cannot read odd: .*NoSuchThing.*; .*NorThis"):
        build(rtx, onnx_model(nodes, {"x": ["N", 2]}, {"z": ["N", 2]}), "odd", BuildSettings())


@pytest.mark.parametrize("given", [scaling(external=True), hidden_external()])
def test_weights_in_other_files_are_refused_before_tensorrt_sees_them(given: bytes) -> None:
    fake = FakeTensorRt()
    with pytest.raises(ModelRejected, match="keeps weights in other files"):
        build(fake.library(), given, "linked", BuildSettings())
    assert fake.calls == []


def test_a_file_that_is_no_network_is_refused(rtx: Library) -> None:
    with pytest.raises(ModelRejected, match="text is not an ONNX file"):
        build(rtx, b"not a network", "text", BuildSettings())


def test_free_picture_sizes_need_sizes(rtx: Library) -> None:
    with pytest.raises(ModelRejected, match=r"pool: x takes pictures of any size \(-1, 3, -1, -1\).*`sizes`"):
        build(rtx, pooling(), "pool", BuildSettings())
    assert build(rtx, pooling(), "pool", BuildSettings(sizes=VGA)).plan


def test_another_free_axis_is_refused(rtx: Library) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    with pytest.raises(ModelRejected, match=r"free: x has the shape \(-1, 2, -1\): only the batch"):
        build(rtx, onnx_model(nodes, {"x": ["N", 2, "M"]}, {"y": ["N", 2, "M"]}), "free", BuildSettings(sizes=VGA))


def test_a_fixed_network_needs_no_profile(rtx: Library) -> None:
    nodes = [helper.make_node("Relu", ["x"], ["y"])]
    assert build(rtx, onnx_model(nodes, {"x": [1, 2]}, {"y": [1, 2]}), "fixed", BuildSettings()).plan


def test_without_a_gpu_a_plan_cannot_be_opened_and_the_reason_is_heard(rtx: Library) -> None:
    try:
        library("tensorrt_rtx")
    except EngineUnavailable:
        pass
    else:
        pytest.skip("this machine has an NVIDIA GPU")
    plan = build(rtx, scaling(), "tiny", BuildSettings()).plan
    runtime = rtx.module.Runtime(rtx.log)
    with rtx.journal.listen() as heard:
        assert runtime.deserialize_cuda_engine(plan) is None
    assert any("driver version is insufficient" in said.text for said in heard)


def test_what_rtx_builds_for_is_found_out_by_asking_it(rtx: Library) -> None:
    found = accepted_capabilities(rtx)
    building = {capability for capability, word in found.items() if word == "builds"}
    assert building >= {"7.5", "8.6", "8.9", "12.0"}
    assert all("does not build for compute capability" in found[capability] for capability in found.keys() - building)
    assert found.keys() >= {"8.0", "9.0", "10.0"}


def test_plans_for_chosen_gpus_are_built_and_others_refused(rtx: Library) -> None:
    assert build(rtx, scaling(), "tiny", BuildSettings(capabilities=("7.5", "8.6"))).plan
    with pytest.raises(EngineUnavailable, match=r"does not build for compute capability 7.0, only for 7.5, 8.0"):
        build(rtx, scaling(), "tiny", BuildSettings(capabilities=("7.5", "7.0")))
    with pytest.raises(EngineUnavailable, match=r"looks like '8.6', got 'sm_86'"):
        build(rtx, scaling(), "tiny", BuildSettings(capabilities=("sm_86",)))


def test_the_profile_has_the_batch_and_the_sizes_in_order() -> None:
    fake = FakeTensorRt(shape=(-1, 3, -1, -1))
    sizes = Sizes((32, 64), (480, 640), (736, 1280))
    build(fake.library(), scaling(), "tiny", BuildSettings(16, 4, sizes=sizes))
    assert fake.shapes == {"x": [(1, 3, 32, 64), (4, 3, 480, 640), (16, 3, 736, 1280)]}


def test_a_fixed_batch_stays_as_it_is() -> None:
    fake = FakeTensorRt(shape=(1, 3, -1, 640))
    build(fake.library(), scaling(), "tiny", BuildSettings(sizes=VGA))
    assert fake.shapes == {"x": [(1, 3, 480, 640), (1, 3, 480, 640), (1, 3, 640, 640)]}


def test_classic_tensorrt_is_strongly_typed_and_computes_no_tf32() -> None:
    fake = FakeTensorRt()
    build(fake.library(), scaling(), "tiny", BuildSettings())
    assert fake.network_flags == 1 << fake.NetworkDefinitionCreationFlag.STRONGLY_TYPED
    assert fake.cleared == [fake.BuilderFlag.TF32]


def test_a_tensorrt_without_the_flags_and_the_monitor_is_served() -> None:
    fake = BareTensorRt()
    told: list[float] = []
    assert build(fake.library(), scaling(), "tiny", BuildSettings(), lambda share, _: told.append(share)).plan
    assert (fake.network_flags, fake.cleared, told) == (0, [], [1.0])


def test_classic_tensorrts_timings_go_into_the_next_build() -> None:
    fake = FakeTensorRt()
    first = build(fake.library(), scaling(), "tiny", BuildSettings())
    assert first.timing == b"|timed"
    second = build(fake.library(), scaling(), "tiny", BuildSettings(), timing=first.timing)
    assert second.timing == b"|timed|timed"


def test_classic_tensorrt_builds_for_the_gpu_at_hand_alone() -> None:
    fake = FakeTensorRt()
    with pytest.raises(EngineUnavailable, match=r"tensorrt builds only for the GPU at hand, not for 8.6"):
        build(fake.library(), scaling(), "tiny", BuildSettings(capabilities=("8.6",)))
    assert accepted_capabilities(fake.library()) == {}


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("[virtualMemoryBuffer.cpp::resizePhysical::154] Error Code 2: OutOfMemory (Requested size ...)", OutOfMemory),
        ("Error Code 1: Cuda Runtime (cudaError 2: out of memory)", OutOfMemory),
        ("Error Code 1: Cuda Runtime (cudaError 35: CUDA driver version is insufficient)", EngineUnavailable),
        ("CUDA initialization failure with error: 100", EngineUnavailable),
        ("Error Code 4: API Usage Error (Network has no outputs)", ModelRejected),
        ("Error Code 10: Internal Error (Could not find any implementation for node conv_1.)", ModelRejected),
        ("", ModelRejected),
    ],
)
def test_a_builder_without_a_plan_is_judged_by_what_it_said(said: str, error: type[EngineError]) -> None:
    with pytest.raises(error, match=r"tensorrt 10\.13\.0 cannot build tiny: ") as caught:
        build(FakeTensorRt(fails=said).library(), scaling(), "tiny", BuildSettings())
    assert type(caught.value) is error
    assert (said or "it does not say why") in str(caught.value)


def test_a_builder_that_does_not_start_is_unavailable(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.ERROR),
        pytest.raises(EngineUnavailable, match="cannot start to build tiny: no device"),
    ):
        build(FakeTensorRt(starts=False).library(), scaling(), "tiny", BuildSettings())


def test_a_profile_that_is_not_taken_is_told() -> None:
    with pytest.raises(ModelRejected, match="takes no profile for tiny"):
        build(FakeTensorRt(takes_profile=False).library(), scaling(), "tiny", BuildSettings())
