"""The network that a run keeps: the one with the best accuracy on the validation split."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from torch import nn

from tools.train.network import Network
from tools.train.pretrained import FaceNetwork
from tools.train.settings import Network as Shape
from tools.train.settings import Pretrained, Settings, SettingsError

BEST = "best.pt"


def made(shape: Shape | Pretrained) -> Network | FaceNetwork:
    """A network of that shape with chance numbers."""
    return FaceNetwork(shape) if isinstance(shape, Pretrained) else Network(shape)


def load_best(folder: Path) -> tuple[Network | FaceNetwork, Settings]:
    """The network with the best accuracy on the validation split.

    Raises:
        SettingsError: no epoch has ended in this folder yet.
    """
    path = folder / BEST
    if not path.is_file():
        raise SettingsError(f"{folder} holds no {BEST}: train first")
    state = torch.load(path, weights_only=True)
    settings = Settings.model_validate(state["settings"])
    network = made(settings.network)
    network.load_state_dict(state["weights"])
    return network.eval(), settings


def save_best(folder: Path, settings: Settings, network: nn.Module, epoch: int, elsewhere: bool = False) -> None:
    """``elsewhere``: the network was not trained in this folder, so that there is nothing to go on with."""
    state = {"settings": settings.model_dump(), "epoch": epoch, "weights": network.state_dict(), "elsewhere": elsewhere}
    save(state, folder / BEST)


def made_elsewhere(settings: Settings, folder: Path) -> bool:
    """Whether the folder holds a network of this run that was trained elsewhere: then it is not trained here.

    Raises:
        SettingsError: it was trained elsewhere, but with other settings.
    """
    path = folder / BEST
    if not path.is_file() or not (state := torch.load(path, weights_only=True)).get("elsewhere"):
        return False
    if Settings.model_validate(state["settings"]) != settings:
        raise SettingsError(
            f"{folder} holds a network that was trained elsewhere, with other settings than this run's: take these, or "
            "name another folder with --run"
        )
    return True


def save(state: object, path: Path) -> None:
    """Whole or not at all."""
    beside = path.with_suffix(".part")
    torch.save(state, beside)
    os.replace(beside, path)
