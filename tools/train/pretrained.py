"""A teacher that starts from a network which has seen millions of faces: dlib's (see tools.train.dlib_file).

Behind each convolution stands a normalisation, so that the network can be trained like the others; it is set so that,
on the first faces, the network answers what dlib's does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamer.emotions import LABELS
from tools.train import dlib_file
from tools.train.dlib_file import BLOCKS, STEM, STEM_SIDE, Convolution
from tools.train.settings import MIDDLE, SPREAD, Pretrained

QUIET = 0.25
"""The features are that much smaller where the labels are told of them, as the other networks' are."""

HE = 2.0
"""Squared length of a fresh kernel for each channel that comes out (He et al. 2015, https://arxiv.org/abs/1502.01852)."""


class Block(nn.Module):
    """dlib's residual block: where it halves the picture, its way around is the mean of 2 × 2, and the channels and
    the edge that one side lacks are zero."""

    def __init__(self, before: int, after: int, halves: bool) -> None:
        super().__init__()
        self.halves = halves
        stride, edge = (2, 0) if halves else (1, 1)
        self.first = nn.Conv2d(before, after, 3, stride, edge, bias=False)
        self.first_norm = nn.BatchNorm2d(after)
        self.second = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        y = self.second_norm(self.second(functional.relu(self.first_norm(self.first(x)))))
        if self.halves:
            x = functional.avg_pool2d(x, 2)
            x = functional.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
            y = functional.pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
        return functional.relu(x + y)


class FaceNetwork(nn.Module):
    """Grey levels (N, 1, S, S), 0…255, of any S to logits (N, 8) in the order of LABELS; they are made as large as the
    settings' side first."""

    def __init__(self, shape: Pretrained) -> None:
        super().__init__()
        self.side = shape.side
        self.stem = nn.Conv2d(1, STEM, STEM_SIDE, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM)
        self.blocks = nn.Sequential(*(Block(*block) for block in BLOCKS))
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(BLOCKS[-1][1], len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] != self.side:
            x = functional.interpolate(x, size=(self.side, self.side), mode="bilinear")
        logits: Tensor = self.head(self.dropout(QUIET * self.features((x - MIDDLE) / SPREAD)))
        return logits

    def features(self, x: Tensor) -> Tensor:
        """(N, 256)"""
        x = functional.max_pool2d(functional.relu(self.stem_norm(self.stem(x))), 3, 2)
        features: Tensor = self.blocks(x).mean((2, 3))
        return features

    def layers(self) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """Each convolution with its normalisation, from the picture on."""
        pairs = [(self.stem, self.stem_norm)]
        for block in self.blocks:
            pairs += [(block.first, block.first_norm), (block.second, block.second_norm)]
        return pairs


def dlib() -> list[Convolution]:
    """Raises:
    SettingsError: dlib's file is not there.
    """
    return dlib_file.read(dlib_file.find().read_bytes(), MIDDLE, SPREAD)


def started(shape: Pretrained, numbers_of: Sequence[Convolution], images: Tensor) -> FaceNetwork:
    """The network with these numbers, as ``dlib`` reads them; ``images`` uint8 (N, S, S) are the first faces."""
    network = FaceNetwork(shape)
    for (convolution, norm), numbers in zip(network.layers(), numbers_of, strict=True):
        put(convolution, norm, numbers, HE)
    settle(network, [norm for _, norm in network.layers()], images)
    return network


def put(convolution: nn.Conv2d, norm: nn.BatchNorm2d, numbers: Convolution, gain: float) -> None:
    """The kernel gets the length of a fresh one, squared ``gain`` for each channel that comes out, the normalisation
    the rest: with dlib's own lengths, each step of training would be a hundred times too long."""
    kernel = torch.from_numpy(numbers.kernel)
    longer = (gain * len(kernel)) ** 0.5 / kernel.norm()
    with torch.no_grad():
        convolution.weight.copy_(kernel * longer)
        norm.weight.copy_(torch.from_numpy(numbers.scale) / longer)
        norm.bias.copy_(torch.from_numpy(numbers.offset))
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)


def settle(network: nn.Module, norms: Iterable[nn.BatchNorm2d], images: Tensor) -> None:
    """Means and variances as these uint8 faces (N, S, S) have them, scale and offset such that the answers stay."""

    def one(norm: nn.BatchNorm2d, given: tuple[Tensor, ...]) -> None:
        mean, variance = given[0].mean((0, 2, 3)), given[0].var((0, 2, 3), unbiased=False)
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        norm.bias.add_(scale * (mean - norm.running_mean))
        norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    network.eval()
    hooks = [norm.register_forward_pre_hook(one) for norm in norms]
    with torch.no_grad():
        network(images[:, None].float())
    for hook in hooks:
        hook.remove()
