"""Chips and detector inputs by the kernels, against the path on the CPU to the last bit, and the definition."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from engines.cards import Card, Input, load_card
from engines.cuda.boxes import Fitted
from engines.cuda.crops import Cuts, Look, Pixels, cut_records, part
from engines.ort import OnnxRuntimeEngine
from engines.reference import as_input
from streamer.chips import cut, warp
from streamer.classifiers.carded import coloured
from streamer.detectors.blob import blob
from streamer.sources.portraits import COLLINS, HOPPER, read
from streamer.types import Box, Chip, Crop, Face, Fit, Image
from tests.golden_crops import CASES, SIDE, Exact, frame, golden, noise, tolerance, turned, upright
from tests.kernel_rig import WHERE, Rig, opened
from tests.weights import weights

PLAIN = Look(SIDE, "bgr", "nhwc")


@pytest.fixture(params=WHERE)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    with opened(request.param) as made:
        yield made


def by_cpu(image: Image, affine: Exact, side: int = SIDE, *, smooth: bool = True) -> Image:
    return warp(Chip(image, affine, side, 0.0), smooth=smooth)


@pytest.mark.parametrize("smooth", [True, False], ids=["smooth", "linear"])
@pytest.mark.parametrize("name", CASES)
def test_the_path_on_the_cpu_cuts_what_the_definition_says(name: str, smooth: bool) -> None:
    case = CASES[name]()
    off = np.abs(by_cpu(case.image, case.affine, smooth=smooth) - golden(case, smooth=smooth))
    assert off.max() <= tolerance(case.image)
    assert off.mean() <= max(0.5, tolerance(case.image) / 5)


@pytest.mark.parametrize("smooth", [True, False], ids=["smooth", "linear"])
@pytest.mark.parametrize("name", CASES)
def test_the_kernel_cuts_what_the_path_on_the_cpu_does(rig: Rig, name: str, smooth: bool) -> None:
    case = CASES[name]()
    pixels = rig.kernels.upload(case.image, rig.stream)
    (chip,) = rig.crops(pixels, rig.kernels.cuts(case.affine[None], SIDE, rig.stream, smooth=smooth), PLAIN)
    np.testing.assert_array_equal(chip, by_cpu(case.image, case.affine, smooth=smooth))
    assert np.abs(chip - golden(case, smooth=smooth)).max() <= tolerance(case.image)


def test_the_identity_is_the_picture_itself(rig: Rig) -> None:
    case = CASES["identity"]()
    pixels = rig.kernels.upload(case.image, rig.stream)
    (chip,) = rig.crops(pixels, rig.kernels.cuts(case.affine[None], SIDE, rig.stream), PLAIN)
    np.testing.assert_array_equal(chip, case.image[10 : 10 + SIDE, 10 : 10 + SIDE])


def test_rows_may_be_apart(rig: Rig) -> None:
    image = frame(61, 47)
    padded = np.full((61, 3 * 47 + 8), 255, np.uint8)
    padded[:, : 3 * 47] = image.reshape(61, -1)
    pixels = Pixels(rig.put(padded), 47, 61, 3 * 47 + 8)
    affine = turned(23, 30, 61, 20)
    (chip,) = rig.crops(pixels, rig.kernels.cuts(affine[None], SIDE, rig.stream), PLAIN)
    np.testing.assert_array_equal(chip, by_cpu(image, affine))


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("colour", ["gray", "bgr", "rgb"])
def test_several_faces_are_fed_as_the_card_says(rig: Rig, colour: str, layout: str) -> None:
    rules = {"side": 40, "colour": colour, "layout": layout}
    norms = {"mean": 127.5, "std": 64.3} if colour == "gray" else {"mean": (103.9, 116.8, 123.7), "std": (57, 58.3, 59)}
    card = load_card("groupmood").model_copy(update={"input": Input.model_validate(rules | norms)})
    image = frame(300, 400)
    affines = np.stack([upright(60 + 50 * i, 80 + 30 * i, 40 * 2**i) for i in range(4)])
    pictures = np.stack([coloured(by_cpu(image, affine, 40), colour) for affine in affines])
    pixels, cuts = rig.kernels.upload(image, rig.stream), rig.kernels.cuts(affines, 40, rig.stream)
    np.testing.assert_array_equal(rig.crops(pixels, cuts, look_of(card)), as_input(card, pictures))


def look_of(card: Card) -> Look:
    facts = card.input
    assert facts.side != "dynamic"
    return Look(facts.side, facts.colour, facts.layout, facts.mean, facts.std)


def test_from_the_count_on_there_is_nothing(rig: Rig) -> None:
    image, affine = noise(80, 80), upright(40, 40, 60)
    pixels, records = rig.kernels.upload(image, rig.stream), cut_records(np.stack([affine] * 5))
    look = Look(SIDE, "bgr", "nhwc", mean=100.0)
    for count in (0, 2, 5, 9):
        cuts = Cuts(rig.put(records), SIDE, 5, rig.put(np.array([count], np.int32)))
        chips = rig.crops(pixels, cuts, look)
        assert (chips[count:] == 0).all()
        for chip in chips[:count]:
            np.testing.assert_array_equal(chip + 100.0, by_cpu(image, affine))


def test_cameras_share_a_batch(rig: Rig) -> None:
    """Two frames one after the other through the same memory, each into its part of the batch."""
    look, affines = Look(SIDE, "gray"), np.stack([upright(50, 40, 60), upright(30, 30, 200)])
    batch = rig.runtime.allocate(look.size(4))
    images = [frame(100, 90), noise(80, 120)]
    for number, image in enumerate(images):
        place = part(batch, look.size(2) * number, look.size(2))
        pixels, cuts = rig.kernels.upload(image, rig.stream), rig.kernels.cuts(affines, SIDE, rig.stream)
        rig.kernels.crops(pixels, cuts, look, place, rig.stream)
    wanted = [coloured(by_cpu(image, affine), "gray")[..., 0] for image in images for affine in affines]
    np.testing.assert_array_equal(rig.get(batch, look.shape(4))[:, 0], wanted)


def test_a_senselessly_large_square_is_cut_with_a_bounded_effort(rig: Rig) -> None:
    image = np.full((10, 10, 3), 77, np.uint8)
    affine = np.array([[[1e12, 0, -5e13], [0, 1e12, -5e13]], [[1e300, 0, 1e300], [0, 1e300, 1e300]]])
    cuts = rig.kernels.cuts(affine, 8, rig.stream)
    assert (rig.crops(rig.kernels.upload(image, rig.stream), cuts, Look(8, "bgr")) == 77).all()


@pytest.mark.parametrize(("rgb", "fixed"), [(True, None), (False, (320, 640))], ids=["free", "fixed"])
@pytest.mark.parametrize(
    "size", [(720, 1280), (1080, 1920), (270, 480), (479, 641), (333, 1000), (2000, 700), (1, 1), (1000, 3), (900, 5)]
)
def test_a_detector_is_fed_as_on_the_cpu(
    rig: Rig, size: tuple[int, int], rgb: bool, fixed: tuple[int, int] | None
) -> None:
    image = noise(*size)
    wanted = blob(image, 640, rgb=rgb, fixed=fixed)
    fitted = Fitted.into((size[1], size[0]), 640, rgb=rgb, fixed=fixed and (fixed[1], fixed[0]))
    target = rig.runtime.allocate(fitted.size)
    rig.kernels.to_input(rig.kernels.upload(image, rig.stream), fitted, target, rig.stream)
    np.testing.assert_array_equal(rig.get(target, wanted.tensor.shape), wanted.tensor)
    assert fitted.scale(size[1], size[0]) == wanted.scale


@pytest.mark.parametrize("size", [(97, 131), (50, 60), (33, 200), (100, 120)])
def test_a_frame_is_resized_as_by_opencv(rig: Rig, size: tuple[int, int]) -> None:
    """Enlarged too, though no detector asks for it."""
    image = noise(*size)
    target = rig.runtime.allocate(12 * 100 * 120)
    rig.kernels.to_input(rig.kernels.upload(image, rig.stream), Fitted(120, 100, 120, 100, False), target, rig.stream)
    resized = cv2.resize(image, (120, 100), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(rig.get(target, (3, 100, 120)).transpose(1, 2, 0), resized)


@pytest.mark.parametrize("model", ["groupmood", "mini_xception"])
def test_emotions_are_the_same_on_real_faces(rig: Rig, model: str) -> None:
    card, network = load_card(model), weights(model)
    crop = card.crop
    assert crop is not None
    look = look_of(card)
    gaps = []
    with OnnxRuntimeEngine(network, name=model) as engine:
        for portrait in (COLLINS, HOPPER):
            image = read(portrait)
            chips = [
                cut(image, Face(box, 1.0), Fit(), Crop(look.side, crop.scale, crop.margin), 0.0)
                for box in around(portrait.face)
            ]
            smooth = crop.resample == "area"
            pictures = np.stack([coloured(warp(chip, smooth=smooth), look.colour) for chip in chips])
            affines = np.stack([chip.affine for chip in chips])
            cuts = rig.kernels.cuts(affines, look.side, rig.stream, smooth=smooth)
            cropped = rig.crops(rig.kernels.upload(image, rig.stream), cuts, look)
            name, answer = engine.inputs[0].name, engine.outputs[0].name
            feeds = as_input(card, pictures), cropped
            cpu, gpu = (engine.run({name: given})[answer] for given in feeds)
            assert np.ptp(cpu, axis=0).max() > 0.05  # the boxes do differ
            gaps.append(np.abs(cpu - gpu).max())
    assert max(gaps) == 0


def around(box: Box) -> list[Box]:
    """The face as it is, seen from nearer and from farther, and off its place."""
    x, y = box.center
    sides = [(box.width * n, box.height * n) for n in (0.5, 0.9, 1.0, 1.4, 3.0)]
    return [Box(x - w / 2 + i, y - h / 2 - i, x + w / 2 + i, y + h / 2 - i) for i, (w, h) in enumerate(sides)]
