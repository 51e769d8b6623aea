"""Checks that run in a process each, so that one that crashes or hangs is only its own failure.

As a program, ``python -m tools.gpu_sections MODULE:FUNCTION GIVEN FILE``, it is such a process: it writes each row that
the check gives as a line of JSON into the file at once, and how it ended as the last one.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from engines.errors import EngineError, ModelMissing, NotInstalled
from streamer.errors import StreamerError

ROOT = Path(__file__).parent.parent

FAILURES = (EngineError, StreamerError, OSError, RuntimeError)
"""What a check may meet on a machine that is not as it should be; anything else is a fault of the check's own, ends its
process with a traceback, and is recorded too."""

WORDS = 600
"""Characters of a reason: the rest of a library's complaint is in the log that is shown."""

Row: TypeAlias = dict[str, Any]
State: TypeAlias = Literal["passed", "failed", "skipped"]


class Skipped(Exception):
    """What a check needs is not here, and need not be."""


@dataclass(frozen=True, slots=True)
class Given:
    """``work``: a folder that all checks of a run share; ``gpu`` by its number; ``data`` as in ``tools.places``;
    ``frames``: a video or a folder of pictures, None for the synthetic scene alone."""

    work: Path
    data: Path
    gpu: int = 0
    frames: Path | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Given:
        known = json.loads(text)
        paths = {name: Path(known[name]) for name in ("work", "data", "frames") if known[name] is not None}
        return cls(**{**known, **paths})


@dataclass(frozen=True, slots=True)
class Section:
    """``target``: "module:function" that takes ``Given`` and gives rows; ``limit`` in seconds."""

    name: str
    target: str
    limit: float
    needs_gpu: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reason`` why it did not pass; ``rows`` as far as it came; ``log`` its last words, for the screen alone."""

    name: str
    state: State
    reason: str
    seconds: float
    rows: tuple[Row, ...] = ()
    log: str = ""

    def to_json(self) -> Row:
        known = {"name": self.name, "state": self.state, "reason": self.reason, "seconds": self.seconds}
        return {**known, "rows": list(self.rows)}


def run(section: Section, given: Given, limit: float | None = None) -> Outcome:
    """The section in a process of its own, ended after ``limit`` seconds or the section's own."""
    seconds = section.limit if limit is None else min(limit, section.limit)
    into, log = given.work / f"{section.name}.jsonl", given.work / f"{section.name}.log"
    into.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tools.gpu_sections", section.target, given.to_json(), str(into)]
    started = time.monotonic()
    with log.open("wb") as output:
        code = _ended(command, output, seconds)
    took = round(time.monotonic() - started, 1)
    rows, end = read(into)
    words = log.read_text("utf-8", errors="replace").strip()
    state, reason = end or ("failed", _why(code, seconds, words))
    return Outcome(section.name, state, shortened(reason), took, rows, "\n".join(words.splitlines()[-12:]))


def _ended(command: list[str], output: Any, seconds: float) -> int | None:
    """The exit status; None where it was ended for its time, together with whatever it had started."""
    own_group = os.name == "posix"
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, start_new_session=own_group
    ) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL) if own_group else process.kill()


def read(path: Path) -> tuple[tuple[Row, ...], tuple[State, str] | None]:
    """The rows, and how it ended; None where it did not come to its end."""
    rows: list[Row] = []
    end: tuple[State, str] | None = None
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            said = json.loads(line)
        except ValueError:  # it was ended while it wrote
            break
        if "row" in said:
            rows.append(said["row"])
        else:
            end = said["end"], said["reason"]
    return tuple(rows), end


def _why(code: int | None, seconds: float, words: str) -> str:
    if code is None:
        return f"it was not done in {seconds:.0f} s and was ended"
    how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
    last = words.splitlines()[-1] if words else "it said nothing"
    return f"{how}: {last}"


def shortened(text: str) -> str:
    """In one line, without folders of this machine, and not longer than ``WORDS``."""
    folders = sorted({str(ROOT), sys.prefix, sys.base_prefix, str(Path.home())} - {"/"}, key=len, reverse=True)
    for folder in folders:
        text = text.replace(folder, "…")
    line = " ".join(text.split())
    return line if len(line) <= WORDS else f"{line[:WORDS]} …"


def attempt(about: Mapping[str, Any], job: Callable[[], Mapping[str, Any]]) -> Row:
    """A row of what the job gives, or of why it cannot: "failed", or "missing" where only the weights are not here."""
    try:
        return {**about, **job()}
    except ModelMissing as error:
        return {**about, "missing": shortened(str(error))}
    except FAILURES as error:
        return {**about, "failed": shortened(f"{type(error).__name__}: {error}")}


def work(target: str, given: Given, into: Path) -> None:
    """Run a check here, and write down what it gives."""
    module, _, name = target.partition(":")
    with into.open("w", encoding="utf-8") as file:

        def say(what: Mapping[str, Any]) -> None:
            file.write(json.dumps(what, default=str) + "\n")
            file.flush()

        check: Callable[[Given], Iterator[Row]] = getattr(importlib.import_module(module), name)
        failed = []
        try:
            for row in check(given):
                say({"row": row})
                failed += [row["failed"]] if "failed" in row else []
        except (Skipped, NotInstalled) as error:
            say({"end": "failed" if failed else "skipped", "reason": "; ".join((*failed, str(error)))})
        except FAILURES as error:
            say({"end": "failed", "reason": "; ".join((*failed, f"{type(error).__name__}: {error}"))})
        else:
            say({"end": "failed" if failed else "passed", "reason": "; ".join(failed)})


if __name__ == "__main__":
    own = importlib.import_module("tools.gpu_sections")  # by its name, as checks import it: else Skipped is two classes
    own.work(sys.argv[1], own.Given.from_json(sys.argv[2]), Path(sys.argv[3]))
