"""Which converter makes an ONNX file of what a card names, and what its output is called. Imported when used."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from engines.cards import Card


@dataclass(frozen=True, slots=True)
class Converter:
    """``target``: "module:function". ``version`` is raised whenever the output changes, so that what an older one made
    is not taken for it. ``carded``: it reads the card as well as the file."""

    target: str
    version: int = 1
    carded: bool = False


CONVERTERS: Mapping[str, Converter] = {
    "mini_xception": Converter("engines.convert_xception:convert"),
    "deepface": Converter("engines.convert_deepface:convert"),
    "torch_cnn": Converter("engines.convert_torch_cnn:convert", carded=True),
}


def convert(data: bytes, card: Card) -> bytes:
    """The ONNX file; the file itself where the card has no converter.

    Raises:
        EngineUnavailable: a package that the converter needs is missing.
        ModelRejected: this is not what the converter knows.
    """
    if card.convert is None:
        return data
    converter = CONVERTERS[card.convert]
    module, _, name = converter.target.partition(":")
    function = getattr(importlib.import_module(module), name)
    made: bytes = function(data, card) if converter.carded else function(data)
    return made


def edition(card: Card) -> str:
    """What sets apart two conversions of one file: the converter's version and, where it reads the card, what it reads
    there. "" where nothing is converted."""
    if card.convert is None:
        return ""
    converter = CONVERTERS[card.convert]
    if not converter.carded:
        return f"v{converter.version}"
    read = "\n".join([*card.layers, card.input.colour, str(card.input.side)])
    return f"v{converter.version}-{hashlib.sha256(read.encode()).hexdigest()[:8]}"
