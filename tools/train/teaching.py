"""What trained networks say of the training faces: the targets of a smaller one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from tools.train.augment import Distortions
from tools.train.best import save
from tools.train.network import Network, logits_of

BATCH = 256


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


@dataclass(frozen=True)
class Copies:
    """Distorted faces, ``images`` uint8 (N, C, S, S), C of each; ``said`` (N, C, 8) of each and its mirror image."""

    images: Tensor
    said: Tensor

    def drawn(self, rows: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """One copy of each of these faces, mirrored or not, (n, 1, S, S) float32, and what was said of it."""
        count = len(rows)
        which = torch.randint(self.images.shape[1], (count,), generator=generator)
        mirrored = torch.rand(count, generator=generator) < 0.5
        x = self.images[rows, which][:, None].float()
        return torch.where(mirrored[:, None, None, None], x.flip(3), x), self.said[rows, which]


def copies(
    teachers: Sequence[nn.Module], distort: Distortions, images: Tensor, count: int, say: Callable[[str], None]
) -> Copies:
    """``count`` copies of each of the uint8 images (N, H, W), and what the teachers say of them."""
    made, said = [], []
    for number in range(1, count + 1):
        started = time.monotonic()
        parts = [distort.uncovered(part).round() for part in images.split(BATCH)]
        made.append(torch.cat(parts)[:, 0].to(torch.uint8))
        said.append(torch.cat([(answers(teachers, x) + answers(teachers, x.flip(3))) / 2 for x in parts]))
        left = (count - number) * (time.monotonic() - started) / 60
        say(f"copy {number}/{count} of each face shown to the teachers (about {left:.0f} min left)")
    return Copies(torch.stack(made, 1), torch.stack(said, 1))


def kept(path: Path, key: str, make: Callable[[], Copies]) -> Copies:
    """The copies of that key in the file, or else made and written there."""
    if path.is_file() and (state := torch.load(path, weights_only=True))["key"] == key:
        return Copies(state["images"], state["said"])
    made = make()
    save({"key": key, "images": made.images, "said": made.said}, path)
    return made


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
