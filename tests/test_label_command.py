"""``python -m tools.label`` in a process of its own, as a user starts and ends it, or the power does."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from tests.data import ROOT
from tests.label_rig import drawn, grey
from tests.weights import weights
from tools.label.__main__ import main, user
from tools.label.opening import file_of
from tools.labelled.document import LabelFile
from tools.labelled.reading import read


@contextmanager
def started(*words: str | Path) -> Iterator[tuple[subprocess.Popen[str], str, str, str]]:
    """The process, its address, the token, and all that it said up to there."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tools.label", *map(str, words), "--annotator", "Ada", "--offline"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        try:
            for line in process.stdout:
                said += line
                if line.startswith("Ctrl-C"):
                    break
            found = re.search(r"(http://127\.0\.0\.1:\d+)/#token=(\S+)", said)
            assert found, process.stderr.read() if process.stderr is not None else said
            yield process, found[1], found[2], said
        finally:
            process.kill()


def post(url: str, token: str, path: str, body: dict[str, Any]) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/api/v1/label{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as reply:
        return json.load(reply)


def test_what_was_answered_survives_the_power_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    path, file = grey(tmp_path / "a.png"), tmp_path / "labels.json"
    with started(path) as (process, url, token, said):
        assert f"saved with every change to {file}: 1 medium, 0 faces so far" in said
        after = post(url, token, "/media/0/edits", {"revision": 0, "edit": {"do": "add", "mark": drawn()}})
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert [face.model_dump(mode="json") for face in read(file).media[0].faces] == after["medium"]["faces"]
    assert not [one for one in tmp_path.iterdir() if one.name.endswith(".part")]
    with started(path) as (process, url, other, said):
        assert "1 medium, 1 face so far" in said
        assert other != token
        assert not (tmp_path / "labels.json.bak").exists(), "a start that changes nothing writes nothing"
        post(url, other, "/media/0/edits", {"revision": 0, "edit": {"do": "complete", "on": True}})
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert time.monotonic() - begun < 10
        assert (process.returncode, "Traceback" in errors) == (0, False)
    assert read(file).media[0].complete


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """The one line that a start with these words ends with."""
    assert main([*map(str, words), "--offline"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("tools.label: ")
    assert "Traceback" not in said
    return said


def test_nothing_to_label(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "name pictures, videos or folders" in told(capsys)
    assert "does not exist" in told(capsys, tmp_path / "nothing.png")
    assert "no pictures or videos in this folder" in told(capsys, tmp_path)
    (tmp_path / "bad.png").write_bytes(b"no picture")
    assert "not a picture that can be read" in told(capsys, tmp_path)
    assert "does not exist" in told(capsys, "--labels", tmp_path / "labels.json")
    assert [one.name for one in tmp_path.iterdir()] == ["bad.png"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("{", "is not JSON"),
        ('{"format": "groupmood-labels", "version": 9}', "version 9"),
        ('{"images": [], "annotations": []}', "COCO"),
    ],
)
def test_a_file_that_is_none_of_ours_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    file = tmp_path / "labels.json"
    file.write_text(text)
    assert said in told(capsys, grey(tmp_path / "a.png"))
    assert file.read_text() == text


def test_words_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights("centerface")
    path = grey(tmp_path / "a.png")
    assert "no name for an annotator" in told(capsys, path, "--annotator", "../x")
    assert "did you mean 'yunet'" in told(capsys, path, "--detector", "yunett")
    assert "directory does not exist" in told(capsys, path, "--labels", tmp_path / "no" / "labels.json")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "in use by another program" in told(capsys, path, "--port", str(taken.getsockname()[1]))
    with pytest.raises(SystemExit):
        main([str(path), "--port", "70000"])


def test_where_the_labels_are(tmp_path: Path) -> None:
    one, other = grey(tmp_path / "one" / "a.png"), grey(tmp_path / "two" / "b.png")
    assert file_of([one], None) == tmp_path / "one" / "labels.json"
    assert file_of([one.parent], None) == tmp_path / "one" / "labels.json"
    assert file_of([one, other], None) == tmp_path / "labels.json"
    assert file_of([one.parent, other], None) == tmp_path / "labels.json"
    assert file_of([one], other) == other


def test_the_user_has_a_name_that_a_file_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, kept in (("ada", "ada"), (" a/d:a", "ada"), ("$%", "me")):
        monkeypatch.setenv("LOGNAME", name)
        assert user() == kept
        LabelFile(annotators=(user(),))


def test_help_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    assert "--annotator NAME" in capsys.readouterr().out
