"""Label the faces in pictures and videos, on a page of this machine's own browser.

    python -m tools.label holiday/ talk.mp4
    python -m tools.label --labels holiday/labels.json --annotator Ada

Nothing leaves the machine: the page is served to this machine alone, and only to who has the address with its token,
which is another one with each start. Labels are saved with every change, to labels.json in the folder of the media
unless --labels names another file; one that is there is gone on with. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import getpass
import logging
import sys
from collections.abc import Sequence
from pathlib import Path


def parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.label", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="pictures, videos, folders of them")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="where the labels are kept")
    parser.add_argument("--annotator", metavar="NAME", help="who labels (default: this system's user)")
    parser.add_argument("--detector", metavar="NAME", help="which proposes boxes (default: centerface)")
    parser.add_argument("--port", type=port, default=0, metavar="N", help="of the page (default: any free one)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument("--offline", action="store_true", help="never fetch weights")
    return parser.parse_args(words)


def port(word: str) -> int:
    """Raises:
    ArgumentTypeError: it is none.
    """
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port, 0 to 65535, got {word!r}")
    return int(word)


def user() -> str:
    """The system's name for the user; "me" where it has none that could stand in a label file."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # ImportError: on Windows, without a name in the environment
        return "me"
    kept = "".join(sign for sign in name if sign.isalnum() or sign in "_ .-").lstrip(" .-")
    return kept[:60] or "me"


def main(words: Sequence[str]) -> int:
    """0 after Ctrl-C, 2 where something is wrong with what was asked for."""
    from engines.errors import EngineError
    from streamer.errors import StreamerError
    from streamer.redaction import redact
    from streamer.registry import find

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    arguments = parsed(words)
    try:
        session = find({}, "tools.label.session:session")  # says what to install where a package is missing
        session(arguments, arguments.annotator or user())
    except (StreamerError, EngineError) as error:
        print(f"tools.label: {redact(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
