"""What the people who may be seen are told, and the code by which they take it with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO

from streamer.errors import ConfigError
from streamer.purposes import Purpose, infers_emotion
from streamer.served import Notice as Wording
from streamer.web.site import Notice

TITLES: Mapping[bool, str] = {
    True: "The mood of this room is being measured",
    False: "Smiles and nods are being counted in this room",
}
"""By whether emotions are read."""

ALONE = "Your own expression is being read"
"""The title where nobody but the user is seen."""

ASK = "Questions, or you would rather not be seen? Ask whoever set this up."

LONGEST = 500
"""Characters of an address in a code that a phone still reads from a wall."""

_SAFE = re.compile(r"https?://[^\s@/]+(/[^\s@]*)?")


def notice_of(purpose: Purpose, wording: Wording, *, least: int, recorded: bool = False) -> Notice:
    """What the configuration says, and the usual words where it says nothing. ``least`` people are needed for a number;
    ``recorded``: the picture is written to a file or sent on.

    Raises:
        ConfigError: the link is none that a stranger's phone could open, or has a password in it.
    """
    given = wording.model_fields_set
    if wording.link:
        checked(wording.link)
    return Notice(
        title=wording.title if "title" in given else title_of(purpose),
        text=wording.text if "text" in given else text_of(purpose, least, recorded=recorded),
        contact=wording.contact or ASK,
        link=wording.link,
    )


def title_of(purpose: Purpose) -> str:
    return ALONE if purpose == "self" else TITLES[infers_emotion(purpose)]


def text_of(purpose: Purpose, least: int, *, recorded: bool = False) -> str:
    """Paragraphs with an empty line between them."""
    if purpose == "self":
        seen = "A camera reads your apparent expression. What it says of you is shown to you alone."
        limit = f"If others may look at the numbers, they see those of {least} people or more, and never yours."
    elif infers_emotion(purpose):
        seen = "A camera reads the apparent expressions of the faces it sees and shows the mood of the whole group."
        limit = limit_of(least)
    else:
        seen = (
            "A camera counts smiles, frowns, nods, shaken heads and how many people face it, and shows what share of "
            "the group does so. No emotion is inferred."
        )
        limit = limit_of(least)
    identity = "Nobody is identified or recognised again. What is known of a face is forgotten soon after it is gone."
    kept = "The picture is recorded or sent on." if recorded else "No picture is kept."
    return "\n\n".join((seen, limit, f"{identity} {kept}"))


def limit_of(least: int) -> str:
    return (
        f"Numbers are shown of {least} people or more, rounded and with some noise, so that they give no single person "
        "away."
    )


def qr_svg(link: str) -> str:
    """The address as a QR code: an SVG to be put into a page as it is. Dark on light with a quiet zone whatever the
    page's colours, of any size, and with a title for who cannot see it.

    Raises:
        ConfigError: see checked(); or what draws codes is not installed.
    """
    checked(link)
    try:
        import segno
    except ImportError:
        raise ConfigError("a QR code needs the package segno; install it with pip install 'groupmood[web]'") from None
    code, drawn = segno.make(link, error="m", micro=False), BytesIO()
    code.save(
        drawn,
        kind="svg",
        border=4,
        omitsize=True,
        xmldecl=False,
        svgclass=None,
        lineclass=None,
        dark="#000",
        light="#fff",
        title=f"QR code of {link}",
    )
    return drawn.getvalue().decode("utf-8").strip().replace("<svg ", '<svg role="img" ', 1)


def checked(link: str) -> None:
    """
    Raises:
        ConfigError: it is no plain address of a web page.
    """
    if not _SAFE.fullmatch(link) or len(link) > LONGEST:
        raise ConfigError(
            f"the notice's link must be an address such as https://example.org/notice, of {LONGEST} characters at most "
            f"and without spaces or a password; got {len(link)} characters"
        )
