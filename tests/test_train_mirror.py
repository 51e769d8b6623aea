"""Networks to which a face and its mirror image are the same. Needs torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import made_faces
from tools.train import settings as s

torch = pytest.importorskip("torch", reason="torch is not installed; it comes with the extra train")

from tools.train import twin  # noqa: E402  # these need torch
from tools.train.mirror import Mirrored  # noqa: E402
from tools.train.network import Network, plain, take  # noqa: E402

SHAPE = s.Network(widths=(6, 8), blocks=(1, 2), dropout=0.0, mirrored=True)


def seen(shape: s.Network = SHAPE, seed: int = 3) -> Any:
    """A network whose normalisation has seen a few faces, not mirrored, and tells them apart."""
    torch.manual_seed(seed)
    network = Network(shape).train()
    with torch.no_grad():
        network(torch.from_numpy(made_faces.faces(64).images)[:, None].float())
        network.head.weight.mul_(20)
    return network.eval()


@pytest.mark.parametrize("stem_stride", [1, 2])
def test_a_face_and_its_mirror_image_get_the_same_answer(stem_stride: int) -> None:
    network = seen(SHAPE.model_copy(update={"stem_stride": stem_stride}))
    images = made_faces.faces(40, seed=2).images
    mirrored = images[:, :, ::-1].copy()
    assert np.abs(images.astype(float) - mirrored).mean() > 5
    given = twin.logits(network, images)
    assert np.ptp(given, axis=0).min() > 0.5
    np.testing.assert_allclose(twin.logits(network, mirrored), given, atol=1e-4)


def test_another_network_tells_them_apart() -> None:
    """Else the test above would say nothing."""
    network = seen(SHAPE.model_copy(update={"mirrored": False}))
    images = made_faces.faces(40, seed=2).images
    other = twin.logits(network, images[:, :, ::-1].copy())
    assert np.abs(other - twin.logits(network, images)).max() > 0.1


def test_a_mirrored_picture_gives_mirrored_channels_in_swapped_halves() -> None:
    torch.manual_seed(1)
    lift, next_one = Mirrored(1, 6, 4, 2, lift=True).eval(), Mirrored(6, 10, 3, 1).eval()
    x = torch.rand(2, 1, 12, 12)
    both = [next_one(torch.relu(lift(view))) for view in (x, x.flip(3))]
    assert torch.allclose(both[1], both[0].flip(3).roll(5, dims=1), atol=1e-6)
    assert not torch.allclose(both[1], both[0].flip(3), atol=1e-2)


@pytest.mark.parametrize("mirrored", [False, True])
def test_written_out_it_answers_alike_and_without_mirrored_convolutions(mirrored: bool) -> None:
    network = seen(SHAPE.model_copy(update={"mirrored": mirrored}))
    images = made_faces.faces(20, seed=2).images
    out = plain(network)
    assert not any(isinstance(module, Mirrored) for module in out.modules())
    np.testing.assert_allclose(twin.logits(out, images), twin.logits(network, images), atol=1e-4)
    before = twin.logits(network, images)
    with torch.no_grad():
        for values in out.parameters():
            values.add_(1)
    np.testing.assert_array_equal(twin.logits(network, images), before)


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_was_written_out_is_taken_in_again(mirrored: bool) -> None:
    shape = SHAPE.model_copy(update={"mirrored": mirrored})
    network, other = seen(shape), seen(shape, seed=4)
    images = made_faces.faces(20, seed=2).images
    wanted = twin.logits(network, images)
    assert np.abs(twin.logits(other, images) - wanted).max() > 0.5
    take(other, plain(network))
    np.testing.assert_allclose(twin.logits(other, images), wanted, atol=1e-4)


def test_it_learns_half_as_many_numbers() -> None:
    network = Network(SHAPE)
    learned, whole = (sum(one.numel() for one in each.parameters()) for each in (network, plain(network)))
    assert learned == pytest.approx(whole / 2, rel=0.02)  # but for the offsets of the last layer


def test_fresh_kernels_are_as_long_as_torch_makes_them() -> None:
    torch.manual_seed(0)
    for before, after, size, lift in ((1, 64, 4, True), (32, 64, 3, False)):
        fresh = torch.nn.Conv2d(before, after, size, bias=False).weight
        mine = Mirrored(before, after, size, 1, lift).whole()
        assert mine.shape == fresh.shape
        assert float(mine.detach().norm()) == pytest.approx(float(fresh.detach().norm()), rel=0.15)
