"""What trained networks say of the training faces: the targets of a smaller one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.network import Network, logits_of


def lessons(teachers: Sequence[nn.Module], images: Tensor) -> Tensor:
    """(N, 8) probabilities for uint8 images (N, S, S): the mean over teachers, and each face and its mirror image."""
    views = (images, images.flip(2))
    said = [functional.softmax(logits_of(teacher, view), dim=1) for teacher in teachers for view in views]
    return torch.stack(said).mean(0)


def answers(teachers: Sequence[nn.Module], x: Tensor) -> Tensor:
    """(N, 8) probabilities for distorted faces (N, 1, S, S), 0…255: the mean over teachers, each of which sees the
    faces in its own size."""
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        said = [functional.softmax(teacher.eval()(_sized(teacher, x)).float(), dim=1) for teacher in teachers]
    return torch.stack(said).mean(0)


def sharpened(shares: Tensor, power: float) -> Tensor:
    """(N, 8) sums of 1: p^power / Σ p^power; at 1 they stay as they are, to the bit."""
    if power == 1:
        return shares
    powers = (shares / shares.amax(1, keepdim=True)) ** power  # of 1 at most, so that not all vanish
    return powers / powers.sum(1, keepdim=True)


def _sized(teacher: nn.Module, x: Tensor) -> Tensor:
    """A pretrained network makes the faces as large as it needs them; a plain one knows one size only."""
    if not isinstance(teacher, Network) or x.shape[-1] == teacher.side:
        return x
    return functional.interpolate(x, size=(teacher.side, teacher.side), mode="bilinear", antialias=True)
