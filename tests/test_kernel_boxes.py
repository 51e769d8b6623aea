"""From CenterFace's maps to faces and chips by the kernels, against the path on the CPU; and what the wrappers ask."""

from __future__ import annotations

import re
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from engines.base import Array
from engines.cuda.boxes import MOST_CANDIDATES, CenterFaceMaps, Fitted, Found, Squares
from engines.cuda.compiling import FOLDER
from engines.cuda.crops import Cuts, Look, Pixels, cut_records, part
from engines.cuda.faces import FaceKernels
from engines.cuda.uploads import Uploads
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from streamer import chips
from streamer.detectors import centerface, nms
from streamer.detectors.blob import blob
from streamer.detectors.nms import Candidates
from streamer.sources.portraits import COLLINS, HOPPER, read
from streamer.types import Box, Crop, Face, Fit, Image
from tests.cuda_fake import FakeRuntime, Misuse
from tests.data import data
from tests.golden_crops import frame, noise, upright
from tests.kernel_rig import IN_ANY_ORDER, Rig, opened
from tests.weights import weights

MIN_SCORE = centerface.MIN_SCORE
COORDINATE = 1e-3
"""Pixels, and a hundredth of it times their number: all is computed alike but the exponential of the boxes' sizes, in
whose last bits libraries differ."""


@pytest.fixture(params=IN_ANY_ORDER)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with opened(request.param) as made:
        yield made


def random_maps(seed: int, size: tuple[int, int], hits: float, levels: int = 1 << 20) -> dict[str, Array]:
    """Maps (rows, columns) with that share of cells above the least score; scores on so many levels."""
    rng = np.random.default_rng(seed)
    score = MIN_SCORE + (1 - MIN_SCORE) * np.ceil(rng.uniform(0, levels, (1, 1, *size))) / levels
    heat = np.where(rng.uniform(0, 1, score.shape) < hits, score, score * MIN_SCORE)
    return {
        centerface.HEATMAP: heat.astype(np.float32),
        centerface.SCALE: rng.normal(1.2, 0.6, (1, 2, *size)).astype(np.float32),
        centerface.OFFSET: rng.normal(0, 0.4, (1, 2, *size)).astype(np.float32),
        centerface.LANDMARKS: rng.uniform(0, 1, (1, 10, *size)).astype(np.float32),
    }


def best(found: Candidates) -> Candidates:
    first = np.argsort(-found.scores, kind="stable")[:MOST_CANDIDATES]
    return Candidates(found.boxes[first], found.scores[first], found.landmarks[first])


def check(records: Array, faces: tuple[Face, ...]) -> None:
    np.testing.assert_array_equal(records["score"], np.array([face.score for face in faces], np.float32))
    boxes = np.array([(face.box.x1, face.box.y1, face.box.x2, face.box.y2) for face in faces]).reshape(-1, 4)
    np.testing.assert_allclose(records["box"], boxes, atol=COORDINATE, rtol=COORDINATE / 100)
    points = np.array([face.landmarks for face in faces]).reshape(-1, 5, 2)
    np.testing.assert_allclose(records["points"], points, atol=COORDINATE, rtol=COORDINATE / 100)


@pytest.mark.parametrize(
    ("size", "hits", "levels"),
    [((1, 1), 1, 9), ((96, 160), 0, 9), ((96, 160), 0.003, 1 << 20), ((96, 160), 0.03, 1 << 20), ((80, 56), 0.2, 16)],
)
def test_the_same_faces_in_the_same_order(rig: Rig, size: tuple[int, int], hits: float, levels: int) -> None:
    for seed in range(3):
        maps = random_maps(seed, size, hits, levels)
        faces = centerface.decode(maps, MIN_SCORE).faces((0.5, 0.625))
        found = rig.kernels.find(rig.maps(maps), (0.5, 0.625), MIN_SCORE, rig.stream)
        check(rig.kernels.read(found, rig.stream), faces)
        assert (len(faces) > 0) == (hits > 0)


def test_of_too_many_candidates_the_best_are_looked_at(rig: Rig) -> None:
    maps = random_maps(5, (70, 60), 0.9, 12)
    candidates = centerface.decode(maps, MIN_SCORE)
    assert len(candidates.scores) > 3 * MOST_CANDIDATES
    found = rig.kernels.find(rig.maps(maps), (1.0, 1.0), MIN_SCORE, rig.stream)
    check(rig.kernels.read(found, rig.stream), best(candidates).faces((1.0, 1.0)))


def test_boxes_worked_out_by_hand(rig: Rig) -> None:
    """Two cells on one face, a part of it, one beside it: the better of the two and the one beside stay."""
    maps = random_maps(1, (8, 16), 0)
    for column, score, height, width in ((4, 0.8, 40, 24), (5, 0.9, 40, 24), (6, 0.5, 8, 8), (14, 0.6, 40, 24)):
        maps[centerface.HEATMAP][0, 0, 4, column] = score
        maps[centerface.SCALE][0, :, 4, column] = np.log([height / 4, width / 4])
        maps[centerface.OFFSET][0, :, 4, column] = 0
    found = rig.kernels.read(rig.kernels.find(rig.maps(maps), (1.0, 1.0), MIN_SCORE, rig.stream), rig.stream)
    np.testing.assert_allclose(found["score"], [0.9, 0.6])
    np.testing.assert_allclose(found["box"], [(10, -2, 34, 38), (46, -2, 70, 38)], atol=1e-4)


def pictures() -> list[Image]:
    crowd = cv2.imread(str(data("faces/2007_007763.jpg")))
    assert crowd is not None
    return [read(COLLINS), read(HOPPER), np.asarray(crowd, np.uint8)]


def test_the_same_faces_by_the_real_network(rig: Rig) -> None:
    model = centerface.dynamic(weights("centerface"))
    counts = []
    with OnnxRuntimeEngine(model, name="centerface") as engine:
        for image in pictures():
            given = blob(image, 640, rgb=True)
            maps = engine.run({engine.inputs[0].name: given.tensor})
            faces = centerface.decode(maps, MIN_SCORE).faces(given.scale)
            found = rig.kernels.find(rig.maps(maps), given.scale, MIN_SCORE, rig.stream)
            check(rig.kernels.read(found, rig.stream), faces)
            counts.append(len(faces))
    assert counts[0] == counts[1] == 1
    assert counts[2] >= 7


@pytest.mark.parametrize(
    ("fit", "crop", "smooth"),
    [
        (Fit(), Crop(48), True),
        (Fit(1.3, -0.1), Crop(64, 1.2, 10.0), True),
        (Fit(0.9, 0.2), Crop(40, 0.7, -2.5), False),
    ],
)
def test_from_maps_to_chips_without_the_host(rig: Rig, fit: Fit, crop: Crop, smooth: bool) -> None:
    image = frame(400, 640)
    there = rig.maps(random_maps(2, (50, 80), 0.004))
    pixels = rig.kernels.upload(image, rig.stream)
    found = rig.kernels.find(there, (0.5, 0.5), MIN_SCORE, rig.stream)
    squares = Squares(crop.side, fit.scale, fit.shift, crop.scale, crop.margin, smooth)
    most = 32
    cut = rig.crops(pixels, rig.kernels.cuts_of(found, squares, most, rig.stream), Look(crop.side, "bgr", "nhwc"))
    boxes = rig.kernels.read(found, rig.stream)["box"]
    assert 5 < len(boxes) < most
    assert not cut[len(boxes) :].any()
    for chip, box in zip(cut, boxes, strict=False):
        wanted = chips.cut(image, Face(Box(*box.tolist()), 1.0), fit, crop, 0.0)
        np.testing.assert_array_equal(chip, chips.warp(wanted, smooth=smooth))
    few = rig.crops(pixels, rig.kernels.cuts_of(found, squares, 3, rig.stream), Look(crop.side, "bgr", "nhwc"))
    np.testing.assert_array_equal(few, cut[:3])


def test_the_chain_can_be_recorded_as_a_graph(rig: Rig) -> None:
    """After one run that takes the memory, nothing of it needs the host, and a replay sees the new frame and maps."""
    look = Look(48, "gray")
    there = rig.maps(random_maps(2, (50, 80), 0.004))
    target = rig.runtime.allocate(look.size(8))

    def chain(pixels: Pixels) -> Found:
        found = rig.kernels.find(there, (0.5, 0.5), MIN_SCORE, rig.stream)
        rig.kernels.crops(pixels, rig.kernels.cuts_of(found, Squares(48), 8, rig.stream), look, target, rig.stream)
        return found

    chain(rig.kernels.upload(noise(400, 640), rig.stream))
    first = rig.get(target, look.shape(8))
    pixels = rig.kernels.upload(frame(400, 640), rig.stream)
    rig.stream.wait()
    with rig.runtime.record(rig.stream) as recording:
        found = chain(pixels)
    recording.graph.launch(rig.stream)
    replayed = rig.get(target, look.shape(8))
    assert (first != replayed).any()
    chain(pixels)
    np.testing.assert_array_equal(rig.get(target, look.shape(8)), replayed)
    assert len(rig.kernels.read(found, rig.stream)) > 5


def test_numbers_of_both_paths_are_the_same() -> None:
    text = (FOLDER / "boxes.h").read_text(encoding="utf-8")
    found = {name: float(value) for name, value in re.findall(r"(\w+) = ([\d.]+)f?[,;]", text)}
    assert found["IOU_LIMIT"] == nms.IOU_LIMIT
    assert found["CONTAINMENT_LIMIT"] == nms.CONTAINMENT_LIMIT
    assert found["MOST_CANDIDATES"] == MOST_CANDIDATES
    assert found["STRIDE"] == centerface.STRIDE
    assert found["LEAST_SIDE"] == chips.LEAST_SIDE


def test_what_cannot_be_is_refused_before_it_is_launched() -> None:
    with opened("host") as rig:
        kernels, stream, small = rig.kernels, rig.stream, rig.runtime.allocate(10)
        with pytest.raises(ValueError, match=r"height × width × 3 of uint8, got \(4, 4\) of float64"):
            kernels.upload(np.zeros((4, 4)), stream)  # type: ignore[arg-type]  # the wrong dtype on purpose
        with pytest.raises(ValueError, match="nothing to put"):
            kernels.cuts(np.zeros((0, 2, 3)), 48, stream)
        with pytest.raises(ValueError, match=r"finite and have shape \(N, 2, 3\), got \(2, 3\)"):
            kernels.cuts(np.zeros((2, 3)), 48, stream)
        with pytest.raises(ValueError, match="finite"):
            kernels.cuts(np.full((1, 2, 3), np.nan), 48, stream)
        with pytest.raises(ValueError, match="the frame needs 48 bytes of device memory, the buffer has 10"):
            Pixels(small, 4, 4, 12)
        with pytest.raises(ValueError, match="4 pixels need a pitch of 12 bytes, got 11"):
            Pixels(small, 4, 4, 11)
        with pytest.raises(ValueError, match="1 squares needs 56 bytes"):
            Cuts(small, 48, 1)
        with pytest.raises(ValueError, match="1 to 65535 squares are cut at once, got 0"):
            Cuts(small, 48, 0)
        with pytest.raises(ValueError, match="8 bytes from 4 on are not within a buffer of 10"):
            part(small, 4, 8)
        pixels, cuts = kernels.upload(noise(4, 4), stream), kernels.cuts(upright(2, 2, 4)[None], 48, stream)
        with pytest.raises(ValueError, match="for chips of 48 pixels, the network takes 64"):
            kernels.crops(pixels, cuts, Look(64, "gray"), small, stream)
        with pytest.raises(ValueError, match="1 chips needs 9216 bytes of device memory, the buffer has 10"):
            kernels.crops(pixels, cuts, Look(48, "gray"), small, stream)
        with pytest.raises(ValueError, match="input needs 12288 bytes of device memory, the buffer has 10"):
            kernels.to_input(pixels, Fitted(32, 32, 4, 4, True), small, stream)
        with pytest.raises(ValueError, match="33 × 4 must fit into the input of 32 × 32"):
            Fitted(32, 32, 33, 4, True)
        with pytest.raises(ValueError, match="map 'heat' needs 16 bytes of device memory, the buffer has 10"):
            CenterFaceMaps(small, small, small, small, 2, 2)
        with pytest.raises(ValueError, match="wanted a side, a colour"):
            Look(48, "grey")  # type: ignore[arg-type]  # misspelt on purpose


def test_frames_may_follow_each_other_without_waiting() -> None:
    with FakeRuntime() as fake:
        stream, uploads = fake.stream(), Uploads(fake)
        for number in range(5):
            buffer = uploads.put(np.full(100, number, np.int32), stream)
        stream.wait()
        assert (fake.view(buffer.address, 400).view(np.int32) == 4).all()
        assert (fake.calls["allocate"], fake.calls["pinned"]) == (1, 2)
        assert uploads.put(np.zeros(3), stream).address == buffer.address
        larger = uploads.put(np.zeros(500), stream)
        stream.wait()
        assert not fake.view(larger.address, 4000).any()
        uploads.free()
    assert fake.leaks == ()


def test_all_memory_is_given_back() -> None:
    with opened("host") as rig:
        fake, kernels, stream = rig.runtime, rig.kernels, rig.stream
        assert isinstance(fake, FakeRuntime)
        there = rig.maps(random_maps(1, (8, 8), 0.5))
        used = fake.used
        kernels.upload(noise(5, 5), stream)
        kernels.cuts(upright(1, 1, 1)[None], 48, stream)
        assert len(kernels.read(kernels.find(there, (1.0, 1.0), 0.5, stream), stream))
        assert fake.used > used
        kernels.free()
        assert fake.used == used


def test_the_host_refuses_what_a_device_would_not() -> None:
    with opened("host") as rig:
        fake, stream = rig.runtime, rig.stream
        kernel = fake.kernel(b"the host's", "start_search")
        for arguments, fault in (
            ([np.int32(1)], "takes p .* got i"),
            ([np.uint64(0)], "hit_count must not be null"),
            ([np.uint64(77)], "no device memory"),
        ):
            kernel.launch(stream, (1, 1, 1), (1, 1, 1), arguments)
            with pytest.raises(Misuse, match=fault):
                stream.wait()


def test_what_is_written_outside_is_seen() -> None:
    """Two more hits than the list has room for."""
    with opened("host") as rig:
        heat = rig.put(np.ones(64, np.float32))
        hits, count = rig.runtime.allocate(400), rig.put(np.array([2], np.int32))
        kernel = rig.runtime.kernel(b"the host's", "find_hits")
        addresses = [np.uint64(one.address) for one in (heat, hits, count)]
        sizes = np.int32(64), np.float32(0.5)
        kernel.launch(rig.stream, (1, 1, 1), (64, 1, 1), [addresses[0], *sizes, *addresses[1:]])
        with pytest.raises(Misuse, match="hits was written outside its 256 bytes"):
            rig.stream.wait()


def test_a_square_that_shrinks_is_cut_with_more_pixels() -> None:
    """By hand: two frame pixels a chip pixel, so the first fine one lies half a frame pixel before the chip's."""
    record = cut_records(np.array([[[2.0, 0, 2.5], [0, 2.0, -7.5]]]))
    np.testing.assert_allclose(record["map"], [[1, 0, 2, 0, 1, -8]])
    assert record["times"].tolist() == [2]


def test_kernels_are_refused_where_the_code_has_not_all() -> None:
    with FakeRuntime() as fake, pytest.raises(ModelRejected, match="no kernel 'crop_faces'"):
        FaceKernels(fake, b"another's")
