"""A frame goes up once and its faces come down with what is said of them, on a strict stand-in of the device."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import pytest

from engines.errors import DeviceLost, EngineUnavailable, ModelRejected, OutOfMemory
from engines.face_chain import PATIENCE, Room, Seen, Task
from engines.one_pass import OnePass
from streamer.types import Image
from tests.one_pass_rig import HEIGHT, SIDE, TASK, WIDTH, Rig, crowd, detector, expected
from tests.tiny_models import colours, onnx_model
from tests.trt_fake import VARIANTS


@pytest.fixture(params=VARIANTS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made = Rig(request.param)
    yield made
    made.check()


def check(seen: Seen, image: Image, *, read: int) -> None:
    """As the path on the CPU sees it, the first ``read`` faces classified."""
    faces, squares, probabilities = expected(image)
    assert len(seen.faces) == len(faces)
    boxes = np.array([(one.box.x1, one.box.y1, one.box.x2, one.box.y2) for one in faces]).reshape(-1, 4)
    np.testing.assert_allclose(seen.faces["box"], boxes, atol=1e-3)
    np.testing.assert_array_equal(seen.faces["score"], np.array([one.score for one in faces], np.float32))
    assert len(seen.squares) == len(seen.probabilities) == read
    np.testing.assert_allclose(seen.squares, squares[:read], atol=1e-6)
    np.testing.assert_allclose(seen.probabilities, probabilities[:read], atol=1e-5)


def test_it_sees_what_the_path_on_the_cpu_sees(rig: Rig) -> None:
    with rig.one_pass() as one:
        for count in (5, 0, 8, 1):
            image = crowd(count, seed=count)
            check(one.run(image), image, read=count)
        found, read = one.info()
        assert (found.device, read.backend) == ("Fake GPU", rig.place.library.kind)


@pytest.mark.parametrize("size", [(512, 384), (400, 300), (256, 180), (1000, 750)])
def test_frames_of_other_sizes_that_the_detector_takes(size: tuple[int, int]) -> None:
    rig, image = Rig(), crowd(6, seed=3, size=size)
    with rig.one_pass() as one:
        assert one.takes(*size)
        assert not one.takes(size[1], size[0])
        check(one.run(image), image, read=len(expected(image)[0]))
    rig.check()


def test_frames_in_their_order(rig: Rig) -> None:
    first, second = crowd(3, seed=1), crowd(7, seed=2)
    with rig.one_pass() as one:
        for image, count in ((first, 3), (second, 7), (first, 3), (first, 3), (second, 7)):
            check(one.run(image), image, read=count)


def test_one_upload_and_one_wait_for_a_frame(rig: Rig) -> None:
    with rig.one_pass() as one:
        one.run(crowd(5))
        rig.place.module.runs.clear()
        for _ in range(3):
            rig.device.calls.clear()
            one.run(crowd(5))
            assert rig.device.calls["upload"] == rig.device.calls["blocked"] == 1
            assert rig.device.calls["download"] == 4, "faces, their number, their squares and probabilities"
            assert rig.device.calls["allocate"] == rig.device.calls["pinned"] == 0
            assert rig.device.calls["execute_async_v3"] == 2
        assert rig.place.module.runs == {"replay" if rig.variant == "rtx" else "run": 6}


def test_more_faces_than_there_is_room_for(rig: Rig) -> None:
    """The best are read at once; from the next frame on there is more room, up to what the plan allows."""
    many, most = crowd(20, seed=5), crowd(50, seed=6)
    with rig.one_pass() as one:
        check(one.run(many), many, read=8)
        check(one.run(many), many, read=20)
        check(one.run(most), most, read=32)
        seen = one.run(most)
        check(seen, most, read=32)
        _, squares, probabilities = expected(most)
        np.testing.assert_allclose(one.again(seen, squares[32:]), probabilities[32:], atol=1e-5)
        rig.device.calls.clear()
        np.testing.assert_allclose(one.again(seen, squares), probabilities, atol=1e-5)
        assert rig.device.calls["blocked"] == rig.device.calls["upload"] == 2, "50 in two batches, squares only"


def test_room_grows_at_once_and_shrinks_slowly() -> None:
    room = Room((1, 2, 4, 8, 16, 32))
    assert room.size == 8
    for faces, size in ((8, 8), (9, 16), (100, 32), (3, 32)):
        room.learn(faces)
        assert room.size == size
    for _ in range(PATIENCE - 2):
        room.learn(3)
    assert room.size == 32
    room.learn(30)
    for size in (32, 16, 8, 8):
        assert room.size == size
        for _ in range(PATIENCE):
            room.learn(3)
    assert (Room((1, 2)).size, Room((1,)).size) == (2, 1)


def test_other_squares_of_the_frame_that_was_seen_last(rig: Rig) -> None:
    image = crowd(3, seed=8)
    with rig.one_pass() as one:
        seen = one.run(image)
        squares = seen.squares + np.array([[0.0, 0.0, 4.75], [0.0, 0.0, -6.25]])
        other = one.again(seen, squares)
        assert np.abs(other - seen.probabilities).max() > 0.01
        np.testing.assert_allclose(one.again(seen, seen.squares), seen.probabilities, atol=1e-6)
        assert one.again(seen, np.zeros((0, 2, 3))).shape == (0, 3)
        with pytest.raises(ValueError, match=r"must be finite and have shape \(N, 2, 3\)"):
            one.again(seen, np.full((1, 2, 3), np.nan))
        assert one.holds(seen)
        one.run(crowd(2))
        assert not one.holds(seen)
        with pytest.raises(ValueError, match="seen last is still on the device"):
            one.again(seen, squares)


def test_what_cannot_be_run(rig: Rig) -> None:
    one = rig.one_pass()
    with pytest.raises(RuntimeError, match="not open"):
        one.run(crowd(1))
    with one:
        with pytest.raises(
            ValueError, match="a frame of 192 × 256 needs a detector for 192 × 256, this one is for 256 × "
        ):
            one.run(crowd(1, size=(HEIGHT, WIDTH)))
        with pytest.raises(ValueError, match="height × width × 3 of uint8"):
            one.run(np.zeros((4, 4), np.uint8))
        check(one.run(crowd(2)), crowd(2), read=2)
    one.close()
    with one:
        check(one.run(crowd(2)), crowd(2), read=2)


@pytest.mark.parametrize(("memory", "room"), [(2_300_000, 8), (1_800_000, 4)])
def test_too_little_memory_makes_smaller_batches(memory: int, room: int, caplog: pytest.LogCaptureFixture) -> None:
    rig, image = Rig(memory=memory, scratch=100_000), crowd(10)
    with rig.one_pass() as one:
        check(one.run(image), image, read=room)
        check(one.run(image), image, read=room)
    assert "a batch of 32 faces does not fit, trying 16 (" in caplog.text
    rig.check()


def test_too_little_memory_for_anything() -> None:
    rig = Rig(memory=1_000_000, scratch=500_000)
    with pytest.raises(OutOfMemory, match="bytes wanted of the device's memory"):
        rig.one_pass().__enter__()
    rig.check()


def test_a_frame_that_does_not_fit_is_an_error_and_the_next_one_works() -> None:
    rig, large = Rig(memory=4_000_000), crowd(3, size=(1600, 1200))
    with rig.one_pass() as one:
        seen = one.run(crowd(2))
        with pytest.raises(OutOfMemory):
            one.run(large)
        assert not one.holds(seen)
        check(one.run(crowd(2)), crowd(2), read=2)
    rig.check()


def test_a_refusal_of_tensorrt_leaves_nothing_under_way(rig: Rig) -> None:
    with rig.one_pass() as one:
        rig.place.module.fails = {"execute": "CUDA out of memory"}
        with pytest.raises(OutOfMemory, match="cannot run faces: CUDA out of memory"):
            one.run(crowd(1))
        rig.place.module.fails = {}
        check(one.run(crowd(2)), crowd(2), read=2)


def test_a_lost_device_passes_on_and_closing_hides_nothing() -> None:
    rig = Rig()
    with rig.one_pass() as one:
        seen = one.run(crowd(2))
        rig.device.lose(7)
        for _ in range(2):
            with pytest.raises(DeviceLost, match="is lost"):
                one.run(crowd(2))
        with pytest.raises((DeviceLost, ValueError)):
            one.again(seen, seen.squares)


def other_maps() -> bytes:
    """A detector with the right names and shapes too small."""
    pool = onnx.helper.make_node("AveragePool", ["x"], ["537"], kernel_shape=[4, 4], strides=[4, 4])
    same = [onnx.helper.make_node("Identity", ["537"], [name]) for name in ("538", "539", "540")]
    return onnx_model([pool, *same], {"x": [1, 3, 64, 64]}, {name: [1, 3, 16, 16] for name in TASK.maps})


@pytest.mark.parametrize(
    ("models", "task", "fault"),
    [
        ((detector(), colours(side=16)), TASK, r"must take \('float32', \(-1, 3, 8, 8\)\), got .*16, 16"),
        ((detector(), colours(channels=1)), TASK, r"must take .*3, 8, 8.*, got .*1, 8, 8"),
        ((detector(), detector()), TASK, "must have a free batch"),
        ((other_maps(), colours(side=SIDE)), TASK, r"CenterFace takes \(1, 3, height, width\)"),
        ((detector(), colours(side=SIDE)), Task(("y", "538", "539", "540"), 0.3, TASK.squares, TASK.look), "and gives"),
    ],
)
def test_networks_that_are_others(models: tuple[bytes, bytes], task: Task, fault: str) -> None:
    rig = Rig(models=models, task=task)
    with pytest.raises((ModelRejected, EngineUnavailable), match=fault):
        rig.one_pass().__enter__()
    rig.check()


def test_a_gpu_that_the_kernels_are_not_compiled_for(rig: Rig) -> None:
    def none(capability: tuple[int, int]) -> bytes:
        raise EngineUnavailable(f"NVRTC does not know {capability}")

    given = rig.one_pass()
    one = OnePass(*given._networks, TASK, library=rig.place.library, owner=rig.place.owner, cubin=none)
    with pytest.raises(EngineUnavailable, match=r"does not know \(8, 9\)"):
        one.__enter__()
