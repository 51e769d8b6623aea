from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamer.errors import ConfigError
from streamer.notice import LONGEST, notice_of, qr_svg, text_of
from streamer.purposes import PURPOSES, Purpose
from streamer.served import Notice as Wording

SVG = "{http://www.w3.org/2000/svg}"
OTHERS: tuple[Purpose, ...] = ("research", "audience", "medical_safety", "expressions_only")


@pytest.mark.parametrize("purpose", OTHERS)
def test_it_says_what_is_read_and_from_how_many_people_on(purpose: Purpose) -> None:
    told = notice_of(purpose, Wording(), least=7)
    assert "of 7 people or more" in told.text
    assert "Nobody is identified" in told.text
    assert told.contact
    assert ("No emotion is inferred" in told.text) is (purpose == "expressions_only")
    assert ("mood" in told.title + told.text) is (purpose != "expressions_only")
    assert len(told.text.split("\n\n")) == 3


def test_alone_it_speaks_of_the_user() -> None:
    told = notice_of("self", Wording(), least=5)
    assert "Your own" in told.title
    assert "to you alone" in told.text
    assert "room" not in told.title


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_picture_is_kept_is_said_only_where_none_is(purpose: Purpose) -> None:
    assert "No picture is kept" in text_of(purpose, 5)
    assert "No picture is kept" not in text_of(purpose, 5, recorded=True)
    assert "recorded" in text_of(purpose, 5, recorded=True)


def test_the_configuration_s_own_words_come_first() -> None:
    wording = Wording(title="Good evening", contact="Ada, at the door", link="https://example.org/notice")
    told = notice_of("audience", wording, least=5)
    assert (told.title, told.contact, told.link) == ("Good evening", "Ada, at the door", "https://example.org/notice")
    assert told.text == text_of("audience", 5)
    assert notice_of("audience", Wording(text="Just this."), least=5).text == "Just this."


@pytest.mark.parametrize("link", ["https://example.org/notice?room=1&x=2", "http://192.168.1.7:8470/notice"])
def test_the_code_reads_back_as_the_link(link: str) -> None:
    """Drawn with large squares from the SVG's own path, and read by OpenCV."""
    code = ET.fromstring(qr_svg(link))
    found, *_ = cv2.QRCodeDetector().detectAndDecode(drawn(code))
    assert found == link


def drawn(code: ET.Element, scale: int = 8) -> np.ndarray:  # type: ignore[type-arg]  # pixels
    """The strokes of its path, each one row of a square's height: 'M x y' starts one, 'm x y' moves, 'h n' draws."""
    side = int(code.attrib["viewBox"].split()[2])
    dots = np.full((side, side), 255, np.uint8)
    (line,) = [path for path in code.iter(f"{SVG}path") if "stroke" in path.attrib]
    x, y = 0.0, 0.0
    for word in line.attrib["d"].replace("M", "|M").replace("m", "|m").replace("h", "|h").split("|")[1:]:
        numbers = [float(part) for part in word[1:].split()]
        if word[0] == "h":
            dots[int(y), int(x) : int(x + numbers[0])] = 0
            x += numbers[0]
        else:
            x, y = (numbers[0], numbers[1]) if word[0] == "M" else (x + numbers[0], y + numbers[1])
    return np.kron(dots, np.ones((scale, scale), np.uint8))


def test_the_code_is_for_everybody() -> None:
    """A title for a screen reader, a role, any size, dark on light with a margin of four squares."""
    text = qr_svg("https://example.org/a?b=1&c=<i>")
    code = ET.fromstring(text)
    assert code.attrib["role"] == "img"
    assert code[0].tag == f"{SVG}title"
    assert code[0].text == "QR code of https://example.org/a?b=1&c=<i>"
    assert "width" not in code.attrib
    assert [path.attrib.get("fill", path.attrib.get("stroke")) for path in code.iter(f"{SVG}path")] == ["#fff", "#000"]
    assert "style" not in text  # a strict content security policy lets no inline style pass
    assert "<i>" not in text


@pytest.mark.parametrize(
    "link",
    ["", "example.org", "javascript:alert(1)", "https://ada:secret@example.org/", "https://example.org/a b",
     "https://example.org/" + "a" * LONGEST],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused_without_repeating_it(link: str) -> None:
    with pytest.raises(ConfigError, match="must be an address such as https://example") as caught:
        qr_svg(link)
    assert "secret" not in str(caught.value)
    if link:
        with pytest.raises(ConfigError, match="must be an address"):
            notice_of("audience", Wording(link=link), least=5)


def test_without_segno_it_says_what_to_install() -> None:
    """In a Python of its own whose path has no such package."""
    code = """
import sys
sys.modules["segno"] = None
from streamer.errors import ConfigError
from streamer.notice import qr_svg
try:
    qr_svg("https://example.org/")
except ConfigError as error:
    print(error)
"""
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=60, check=True
    )
    assert "pip install 'groupmood[web]'" in done.stdout
