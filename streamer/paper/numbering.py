"""Which number each figure and table has, and by what name each block can be pointed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streamer.paper.blocks import Block, Heading, Picture, Table


@dataclass(frozen=True, slots=True)
class Entry:
    """A block of a paper. ``label``: "Figure 3" or "Table 1", '' for what has no number; ``anchor``: its name in the
    paper, '' for what nobody points to."""

    block: Block
    label: str = ""
    anchor: str = ""


def numbered(blocks: Sequence[Block]) -> tuple[Entry, ...]:
    """Figures and tables are counted apart, from 1; a table without a caption is not counted."""
    counts = {"Figure": 0, "Table": 0, "Chapter": 0}
    made = []
    for block in blocks:
        word = kind_of(block)
        if not word:
            made.append(Entry(block))
            continue
        counts[word] += 1
        anchor = f"{word.lower()}-{counts[word]}"
        made.append(Entry(block, "" if word == "Chapter" else f"{word} {counts[word]}", anchor))
    return tuple(made)


def kind_of(block: Block) -> str:
    if isinstance(block, Picture):
        return "Figure"
    if isinstance(block, Table) and block.caption:
        return "Table"
    return "Chapter" if isinstance(block, Heading) else ""


def aligned_left(table: Table, column: int) -> bool:
    """The first column and the named ones; the others hold numbers."""
    return column == 0 or column in table.left


def checked(table: Table) -> Table:
    """The same table.

    Raises:
        ValueError: a row is not as wide as the head.
    """
    for row in table.rows:
        if len(row) != len(table.head):
            raise ValueError(f"a row of {len(table.head)} cells is wanted, as the head {table.head} has, got {row}")
    return table
