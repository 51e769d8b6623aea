"""What a camera, a codec and a detector's box do to a face, done to the training faces."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tools.train.settings import Augmentation

GROUPS = 4
"""Faces that are shrunk or blurred are dealt with in so many groups of equal strength."""


class Distortions:
    """``generator`` draws everything, so that a run can be made again."""

    def __init__(self, settings: Augmentation, side: int, generator: torch.Generator) -> None:
        self._settings, self._side, self._generator = settings, side, generator

    def __call__(self, images: Tensor) -> Tensor:
        """(N, 1, S, S) float32, 0…255, of uint8 images (N, H, W)."""
        return self.covered(self.uncovered(images))

    def uncovered(self, images: Tensor) -> Tensor:
        """All of it but the squares."""
        x = self._moved(images[:, None].float())
        x = self._shaded(x)
        x = self._shrunk(x)
        x = self._blurred(x)
        x = self._compressed(x)
        return self._noisy(x).clamp(0, 255)

    def mixed(self, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Some of the faces with another laid over them, and the targets likewise (Zhang et al. 2017,
        https://arxiv.org/abs/1710.09412)."""
        settings = self._settings
        if settings.mixup == 0:
            return x, targets
        count = len(x)
        # A Beta variable by two Gammas would need torch.distributions, which takes no generator: Jöhnk's method does.
        share = self._beta(settings.mixup_alpha, count)
        share = torch.where(self._some(count, settings.mixup), torch.maximum(share, 1 - share), torch.ones(count))
        other = torch.randperm(count, generator=self._generator)
        wide = share[:, None, None, None]
        return wide * x + (1 - wide) * x[other], share[:, None] * targets + (1 - share[:, None]) * targets[other]

    def _beta(self, alpha: float, count: int) -> Tensor:
        """Beta(α, α) for α < 1 (Jöhnk 1964): u^(1/α) / (u^(1/α) + v^(1/α)) where that sum is at most 1."""
        out = torch.full((count,), torch.nan)
        while bool(out.isnan().any()):
            u = self._uniform(count, 0, 1).clamp_min(1e-12) ** (1 / alpha)
            v = self._uniform(count, 0, 1).clamp_min(1e-12) ** (1 / alpha)
            good = out.isnan() & (u + v <= 1) & (u + v > 0)
            out = torch.where(good, u / (u + v), out)
        return out

    def _uniform(self, count: int, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=self._generator)

    def _some(self, count: int, share: float) -> Tensor:
        return torch.rand(count, generator=self._generator) < share

    def _whole(self, low: int, high: int) -> int:
        """low…high, both included."""
        return int(torch.randint(low, high + 1, (1,), generator=self._generator))

    def _moved(self, x: Tensor) -> Tensor:
        """Turned, zoomed, stretched, shifted, mirrored; what lies beyond the edge mirrors what lies before it."""
        settings, count = self._settings, len(x)
        angle = torch.deg2rad(self._uniform(count, -settings.rotation, settings.rotation))
        low, high = settings.zoom
        zoom = torch.exp(self._uniform(count, math.log(low), math.log(high)))
        stretch = torch.exp(self._uniform(count, -settings.stretch, settings.stretch))
        mirror = torch.where(self._some(count, 0.5), 1.0, -1.0)
        across = self._uniform(count, -2 * settings.shift, 2 * settings.shift)
        down = self._uniform(count, -2 * settings.shift, 2 * settings.shift)
        cos, sin = torch.cos(angle) / zoom, torch.sin(angle) / zoom
        rows = torch.stack([cos * stretch * mirror, -sin / stretch, across], 1)
        rows = torch.stack([rows, torch.stack([sin * stretch * mirror, cos / stretch, down], 1)], 1)
        grid = functional.affine_grid(rows, [count, 1, self._side, self._side], align_corners=False)
        return functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)

    def _shaded(self, x: Tensor) -> Tensor:
        settings, count = self._settings, len(x)
        wide = (count, 1, 1, 1)
        power = torch.exp(self._uniform(count, -settings.gamma, settings.gamma)).view(wide)
        x = 255 * (x / 255).clamp(0, 1) ** power
        middle = x.mean((2, 3), keepdim=True)
        contrast = self._uniform(count, *settings.contrast).view(wide)
        brightness = self._uniform(count, -settings.brightness, settings.brightness).view(wide)
        return ((x - middle) * contrast + middle + brightness).clamp(0, 255)

    def _shrunk(self, x: Tensor) -> Tensor:
        """Some faces as if they had been small in the picture."""
        for rows in torch.nonzero(self._some(len(x), self._settings.low))[:, 0].tensor_split(GROUPS):
            if not len(rows):
                continue
            side = self._whole(*self._settings.low_side)
            small = functional.interpolate(x[rows], size=(side, side), mode="bilinear", antialias=True)
            x[rows] = functional.interpolate(small, size=(self._side, self._side), mode="bilinear")
        return x

    def _blurred(self, x: Tensor) -> Tensor:
        for rows in torch.nonzero(self._some(len(x), self._settings.blur))[:, 0].tensor_split(GROUPS):
            if not len(rows):
                continue
            sigma = float(self._uniform(1, 0.5, 1.8))
            line = torch.exp(-0.5 * (torch.arange(-4, 5) / sigma) ** 2)
            kernel = torch.outer(line, line)[None, None] / line.sum() ** 2
            x[rows] = functional.conv2d(functional.pad(x[rows], (4, 4, 4, 4), mode="reflect"), kernel)
        return x

    def _noisy(self, x: Tensor) -> Tensor:
        rows = torch.nonzero(self._some(len(x), self._settings.noise))[:, 0]
        strength = self._uniform(len(rows), 2, 12).view(-1, 1, 1, 1)
        x[rows] = x[rows] + strength * torch.randn(x[rows].shape, generator=self._generator)
        return x

    def _compressed(self, x: Tensor) -> Tensor:
        for row in torch.nonzero(self._some(len(x), self._settings.jpeg))[:, 0].tolist():
            picture = x[row, 0].clamp(0, 255).to(torch.uint8).numpy()
            _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self._whole(20, 70)])
            x[row, 0] = torch.from_numpy(np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE))).float()
        return x

    def covered(self, x: Tensor) -> Tensor:
        """Grey squares over some faces (DeVries & Taylor 2017, https://arxiv.org/abs/1708.04552)."""
        side = self._side
        for row in torch.nonzero(self._some(len(x), self._settings.cutout))[:, 0].tolist():
            half = self._whole(side // 12, side // 6)
            top, left = self._whole(0, side - 1), self._whole(0, side - 1)
            x[row, 0, max(0, top - half) : top + half, max(0, left - half) : left + half] = 127.5
        return x
