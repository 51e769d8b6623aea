"""The network: plain convolutions, nearly all 3 × 3, which every engine runs fast."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from streamer.emotions import LABELS
from tools.train.mirror import Mirrored
from tools.train.settings import MIDDLE, SPREAD
from tools.train.settings import Network as Shape


class Unit(nn.Module):
    """Two convolutions and a way around them (He et al. 2015, https://arxiv.org/abs/1512.03385)."""

    def __init__(self, before: int, after: int, stride: int, mirrored: bool = False) -> None:
        super().__init__()
        halving = mirrored and stride == 2
        kind = Mirrored if mirrored else convolution
        self.first = kind(before, after, 4 if halving else 3, stride)
        self.second = kind(after, after, 3, 1)
        alike = before == after and stride == 1
        self.around = nn.Identity() if alike else kind(before, after, 2 if halving else 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.second(functional.relu(self.first(x))) + self.around(x))


class Network(nn.Module):
    """Grey levels (N, 1, S, S), 0…255, to logits (N, 8) in the order of LABELS; it is trained on those of one ``side``
    S alone."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.side, self.mirrored = shape.side, shape.mirrored
        first, stride = shape.widths[0], shape.stem_stride
        if shape.mirrored:
            self.stem: nn.Module = Mirrored(1, first, 3 if stride % 2 else 4, stride, lift=True)
        else:
            self.stem = convolution(1, first, 3, stride)
        units, width = [], first
        for stage, (after, count) in enumerate(zip(shape.widths, shape.blocks, strict=True)):
            for unit in range(count):
                units.append(Unit(width, after, 2 if stage and not unit else 1, shape.mirrored))
                width = after
        self.units = nn.Sequential(*units)
        self.dropout = nn.Dropout(shape.dropout)
        self.head = nn.Linear(width // 2 if shape.mirrored else width, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.stem((x - MIDDLE) / SPREAD))
        features = self.units(x).mean((2, 3))
        if self.mirrored:
            features = sum(features.chunk(2, dim=1)) / 2
        logits: Tensor = self.head(self.dropout(features))
        return logits


def convolution(before: int, after: int, size: int, stride: int) -> nn.Sequential:
    """A convolution without offset, and its normalisation; the two are folded into one for export."""
    return nn.Sequential(nn.Conv2d(before, after, size, stride, (size - 1) // 2, bias=False), nn.BatchNorm2d(after))


def plain(network: Network) -> Network:
    """A copy that answers alike in evaluation mode, without mirrored convolutions: what is exported."""
    twin = copy.deepcopy(network)
    if not network.mirrored:
        return twin
    for module in list(twin.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, Mirrored):
                setattr(module, name, child.plain())
    with torch.no_grad():
        weight, bias = network.head.weight.repeat(1, 2) / 2, network.head.bias
        twin.head = nn.Linear(weight.shape[1], len(LABELS))
        twin.head.load_state_dict({"weight": weight, "bias": bias})
    twin.mirrored = False
    twin.train(network.training)
    return twin


def take(network: Network, given: Network) -> None:
    """The numbers of ``given``, made by ``plain`` of a network like this one."""
    if not network.mirrored:
        network.load_state_dict(given.state_dict())
        return
    for name, module in network.named_modules():
        if isinstance(module, Mirrored):
            module.take(given.get_submodule(name))
    with torch.no_grad():
        network.head.weight.copy_(sum(given.head.weight.chunk(2, dim=1)))
        network.head.bias.copy_(given.head.bias)


def logits_of(network: nn.Module, images: Tensor, batch: int = 256) -> Tensor:
    """(N, 8) float32 for uint8 images (N, S, S), without gradients, in evaluation mode, reckoned in bfloat16; in
    float32, as the shipped file does, it is tools.train.twin.logits."""
    network.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        parts = [network(part[:, None].float()).float() for part in images.split(batch)]
    return torch.cat(parts)
