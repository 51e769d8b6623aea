"""The pages as the server gives them, without a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from streamer.inlet import Inlet
from streamer.purposes import PURPOSES
from streamer.web.pages import STATIC, WORDS
from streamer.web.site import Access, Notice, RoomInfo
from tests.page_state import page_site
from tests.web_site import TOKENS, VIEWER, ask, bearer, serving

PATHS = (
    "/", "/room/Seminar", "/history", "/history/Seminar", "/meeting", "/cameras", "/settings", "/about", "/notice",
    "/sign-in", "/overlay/Seminar",
)  # fmt: skip

EMOTION_WORDS = (
    "mood", "valence", "arousal", "pleasant", "happiness", "happy", "sad", "anger", "fear", "disgust", "contempt",
    "surprise", "circumplex",
)  # fmt: skip


class Page(HTMLParser):
    """Collects what a page may not have in itself, and what it asks for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.wanted: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._script = tag in ("script", "style")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.inline.append(f"{tag} {name}")
            if (tag, name) in (("script", "src"), ("link", "href"), ("img", "src")):
                self.wanted.append(value or "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the library calls it
        self._script = False

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_nothing_inline_and_all_it_asks_for_is_served_here(path: str) -> None:
    with serving(page_site(inlets={"Front": Inlet("Front")})) as server:
        answer = ask(server, path)
        page = Page(answer.text)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert page.inline == []
        assert any(one.endswith(".css") for one in page.wanted)
        for one in page.wanted:
            assert one.startswith("/static/")
            assert ask(server, one).status == 200, one


def test_every_module_that_a_script_imports_is_there() -> None:
    for script in STATIC.glob("js/*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text(encoding="utf-8")):
            assert (script.parent / name).is_file(), f"{script.name} imports {name}"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("js/room.js", "text/javascript"), ("css/base.css", "text/css"), ("icon.svg", "image/svg+xml")],
)
def test_files_come_with_their_type(path: str, kind: str) -> None:
    with serving(page_site()) as server:
        answer = ask(server, f"/static/{path}")
        assert (answer.status, answer.headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert answer.body == (STATIC / path).read_bytes()


@pytest.mark.parametrize(
    "path", ["pages/room.html", "../pages.py", "..%2fpages.py", "js/../../pages.py", "js", "nothing.js"]
)
def test_nothing_else_is_served_of_the_package(path: str) -> None:
    with serving(page_site()) as server:
        assert ask(server, f"/static/{path}").status == 404


@pytest.mark.parametrize("path", ["/room/Cellar", "/history/Cellar", "/overlay/Cellar", "/meeting/Cellar"])
def test_what_is_not_there_is_a_page_that_names_what_is(path: str) -> None:
    with serving(page_site(inlets={"Front": Inlet("Front")})) as server:
        answer = ask(server, path)
        assert answer.status == 404
        assert "“Cellar”" in answer.text
        assert ("Front" if "meeting" in path else "Seminar") in answer.text


def test_without_a_room_the_page_says_what_to_do() -> None:
    with serving(page_site(rooms={}, sources={})) as server:
        for path in ("/", "/history"):
            answer = ask(server, path)
            assert answer.status == 404
            assert "Name a source" in answer.text


def test_names_are_escaped() -> None:
    evil = '<img src=x onerror="alert(1)">'
    with serving(page_site(rooms={evil: RoomInfo(evil, (evil,), 5)}, notice=Notice(evil, evil, evil))) as server:
        for path in ("/", "/history", "/notice", "/meeting"):
            text = ask(server, path).text
            assert "<img" not in text
            assert "&lt;img" in text


def test_a_stranger_sees_the_notice_and_the_sign_in_and_nothing_of_the_rooms() -> None:
    with serving(page_site(access=Access(tokens=TOKENS))) as server:
        for path in ("/notice", "/sign-in"):
            answer = ask(server, path)
            assert answer.status == 200
            assert "Seminar" not in answer.text
        turned_away = ask(server, "/cameras")
        assert (turned_away.status, turned_away.headers["Location"]) == (303, "/sign-in?next=/cameras")
        assert ask(server, "/cameras", headers=bearer(VIEWER)).status == 200


def test_the_notice_tells_text_purpose_contact_and_where_it_is() -> None:
    notice = Notice("You are seen", "First part.\n\nSecond part.", "Ask Ada", "https://example.org/notice")
    with serving(page_site(notice=notice)) as server:
        text = ask(server, "/notice").text
        for words in ("You are seen", "<p>First part.</p><p>Second part.</p>", "Ask Ada", WORDS["audience"], "<svg"):
            assert words in text
        assert "https://example.org/notice" in text
        assert "to take with you" in text


def test_the_notice_links_to_this_server_as_it_was_reached() -> None:
    with serving(page_site()) as server:
        text = ask(server, "/notice").text
        assert f"{server.url}/notice" in text
        assert "opens on this computer alone" in text  # no phone can


def test_every_purpose_has_its_words() -> None:
    assert set(WORDS) == set(PURPOSES)


@pytest.mark.parametrize("path", ["/", "/history", "/about", "/cameras", "/overlay/Seminar", "/meeting"])
def test_where_no_emotion_is_inferred_no_page_speaks_of_one(path: str) -> None:
    site = page_site(purpose="expressions_only", notice=Notice("Seen", "Smiles are counted."), inlets={"A": Inlet("A")})
    with serving(site) as server:
        text = ask(server, path).text.lower().replace("groupmood", "")
        assert [word for word in EMOTION_WORDS if word in text] == []


def test_no_address_with_a_password_reaches_a_page() -> None:
    rules = page_site().peer_rules
    servers = ("turn:user:pass@relay.example", "stun:stun.example")
    site = page_site(inlets={"Front": Inlet("Front")}, peer_rules=type(rules)(ice_servers=servers))
    with serving(site) as server:
        text = ask(server, "/meeting").text
        assert "stun:stun.example" in text
        assert "pass@" not in text


def test_scripts_are_small() -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in STATIC.glob("js/*.js")}
    assert {name: count for name, count in lines.items() if count > 200} == {}


def colours(block: str) -> Mapping[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def themes() -> dict[str, dict[str, str]]:
    """The colours of base.css in light and in dark."""
    text = Path(STATIC / "css" / "base.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)[:2]
    return {"light": dict(colours(light)), "dark": {**colours(light), **colours(dark)}}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_reckoned_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: str) -> None:
    palette = themes()[theme]
    for ground in ("ground", "surface", "sunken"):
        for ink in ("ink", "soft", "accent", "amber", "bad", "good"):
            assert contrast(palette[ink], palette[ground]) >= 4.5, f"{ink} on {ground}"
        assert contrast(palette["edge"], palette[ground]) >= 3, f"the edge of a control on {ground}"
    assert contrast(palette["on-accent"], palette["accent"]) >= 4.5
