"""What a report is made of. Text is plain; ``**bold**`` and `` `code` `` are the only marks in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Heading:
    """``level`` 1 for a chapter, 2 for a section; chapters begin a page in the PDF where ``page`` is set."""

    text: str
    level: Literal[1, 2] = 1
    page: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph; ``faint`` for what may be passed over."""

    text: str
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Callout:
    """What must not be missed: the limits, the answer in one sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Figures:
    """A few large numbers side by side: (value, what it is, what is said below it)."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``rows`` of texts as wide as ``head``. The first column is left-aligned, the others right, unless they are
    named in ``left``. ``source``: where the figures come from."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    left: tuple[int, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG; ``wide`` 0…1 of the text's width. ``says``: what is to be seen, also for who cannot see it."""

    data: bytes
    says: str
    wide: float = 1.0
    source: str = ""


Block: TypeAlias = Heading | Text | Bullets | Callout | Figures | Table | Picture


@dataclass(frozen=True, slots=True)
class Paper:
    """``title`` and ``subtitle`` stand on the first page with ``facts``, lines of (name, value); ``foot`` on each."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    foot: str = ""
