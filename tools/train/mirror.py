"""Convolutions that do the same to a face and to its mirror image.

A network of them is equivariant under mirroring (Cohen & Welling 2016, https://arxiv.org/abs/1602.07576): of its 2c
channels, c are for the face as it is, and c do the same for its mirror image. To mirror the face is to mirror the
channels and to swap the halves. So half as many numbers are learned, and each from twice as much; what is exported are
usual convolutions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MOMENTUM = 0.1
EPSILON = 1e-5


class Mirrored(nn.Module):
    """A convolution without offset and its normalisation. ``lift``: it is the first, on the picture itself.

    With kernels a and b, its whole kernel is [[a, b], [b mirrored, a mirrored]]; of the first, [a, a mirrored].
    """

    def __init__(self, before: int, after: int, size: int, stride: int, lift: bool = False) -> None:
        super().__init__()
        self.stride, self.padding = stride, (size - 1) // 2
        plain = nn.Conv2d(before, after, size, bias=False).weight.detach()
        pairs = 1 if lift else 2
        halves = plain[: after // 2].chunk(pairs, dim=1)
        self.kernels = nn.ParameterList([half.clone() for half in halves])
        self.scale = nn.Parameter(torch.ones(after // 2))
        self.offset = nn.Parameter(torch.zeros(after // 2))
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("mean", torch.zeros(after))
        self.register_buffer("variance", torch.ones(after))

    def forward(self, x: Tensor) -> Tensor:
        y = functional.conv2d(x, self.whole(), None, self.stride, self.padding)
        mean, variance = (self.mean, self.variance) if self.training else self.statistics()
        scale, offset = self.scale.repeat(2), self.offset.repeat(2)
        return functional.batch_norm(y, mean, variance, scale, offset, self.training, MOMENTUM, EPSILON)

    def whole(self) -> Tensor:
        """The kernel (after, before, size, size)."""
        given = list(self.kernels)
        return torch.cat([torch.cat(given, 1), torch.cat([half.flip(3) for half in reversed(given)], 1)])

    def statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and variance (after,): those of a channel and of its mirror image differ by chance alone, and so have
        their middle."""
        both = (self.mean, self.variance)
        mean, variance = (one.view(2, -1).mean(0).repeat(2) for one in both)
        return mean, variance

    def plain(self) -> nn.Sequential:
        """The same in evaluation mode as a usual convolution and its normalisation."""
        after, before, size, _ = self.whole().shape
        kernel = nn.Conv2d(before, after, size, self.stride, self.padding, bias=False)
        norm = nn.BatchNorm2d(after, EPSILON)
        mean, variance = self.statistics()
        scale, offset = self.scale.repeat(2), self.offset.repeat(2)
        norm.load_state_dict({"weight": scale, "bias": offset, "running_mean": mean, "running_var": variance})
        kernel.load_state_dict({"weight": self.whole()})
        return nn.Sequential(kernel, norm)

    def take(self, plain: nn.Sequential) -> None:
        """Become what ``plain`` gave, whose numbers may have changed since."""
        kernel, norm = plain[0], plain[1]
        half = len(self.scale)
        with torch.no_grad():
            for mine, given in zip(self.kernels, kernel.weight[:half].chunk(len(self.kernels), dim=1), strict=True):
                mine.copy_(given)
            self.scale.copy_(norm.weight[:half])
            self.offset.copy_(norm.bias[:half])
            self.mean.copy_(norm.running_mean)
            self.variance.copy_(norm.running_var)
