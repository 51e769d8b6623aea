"""A teacher that starts from a network which others trained. Needs torch; dlib's own file where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests import made_faces
from tools.train import dlib_file
from tools.train.dlib_file import BLOCKS, Convolution
from tools.train.settings import MIDDLE, SPREAD, Pretrained, SettingsError

torch = pytest.importorskip("torch", reason="torch is not installed; it comes with the extra train")

from torch.nn import functional  # noqa: E402  # these need torch

from tools.train.network import logits_of  # noqa: E402
from tools.train.pretrained import FaceNetwork, dlib, started  # noqa: E402

EXPECTED = [-0.1330997, 0.0559765, 0.0362355, -0.0885240, -0.1364926, -0.0483428, 0.0239686, -0.1151122]

SHAPE = Pretrained(pretrained="dlib", side=104, dropout=0.0)


def numbers() -> list[Convolution]:
    """Made up: lengths and scales as different as dlib's."""
    dice = np.random.default_rng(4)
    shapes = [(32, 1, 7)]
    for before, after, _ in BLOCKS:
        shapes += [(after, before, 3), (after, after, 3)]

    def drawn(*shape: int) -> Any:
        return dice.normal(size=shape).astype(np.float32)

    return [
        Convolution(
            drawn(after, before, side, side) * 0.003,
            5 + drawn(after),
            drawn(after) * 0.3,
        )
        for after, before, side in shapes
    ]


def plainly(given: Sequence[Convolution], x: Any) -> Any:
    """dlib's own order of things: convolution, scale, offset; (N, 256)."""

    def layer(number: int, x: Any, stride: int, edge: int) -> Any:
        one = given[number]
        y = functional.conv2d(x, torch.from_numpy(one.kernel), None, stride, edge)
        return y * torch.from_numpy(one.scale)[:, None, None] + torch.from_numpy(one.offset)[:, None, None]

    x = functional.max_pool2d(layer(0, x, 2, 0).relu(), 3, 2)
    for number, (_, after, halves) in enumerate(BLOCKS):
        y = layer(2 * number + 1, x, 2 if halves else 1, 0 if halves else 1).relu()
        y = layer(2 * number + 2, y, 1, 1)
        if halves:
            x = functional.avg_pool2d(x, 2)
        whole = torch.zeros(len(x), after, x.shape[2], x.shape[3])
        whole[:, : x.shape[1]] += x
        whole[:, :, : y.shape[2], : y.shape[3]] += y
        x = whole.relu()
    return x.mean((2, 3))


def test_the_first_answers_are_those_of_the_network_it_starts_from() -> None:
    given = numbers()
    images = torch.from_numpy(made_faces.faces(6).images)
    network = started(SHAPE, given, images).eval()
    large = functional.interpolate(images[:, None].float(), size=(104, 104), mode="bilinear")
    wanted = plainly(given, (large - MIDDLE) / SPREAD)
    with torch.no_grad():
        features = network.features((large - MIDDLE) / SPREAD)
    assert float(wanted.std()) > 0.01
    torch.testing.assert_close(features, wanted, rtol=1e-3, atol=1e-3 * float(wanted.abs().max()))


def test_normalisation_is_as_the_first_faces_have_it() -> None:
    """Else the first step of training, which takes mean and variance of its own faces, would change the answers."""
    images = torch.from_numpy(made_faces.faces(12).images)
    network = started(SHAPE, numbers(), images)
    with torch.no_grad():
        settled = network.eval()(images[:, None].float())
        own = network.train()(images[:, None].float())
    torch.testing.assert_close(own, settled, rtol=1e-3, atol=1e-3 * float(settled.abs().max()))


def test_kernels_are_as_long_as_those_of_a_fresh_network() -> None:
    network = started(SHAPE, numbers(), torch.from_numpy(made_faces.faces(4).images))
    for convolution, _ in network.layers():
        assert float(convolution.weight.detach().norm()) == pytest.approx((2 * convolution.out_channels) ** 0.5, 1e-4)


def test_small_faces_are_enlarged() -> None:
    network = FaceNetwork(SHAPE).eval()
    faces = torch.from_numpy(made_faces.faces(3).images)
    assert logits_of(network, faces).shape == (3, 8)
    small = faces[:, None].float()
    large = functional.interpolate(small, size=(104, 104), mode="bilinear")
    with torch.no_grad():
        assert torch.equal(network(small), network(large))


def test_dlibs_network_answers_as_dlib_does() -> None:
    """The expected numbers are dlib's: face_recognition_model_v1.compute_face_descriptor of version 20.0.1."""
    try:
        raw = dlib_file.find().read_bytes()
    except SettingsError as error:
        pytest.skip(f"dlib's network is not installed; it comes with the extra train ({error})")
    rows, columns = np.mgrid[0:150, 0:150]
    picture = (127.5 + 80 * np.sin(rows / 9) + 40 * np.cos(columns / 5 + rows / 31)).astype(np.uint8)
    shape = Pretrained(pretrained="dlib")
    x = torch.from_numpy(picture)[None]
    with torch.no_grad():
        features = started(shape, dlib(), x).eval().features((x[:, None].float() - MIDDLE) / SPREAD)
    head = bytes([1, 2, 2, 0, 1, 1, 128, 1, 1, 1, 1])  # a tensor of 256 × 128 × 1 × 1: dlib's last layer
    last = np.frombuffer(raw, "<f4", 256 * 128, raw.index(head) + len(head)).reshape(256, 128)
    np.testing.assert_allclose((features.numpy() @ last)[0, :8], EXPECTED, atol=1e-5)
