"""A paper as one HTML file that needs nothing else: style and pictures are in it, and it runs no script."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from streamer.paper.blocks import Bullets, Callout, Figures, Heading, Paper, Picture, Table, Text
from streamer.paper.marks import Span, clean, plain, spans
from streamer.paper.numbering import Entry, aligned_left, checked, numbered
from streamer.paper.pictures import shape_of

STYLE = Path(__file__).with_name("paper.css")

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser may load for it: nothing but what it carries."""

FEWEST_LISTED = 3
"""Chapters from which on there is a list of them."""

LONGEST_UNBROKEN = 24
"""Letters of a number that is kept in one line; a longer text gets a column that it can be read in."""


def html(paper: Paper) -> str:
    """The whole document.

    Raises:
        ValueError: a table's row is not as wide as its head, or a picture is neither PNG nor JPEG.
    """
    entries = numbered(paper.blocks)
    parts = (
        "<!doctype html>",
        '<html lang="en">',
        *_head(paper),
        "<body>",
        '<a class="skip" href="#content">To the content</a>',
        *_title(paper),
        *_contents(entries),
        '<main id="content">',
        *_chapters(entries),
        "</main>",
        f"<footer><p>{_marked(paper.foot)}</p></footer>" if paper.foot else "",
        "</body>",
        "</html>",
    )
    return "\n".join(part for part in parts if part) + "\n"


def _head(paper: Paper) -> Iterator[str]:
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="generator" content="Groupmood">'
    yield f'<meta name="description" content="{escape(plain(paper.subtitle))}">'
    yield f"<title>{escape(plain(paper.title))}</title>"
    yield f"<style>\n{STYLE.read_text('utf-8')}</style>"
    yield "</head>"


def _title(paper: Paper) -> Iterator[str]:
    yield '<header class="title">'
    yield f"<h1>{_marked(paper.title)}</h1>"
    yield f'<p class="subtitle">{_marked(paper.subtitle)}</p>' if paper.subtitle else ""
    if paper.facts:
        yield '<dl class="facts">'
        yield from (f"<div><dt>{_marked(name)}</dt><dd>{_marked(value)}</dd></div>" for name, value in paper.facts)
        yield "</dl>"
    yield "</header>"


def _contents(entries: Sequence[Entry]) -> Iterator[str]:
    """The chapters, each with its sections; nothing for a short paper."""
    chapters = list(_grouped(entries))
    named = [(found[0], found[1:]) for found in chapters if found and isinstance(found[0].block, Heading)]
    if len(named) < FEWEST_LISTED:
        return
    yield '<nav aria-labelledby="contents">'
    yield '<p id="contents">Contents</p>'
    yield "<ol>"
    for chapter, rest in named:
        sections = [_line(entry) for entry in rest if isinstance(entry.block, Heading)]
        inner = f"<ol>{''.join(f'<li>{line}</li>' for line in sections)}</ol>" if sections else ""
        yield f"<li>{_line(chapter)}{inner}</li>"
    yield "</ol>"
    yield "</nav>"


def _line(entry: Entry) -> str:
    text = entry.block.text if isinstance(entry.block, Heading) else ""
    return f'<a href="#{entry.anchor}">{escape(plain(text))}</a>'


def _grouped(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Chapter by chapter; what stands before the first is one of its own."""
    starts = [n for n, entry in enumerate(entries) if isinstance(entry.block, Heading) and entry.block.level == 1]
    ends = [*starts, len(entries)]
    yield entries[: ends[0]]
    yield from (entries[start:end] for start, end in zip(starts, ends[1:], strict=True))


def _chapters(entries: Sequence[Entry]) -> Iterator[str]:
    for chapter in _grouped(entries):
        if not chapter:
            continue
        first = chapter[0].block
        new_page = ' class="page"' if isinstance(first, Heading) and first.page else ""
        yield f'<section aria-labelledby="{chapter[0].anchor}"{new_page}>' if chapter[0].anchor else "<section>"
        for entry in chapter:
            yield from _block(entry)
        yield "</section>"


def _block(entry: Entry) -> Iterator[str]:
    block = entry.block
    if isinstance(block, Heading):
        yield f'<h{block.level + 1} id="{entry.anchor}">{_marked(block.text)}</h{block.level + 1}>'
    elif isinstance(block, Text):
        yield f'<p class="faint">{_marked(block.text)}</p>' if block.faint else f"<p>{_marked(block.text)}</p>"
    elif isinstance(block, Bullets):
        yield f"<ul>{''.join(f'<li>{_marked(item)}</li>' for item in block.items)}</ul>"
    elif isinstance(block, Callout):
        yield f'<div class="callout" role="note"><p>{_marked(block.text)}</p></div>'
    elif isinstance(block, Figures):
        yield f'<dl class="figures">{"".join(map(_figure, block.items))}</dl>'
    elif isinstance(block, Table):
        yield from _table(entry, checked(block))
    else:
        yield from _picture(entry, block)


def _figure(item: tuple[str, str, str]) -> str:
    value, what, below = item
    more = f'<dd class="below">{_marked(below)}</dd>' if below else ""
    return f'<div><dt>{_marked(what)}</dt><dd class="value">{_marked(value)}</dd>{more}</div>'


def _table(entry: Entry, table: Table) -> Iterator[str]:
    """In a part that scrolls by itself, so that a wide one never makes the page wide."""
    named = f'aria-labelledby="{entry.anchor}-caption"' if entry.label else 'aria-label="Table"'
    yield f'<figure class="table" id="{entry.anchor}">' if entry.label else '<figure class="table">'
    if entry.label:
        yield f'<figcaption id="{entry.anchor}-caption"><b>{entry.label}</b> {_marked(table.caption)}</figcaption>'
    yield f'<div class="scroll" tabindex="0" role="region" {named}><table {named}>'
    yield f"<thead><tr>{''.join(_cell(table, n, text, 'col') for n, text in enumerate(table.head))}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        cells = "".join(_cell(table, n, text, "" if n else "row") for n, text in enumerate(row))
        yield f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"
    yield _source(table.source)
    yield "</figure>"


def _cell(table: Table, column: int, text: str, scope: str) -> str:
    left = aligned_left(table, column)
    short = len(plain(text)) <= LONGEST_UNBROKEN
    name = ("" if short else "words") if left else "number" if short and scope != "col" else "right"
    kind = f' class="{name}"' if name else ""
    return f'<th scope="{scope}"{kind}>{_marked(text)}</th>' if scope else f"<td{kind}>{_marked(text)}</td>"


def _picture(entry: Entry, picture: Picture) -> Iterator[str]:
    shape = shape_of(picture.data)
    data = base64.b64encode(picture.data).decode("ascii")
    wide = min(1.0, max(0.1, picture.wide))
    yield f'<figure id="{entry.anchor}">'
    yield f'<div class="scroll" tabindex="0" role="region" aria-label="{entry.label}">'
    yield (
        f'<img src="data:{shape.mime};base64,{data}" alt="{escape(plain(picture.says))}" '
        f'width="{shape.width}" height="{shape.height}" style="--wide: {wide:.0%}"></div>'
    )
    yield f"<figcaption><b>{entry.label}</b> {_marked(picture.says)}</figcaption>"
    yield _source(picture.source)
    yield "</figure>"


def _source(text: str) -> str:
    return f'<p class="source">{_marked(text)}</p>' if text else ""


def _marked(text: str) -> str:
    return "".join(map(_span, spans(text)))


def _span(span: Span) -> str:
    text = escape(clean(span.text))
    if span.kind == "bold":
        return f"<strong>{text}</strong>"
    if span.kind == "code":
        return f"<code>{text}</code>"
    return f'<a href="{text}" rel="noreferrer">{text}</a>' if span.kind == "link" else text
