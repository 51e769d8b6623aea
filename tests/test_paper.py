"""Reports as HTML and PDF: every block in both, whatever signs are in it, however long or wide it is."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image as Pictures

from streamer.errors import SinkError
from streamer.paper.blocks import Block, Bullets, Callout, Figures, Heading, Paper, Picture, Table, Text
from streamer.paper.html import html
from streamer.paper.marks import Span, clean, plain, spans
from streamer.paper.numbering import numbered

ROOT = Path(__file__).parent.parent
NASTY = "a file called <b>&amp;.jpg"
SIGNS = "− – “ ” × ≥ ≤ ± → ▸ ³ é"


def picture(kind: str = "PNG", width: int = 40, height: int = 30) -> bytes:
    file = io.BytesIO()
    Pictures.new("RGB", (width, height), "#336699").save(file, kind)
    return file.getvalue()


def paper(*blocks: Block, title: str = "A title") -> Paper:
    return Paper(title, "A subtitle", (("made", "today"),), blocks, "The foot")


EVERYTHING = paper(
    Heading("First chapter"),
    Callout("What must not be missed"),
    Figures((("0.879", "accuracy", "of 3199"), ("9%", "wrong", ""))),
    Text("A paragraph with **bold words**, `some code` and https://example.org/a?b=1&c=2."),
    Text("To be passed over", faint=True),
    Bullets(("one thing", "another thing")),
    Heading("A section", level=2),
    Table(("name", "value"), (("left cell", "0.123"),), "A caption of a table", source="from a file"),
    Heading("Second chapter", page=True),
    Picture(picture(), "What a picture says", 0.5, "drawn here"),
    Picture(picture("JPEG"), "What a photograph says"),
    Heading("Third chapter"),
    Heading("Fourth chapter"),
)

SAID = (
    "A title", "A subtitle", "made", "today", "First chapter", "What must not be missed", "0.879", "accuracy",
    "of 3199", "A paragraph with ", "bold words", "some code", "https://example.org/a?b=1", "To be passed over",
    "one thing", "another thing", "A section", "name", "left cell", "0.123", "A caption of a table", "from a file",
    "Second chapter", "What a picture says", "drawn here", "What a photograph says", "The foot", "Figure 1", "Figure 2",
    "Table 1", "Contents",
)  # fmt: skip


class Seen(HTMLParser):
    """What a browser would show, and which elements there are."""

    VOID = ("meta", "img", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text, self.tags, self.open = "", list[tuple[str, dict[str, str | None]]](), list[str]()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_every_block_is_in_the_html() -> None:
    seen = Seen(html(EVERYTHING))
    assert [words for words in SAID if words not in seen.text] == []
    assert seen.open == []
    assert [one["alt"] for one in seen.all("img")] == ["What a picture says", "What a photograph says"]
    assert {one["class"] for one in seen.all("p") if "class" in one} == {"subtitle", "faint", "source"}


def test_the_html_needs_nothing_else() -> None:
    made = html(EVERYTHING)
    seen = Seen(made)
    assert [str(one["src"])[:22] for one in seen.all("img")] == ["data:image/png;base64,", "data:image/jpeg;base64"]
    assert [name for name, _ in seen.tags if name in ("script", "link", "iframe")] == []
    assert "url(" not in made
    assert "default-src 'none'" in str([one.get("content") for one in seen.all("meta")])


def test_everything_that_is_pointed_to_is_there_once() -> None:
    seen = Seen(html(EVERYTHING))
    names = [str(attributes["id"]) for _, attributes in seen.tags if "id" in attributes]
    targets = [str(one["href"])[1:] for one in seen.all("a") if str(one["href"]).startswith("#")]
    targets += [str(value) for _, attributes in seen.tags if (value := attributes.get("aria-labelledby"))]
    assert len(set(names)) == len(names)
    assert set(targets) <= set(names)
    assert len(targets) >= 10
    assert {one["scope"] for one in seen.all("th")} == {"col", "row"}


def test_a_short_paper_has_no_contents() -> None:
    assert "Contents" not in Seen(html(paper(Heading("One"), Text("x")))).text


OFTEN = 18
"""Title, heading, callout, figures 3, text 3, bullet, table 6, picture 2: how often it stands in ``nasty()``."""


def nasty() -> Paper:
    return paper(
        Heading(NASTY), Callout(NASTY), Figures(((NASTY, NASTY, NASTY),)), Text(f"{NASTY} **{NASTY}** `{NASTY}`"),
        Bullets((NASTY,)), Table((NASTY, NASTY), ((NASTY, NASTY),), NASTY, source=NASTY),
        Picture(picture(), f'{NASTY} "quoted"', source=NASTY), title=NASTY,
    )  # fmt: skip


def test_whatever_is_in_a_name_stays_a_name_in_the_html() -> None:
    made = html(nasty())
    seen = Seen(made)
    assert seen.text.count(NASTY) == OFTEN + 1  # once more as the window's title
    assert f'{NASTY} "quoted"' in [one["alt"] for one in seen.all("img")]
    assert "<b>&amp;amp" not in made.replace("<b>Table", "").replace("<b>Figure", "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", [Span("plain", "plain")]),
        ("a **b** c", [Span("plain", "a "), Span("bold", "b"), Span("plain", " c")]),
        ("`a **b**`", [Span("code", "a **b**")]),
        ("2 ** 3 and a ` alone", [Span("plain", "2 ** 3 and a ` alone")]),
        ("see https://a.org/b.", [Span("plain", "see "), Span("link", "https://a.org/b"), Span("plain", ".")]),
        ("(http://a.org)", [Span("plain", "("), Span("link", "http://a.org"), Span("plain", ")")]),
        ("javascript:alert(1)", [Span("plain", "javascript:alert(1)")]),
        ("", []),
    ],
)
def test_marks(text: str, found: list[Span]) -> None:
    assert list(spans(text)) == found


def test_signs_that_steer_are_left_out() -> None:
    assert clean("a\u202eb\u200bc\x07d\udcffe\nf") == "abc\ufffdd\ufffde f"
    assert plain("**a** `b`\nc") == "a b c"
    html(paper(Text("not decoded: \udcff"))).encode("utf-8")


def test_figures_and_tables_are_counted_apart() -> None:
    labels = [entry.label for entry in numbered(EVERYTHING.blocks) if entry.label]
    assert labels == ["Table 1", "Figure 1", "Figure 2"]
    assert numbered((Table(("a",), ()),))[0].label == ""


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (Table(("a", "b"), (("1",),)), "a row of 2 cells is wanted"),
        (Picture(b"GIF89a", "says"), "must be PNG or JPEG, got 6 bytes"),
    ],
)
def test_what_is_no_block_is_refused(block: Block, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=fault):
        html(paper(block))
    pytest.importorskip("reportlab", reason="needs the extra 'report'")
    from streamer.paper.pdf import pdf

    with pytest.raises(ValueError, match=fault):
        pdf(paper(block), tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


def printed(code: str) -> str:
    """By a Python of its own."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout


def test_without_reportlab_it_is_said_what_to_install() -> None:
    code = """
import sys
sys.modules["reportlab"] = None
from pathlib import Path
from streamer.errors import ConfigError
from streamer.paper.blocks import Paper
from streamer.paper.html import html
from streamer.paper.pdf import pdf
paper = Paper("t", "", (), ())
assert html(paper)
try:
    pdf(paper, Path("never.pdf"))
except ConfigError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == (
        "a PDF needs the package 'reportlab', which is not installed: pip install 'groupmood[report]'\n"
    )


def test_html_alone_loads_nothing_of_the_pdf() -> None:
    code = "import sys, streamer.paper.html, streamer.paper.pdf; print([m for m in sys.modules if 'reportlab' in m])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    pytest.importorskip("reportlab", reason="needs the extra 'report'")
    from streamer.paper.pdf import pdf

    with pytest.raises(SinkError, match="cannot be written: No such file or directory; name another file"):
        pdf(paper(Text("x")), tmp_path / "nowhere" / "a.pdf")


def test_style_has_both_themes_and_paper() -> None:
    style = (ROOT / "streamer" / "paper" / "paper.css").read_text("utf-8")
    assert "prefers-color-scheme: dark" in style
    assert "@media print" in style
    assert re.search(r"@page \{ size: A4", style)
