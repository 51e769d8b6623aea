"""What a file and the command line make together, and what ``groupmood check`` says of a file."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from streamer import build
from streamer.commands.check import check
from streamer.commands.setup import configured, name_of
from streamer.config import Config
from streamer.config import check as checked
from streamer.errors import ConfigError, SourceError

WEBCAM = "sources: {webcam: {address: 0, mirror: true, size: 1280x720, fps: 30}}\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "c.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def address(config: Config, name: str) -> str:
    return config.sources[name].address.get_secret_value()


def refused(path: Path, overrides: dict[str, Any]) -> list[str]:
    """The lines of the error, without the first, which names the file."""
    with pytest.raises(ConfigError) as error:
        configured(path, overrides, {})
    first, *faults = str(error.value).splitlines()
    assert first == f"{path}:"
    return [fault.strip() for fault in faults]


@pytest.mark.parametrize(
    ("text", "overrides", "fault"),
    [
        ("sources: {w: }", {"mirror": True}, "sources.w.address: is required"),
        ("sources: {w: [0]}", {"fps": 5}, "sources.w: expected a mapping of address, "
         "stall, ca, mirror, size, fps, zones, got list"),
        ("sources: [0]", {"mirror": True}, "sources: expected names, as in {webcam: {address: 0}}, got list"),
        ("sources: {w: 0}\noutput: out.mp4", {"output.results": Path("a.jsonl")}, "output: expected a mapping of "
         "video, results, hls, push, virtual_camera, got str"),
        ("sources: {w: 0}\ndetector: yunet", {"detector.name": "centerface"}, "detector: expected a mapping of name, "
         "card, min_score, every, weights, got str"),
    ],
)  # fmt: skip
def test_an_option_over_a_part_of_the_wrong_shape(
    tmp_path: Path, text: str, overrides: dict[str, Any], fault: str
) -> None:
    assert refused(write(tmp_path, text), overrides) == [fault]


def test_camera_options_reach_a_source_given_as_a_plain_number(tmp_path: Path) -> None:
    config = configured(write(tmp_path, "sources: {webcam: 0}"), {"mirror": True}, {})
    assert address(config, "webcam") == "0"
    assert config.sources["webcam"].mirror


def test_an_option_reaches_a_part_left_empty(tmp_path: Path) -> None:
    config = configured(write(tmp_path, "sources: {webcam: 0}\noutput:\n"), {"output.video": Path("a.mp4")}, {})
    assert config.output.video == Path("a.mp4")


def test_a_file_without_sources_has_all_its_faults_listed(tmp_path: Path) -> None:
    faults = refused(write(tmp_path, "detektor: {}\n"), {})
    assert faults == ["sources: is required", "detektor: unknown key (did you mean 'detector'?)"]


def test_a_key_given_twice_is_told_beside_a_wrong_option(tmp_path: Path) -> None:
    faults = refused(write(tmp_path, "sources: {w: {address: 0, address: 1}}"), {"size": "big"})
    assert faults == [
        "line 1: given twice: address",
        "sources.w.size: expected WIDTHxHEIGHT such as 1280x720, got 'big'",
    ]


def test_a_source_beside_a_file_with_one_replaces_the_address_only(tmp_path: Path) -> None:
    path = write(tmp_path, WEBCAM + "rooms: {hall: {sources: [webcam], smoothing: 9}}\n")
    config = configured(path, {"source": "1"}, {})
    assert address(config, "webcam") == "1"
    webcam = config.sources["webcam"]
    assert (webcam.mirror, webcam.size, webcam.fps) == (True, (1280, 720), 30)
    assert config.room_of("webcam")[1].smoothing == 9


def test_a_source_beside_a_file_with_several_stands_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "sources: {a: 0, b: 1}\nrooms: {hall: {sources: [a, b]}}\n")
    config = configured(path, {"source": "2"}, {})
    assert list(config.sources) == ["webcam"]
    assert config.rooms == {}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("0", "webcam"),
        ("/dev/video2", "webcam"),
        ("synthetic:", "synthetic"),
        ("lavfi:testsrc2", "lavfi"),
        ("rtsp://host/1", "camera"),
        ("films/talk.mp4", "talk"),
        ("My talk (final)!.mp4", "My_talk_final"),
        ("-_x.mp4", "x"),
        ("Сцена.mp4", "video"),
        ("\udcff.mp4", "video"),
        (f"{'long' * 50}.mp4", "long" * 15),
    ],
)
def test_a_name_made_from_the_command_line_is_one_that_a_file_could_have(source: str, name: str) -> None:
    assert name_of(source) == name
    assert list(checked({"sources": {name: source}}, {}).sources) == [name]
    assert list(configured(None, {"source": source}, {}).sources) == [name]


def test_a_file_whose_name_is_no_unicode_is_looked_for() -> None:
    config = configured(None, {"source": "\udcff.mp4"}, {})
    ((name, settings),) = config.sources.items()
    opened = build.source(name, settings, threading.Event(), build.Extras())
    with pytest.raises(SourceError, match=r"^\\udcff\.mp4 does not exist"), opened:
        pass


def test_check_says_what_building_would_refuse_all_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
sources:
  a: {address: "ftp://me:hunter2@host/1"}
  b: {address: "synthetic:people=9"}
  c: {address: gone.mp4}
detector: {name: yonet}
""",
    )
    with pytest.raises(ConfigError) as error:
        check(path, {})
    first, a, b, detector = str(error.value).splitlines()
    assert first == f"{path}:"
    assert a.startswith("  sources.a.address: a source cannot be ftp://…; give rtsp://")
    assert b == "  sources.b.address: synthetic:people=9: people must be a whole number from 1 to 4, got '9'"
    assert detector.startswith("  unknown detector 'yonet' (did you mean 'yunet'?)")


def test_check_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "sources: {gone: gone.mp4, far: 97}")
    assert check(path, {}) == 0
    assert "c.yaml is fine" in capsys.readouterr().out
