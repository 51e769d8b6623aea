"""What the trained network answers in torch: the measure for the exported file, which is made without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tools.train.calibrate import Calibration, Logits
from tools.train.data import Images
from tools.train.network import Network, plain


def weights(network: Network) -> dict[str, NDArray[Any]]:
    """All numbers of the network by torch's names, those of mirrored convolutions written out."""
    return {name: values.detach().cpu().numpy() for name, values in plain(network).state_dict().items()}


def logits(network: nn.Module, images: Images, batch: int = 128) -> Logits:
    """(N, 8) for images (N, S, S), computed in float32."""
    network.eval()
    with torch.no_grad():
        parts = [network(part[:, None].float()) for part in torch.from_numpy(images).split(batch)]
    return np.asarray(torch.cat(parts).double().numpy())


def stored(network: Network, calibration: Calibration) -> nn.Module:
    """A copy whose softmax gives what the file is to give: normalisation folded by torch, weights cut to float16,
    calibration in the last layer."""
    twin = plain(network).eval().double()
    _fold(twin)
    with torch.no_grad():
        twin.head.weight /= calibration.temperature
        twin.head.bias += torch.from_numpy(calibration.offset)
        twin.head.bias /= calibration.temperature
        for parameter in twin.parameters():
            if parameter.ndim > 1:
                parameter.copy_(parameter.half())
    return twin.float()


def _fold(module: nn.Module) -> None:
    for name, child in module.named_children():
        parts = list(child.children())
        if len(parts) == 2 and isinstance(parts[0], nn.Conv2d) and isinstance(parts[1], nn.BatchNorm2d):
            setattr(module, name, fuse_conv_bn_eval(*parts))
        else:
            _fold(child)
