"""The command as its user calls it, but in this process."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from streamer.cli import main


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    error: str


class Command:
    """Calls the command in this process; needs the default weights only where it runs something."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Answer:
        interval = sys.getswitchinterval()
        try:
            with pytest.raises(SystemExit) as ended:
                main([str(argument) for argument in arguments])
        finally:
            sys.setswitchinterval(interval)
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Answer(ended.value.code if isinstance(ended.value.code, int) else 1, said.out, said.err)
