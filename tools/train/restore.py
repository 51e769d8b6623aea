"""The shipped model as a run that has ended: ``python -m tools.train.restore --run FOLDER [--data FOLDER]``.

Training it from nothing takes hours. So it can be gone on with at once: in the settings of a new run the shipped ones
(emotion.yaml) stand under ``before:`` or ``teachers:``, and FOLDER is that run's ``before`` or ``teacher-1``.
The numbers are those of the file, cut to float16; the temperature is taken out again, the adjustment for rare labels
stays in the last layer. torch comes with the extra ``train``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx

from engines.cache import fetch, read_verified, weights_dir
from engines.cards import load_card
from engines.errors import EngineError
from streamer.errors import ConfigError
from tools.places import DATA
from tools.train import card_file, settings
from tools.train.data import Images
from tools.train.settings import Network as Shape
from tools.train.settings import Pretrained, Settings, SettingsError
from tools.train.ship import parts_of

if TYPE_CHECKING:
    from torch import nn

    from tools.train.network import Network

FIRST = 2048
"""Faces on which the normalisation is set."""

GAIN = 1 / 3
"""Kernels are made as long as torch's fresh ones: squared, so much for each channel that comes out."""


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder to write the run into")
    parser.add_argument("--data", type=Path, default=DATA / "ferplus", help="folder of train.npz and valid.npz")
    parser.add_argument("--settings", type=Path, default=settings.DEFAULT, help="those that the model was made with")
    parser.add_argument("--card", default=card_file.NAME, help="the model's card: a name, or a file .yaml")
    arguments = parser.parse_args(words)
    for name in ("train.npz", "valid.npz"):
        if not (arguments.data / name).is_file():
            parser.error(f"{arguments.data / name} is not there; name FER+ as .npz with --data")
    try:
        chosen, card = settings.load(arguments.settings), load_card(arguments.card)
        fetch(card, weights_dir())
        file = read_verified(card, weights_dir())
        images = parts_of(arguments.data, chosen).trained.images[:FIRST]
        restore(arguments.run, chosen, file, card.baked_temperature or 1.0, images)
    except ModuleNotFoundError as error:
        parser.error(f"{error}; this needs the extra: pip install 'groupmood[train]'")
    except (SettingsError, ConfigError, EngineError) as error:
        parser.error(str(error))
    print(f"written: {arguments.run}")
    return 0


def restore(run: Path, chosen: Settings, file: bytes, temperature: float, images: Images) -> None:
    """``file`` as for ``unfolded``; ``images`` uint8 (N, S, S): faces of training.

    Raises:
        SettingsError: the model is of another network than the settings', or the folder holds a run already.
    """
    from tools.train import best  # torch

    if (run / best.BEST).exists():
        raise SettingsError(f"{run} holds a run already: name another folder with --run")
    if isinstance(chosen.network, Pretrained):
        raise SettingsError("these settings are a teacher's, which is never shipped: name those of the model")
    network = unfolded(file, chosen.network, temperature, images)
    run.mkdir(parents=True, exist_ok=True)
    best.save_best(run, chosen, network, chosen.fit.last(), elsewhere=True)


def unfolded(file: bytes, shape: Shape, temperature: float, images: Images) -> Network:
    """The network of a file as tools.train.export builds it, its logits before the ``temperature``. Normalisations are
    as ``images`` and their mirror images have them, and such that the answers stay.

    Raises:
        SettingsError: the file is of a network of another shape.
    """
    import torch

    from tools.train import pretrained
    from tools.train.dlib_file import Convolution
    from tools.train.network import Network, plain, take

    initializers = onnx.load_from_string(file).graph.initializer
    stored = {one.name: onnx.numpy_helper.to_array(one).astype(np.float32) for one in initializers}
    network = Network(shape)
    twin = plain(network)
    pairs = list(_convolutions(twin))
    wanted = {f"{name}.weight.half": tuple(kernel.weight.shape) for name, kernel, _ in pairs}
    found = {name: values.shape for name, values in stored.items() if name.endswith(".half") and values.ndim == 4}
    if wanted != found:
        raise SettingsError(f"the model has not the network of these settings: {found} are its kernels, not {wanted}")
    for name, kernel, norm in pairs:
        given = stored[f"{name}.weight.half"]
        ones = np.ones(len(given), np.float32)
        pretrained.put(kernel, norm, Convolution(given, ones, stored[f"{name}.offset"]), GAIN)
    with torch.no_grad():
        twin.head.weight.copy_(temperature * torch.from_numpy(stored["head.weight.half"]))
        twin.head.bias.copy_(temperature * torch.from_numpy(stored["head.offset"]))
    both = torch.from_numpy(np.concatenate([images, images[:, :, ::-1]]))
    pretrained.settle(twin, [norm for _, _, norm in pairs], both)
    take(network, twin)
    return network


def _convolutions(network: Network) -> Iterator[tuple[str, nn.Conv2d, nn.BatchNorm2d]]:
    """Each with its name in the file and its normalisation, from the picture on."""
    from torch import nn

    for name, part in network.named_modules():
        children = list(part.children())
        if len(children) == 2 and isinstance(children[0], nn.Conv2d) and isinstance(children[1], nn.BatchNorm2d):
            yield name, children[0], children[1]


if __name__ == "__main__":
    sys.exit(main())
