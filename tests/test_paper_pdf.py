"""Reports as PDF: what can be read in it, and how it breaks over pages."""

from __future__ import annotations

import pytest

pytest.importorskip("reportlab", reason="needs the extra 'report'")

from streamer.paper import grids, typeface
from streamer.paper.blocks import Block, Bullets, Heading, Paper, Picture, Table, Text
from streamer.paper.marks import plain
from streamer.paper.numbering import numbered
from streamer.paper.pages import ROOM, Known, built, typeset
from streamer.paper.pieces import piece
from tests.pdf_text import information, links, outline, pages
from tests.test_paper import EVERYTHING, NASTY, OFTEN, SAID, SIGNS, nasty, paper, picture

LONG = Table(
    ("row", "value", "what"),
    tuple((f"row {number}", f"{number / 7:.3f}", "words") for number in range(60)),
    "Sixty rows",
    left=(2,),
)


def text_of(made: Paper) -> list[str]:
    """Each page's text in one line."""
    return [" ".join(one.split()) for one in pages(typeset(made))]


def test_every_block_is_in_the_pdf() -> None:
    whole = " ".join(text_of(EVERYTHING))
    assert [words for words in SAID if " ".join(words.split()) not in whole] == []


def test_pages_say_which_they_are_and_of_how_many() -> None:
    found = text_of(EVERYTHING)
    assert len(found) >= 2
    assert [f"page {number} of {len(found)}" in one for number, one in enumerate(found, start=1)] == [True] * len(found)
    assert [one.count("The foot") for one in found] == [1] * len(found)
    assert "A title" in found[1]  # at the head of every page but the first, where it is the title


def test_contents_tell_the_pages_that_came_out() -> None:
    data, known = built(EVERYTHING, numbered(EVERYTHING.blocks), Known())
    again, same = built(EVERYTHING, numbered(EVERYTHING.blocks), known)
    assert same == known
    assert known.places["chapter-3"] == known.places["chapter-1"] + 1  # the second chapter begins a page
    assert "Second chapter 2" in " ".join(pages(again)[0].split())
    assert "Second chapter 2" not in " ".join(pages(data)[0].split())


def test_outline_metadata_and_links() -> None:
    data = typeset(EVERYTHING)
    titles = ["First chapter", "A section", "Second chapter", "Third chapter", "Fourth chapter"]
    assert sorted(set(outline(data)) & set(titles)) == sorted(titles)
    assert information(data) == {"Title": "A title", "Subject": "A subtitle", "Author": "Groupmood"}
    assert links(data) == ["https://example.org/a?b=1&c=2"]


def test_a_section_before_any_chapter_does_no_harm() -> None:
    assert "Section" in outline(typeset(paper(Heading("Section", level=2), Text("x"), Heading("Chapter"))))


def test_whatever_is_in_a_name_stays_a_name() -> None:
    found = text_of(nasty())
    assert " ".join(found).count(NASTY) == OFTEN + len(found) - 1  # once more at the head of each page but the first
    assert information(typeset(nasty()))["Title"] == NASTY


def test_every_sign_is_there_in_every_face() -> None:
    whole = " ".join(text_of(paper(Text(f"{SIGNS} **{SIGNS}** `{SIGNS}`"))))
    assert whole.count(SIGNS) == 3


def test_a_sign_that_no_face_has_is_seen_to_be_missing() -> None:
    typeface.ready()
    assert list(typeface.runs("a中▸", typeface.BODY)) == [
        (typeface.BODY, "a"), (typeface.OTHERS, typeface.LACKING), (typeface.OTHERS, "▸"),
    ]  # fmt: skip
    assert "name □□.jpg" in " ".join(text_of(paper(Text("name 中文.jpg"))))


def test_a_long_table_goes_on_with_its_head() -> None:
    found = [one for one in text_of(paper(Text("before " * 200), LONG)) if "row " in one]
    assert len(found) >= 2
    assert ["row value what" in one for one in found] == [True] * len(found)
    rows = [number for one in found for number in range(60) if f" row {number} " in one]
    assert rows == list(range(60))
    assert "Sixty rows" in found[0]


def test_a_wide_table_stays_on_the_page() -> None:
    typeface.ready()
    cells = tuple(f"0.{number:03} (0.001–0.004)" for number in range(14))
    wide = Table(("a label of some words", *(f"column {n}" for n in range(14))), (("a row's own label", *cells),) * 3)
    size, widths = grids.fitted(wide, ROOM.width)
    assert sum(widths) == pytest.approx(ROOM.width)
    assert size == grids.SMALLEST
    assert widths[0] >= typeface.width("words", typeface.BODY, size)
    assert len(text_of(paper(wide))) == 1


def test_a_table_with_room_is_not_broken_nor_shrunk() -> None:
    typeface.ready()
    size, widths = grids.fitted(LONG, ROOM.width)
    assert size == grids.SIZES[0]
    assert sum(widths) < grids.FULL * ROOM.width


def test_long_words_break_before_letters_shrink_away() -> None:
    typeface.ready()
    table = Table(("file", "what"), (("word " * 60, "word " * 30),), left=(1,))
    size, widths = grids.fitted(table, ROOM.width)
    assert size == grids.BROKEN
    assert sum(widths) == pytest.approx(ROOM.width)
    assert widths[0] > widths[1]


def test_a_cell_longer_than_a_page_is_no_error() -> None:
    found = text_of(paper(Table(("what",), ((" ".join(f"w{n}." for n in range(4000)),),))))
    assert len(found) >= 2
    assert "w3999." in found[-1]


def test_a_heading_is_never_left_behind() -> None:
    """Whatever stands above, a heading is on the page of what follows it, and a picture on that of its caption."""
    for lines in range(8, 30):
        above: tuple[Block, ...] = (Text("line\n" * 30), *[Text("one line")] * lines)
        blocks = (*above, Heading("Head", 2), Picture(picture(), "Under it"))
        found = [one for one in text_of(paper(*blocks)) if "Head" in one or "Under it" in one]
        assert len(found) == 1


def test_pictures_fit_the_page_whatever_their_shape() -> None:
    for width, height in ((3000, 30), (30, 3000), (1, 1)):
        data = typeset(paper(Picture(picture(width=width, height=height), "says")))
        assert len(pages(data)) == 1


def test_what_stays_together_is_never_taller_than_a_page() -> None:
    typeface.ready()
    blocks = (LONG, Bullets(("word " * 3000,)), Text("word " * 3000), Picture(picture(width=30, height=3000), "says"))
    assert [entry for entry in numbered(blocks) if piece(entry, ROOM).least > ROOM.height] == []


def test_a_title_too_long_for_the_head_is_shortened() -> None:
    made = paper(Heading("A"), Heading("B", page=True), title="a very long title " * 12)
    head = text_of(made)[1]
    assert "a very…" in head
    assert plain(made.title) not in head
