"""The network: plain 3 × 3 convolutions, which every engine runs fast."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamer.emotions import LABELS
from tools.train.settings import MIDDLE, SPREAD
from tools.train.settings import Network as Shape


class Unit(nn.Module):
    """Two convolutions and a way around them (He et al. 2015, https://arxiv.org/abs/1512.03385)."""

    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.first = convolution(before, after, 3, stride)
        self.second = convolution(after, after, 3, 1)
        self.around = convolution(before, after, 1, stride) if before != after or stride != 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + self.around(x))


class Network(nn.Module):
    """Grey levels (N, 1, S, S), 0…255, to logits (N, 8) in the order of LABELS; it is trained on those of one ``side``
    S alone."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.side = shape.side
        self.stem = convolution(1, shape.widths[0], 3, shape.stem_stride)
        units, width = [], shape.widths[0]
        for stage, (after, count) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
            for unit in range(count):
                units.append(Unit(width, after, 2 if stage and not unit else 1))
                width = after
        self.units = nn.Sequential(*units)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(width, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.stem((x - MIDDLE) / SPREAD))
        logits: Tensor = self.head(self.dropout(self.units(x).mean((2, 3))))
        return logits


def convolution(before: int, after: int, size: int, stride: int) -> nn.Sequential:
    """A convolution without offset, and its normalisation; the two are folded into one for export."""
    return nn.Sequential(nn.Conv2d(before, after, size, stride, size // 2, bias=False), nn.BatchNorm2d(after))


def logits_of(network: nn.Module, images: Tensor, batch: int = 256, exact: bool = False) -> Tensor:
    """(N, 8) float32 for uint8 images (N, S, S), without gradients, in evaluation mode. ``exact``: reckoned in float32
    too, as the shipped file does, instead of the faster bfloat16."""
    network.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=not exact):
        parts = [network(part[:, None].float()).float() for part in images.split(batch)]
    return torch.cat(parts)
