from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.hls import Hls, check_hls_target
from streamer.sinks.playlist import Playlist, Segment
from tests.clips import Played, packets, play

STEADY = [n / 30 for n in range(300)]
"""Ten seconds with a keyframe each second."""

CODED = packets(STEADY)


def write(folder: Path, coded: list[Packet], *, segment: float = 2.0, keep: int = 6) -> Hls:
    with Hls(folder, segment=segment, keep=keep) as sink:
        feed(sink, coded)
    return sink


def feed(sink: Hls, coded: list[Packet]) -> None:
    for packet in coded:
        sink.write(packet)


def later(coded: list[Packet], sequence: int, seconds: float) -> list[Packet]:
    """The same packets, numbered from ``sequence`` and begun at ``seconds``."""
    shift = round(seconds * 90_000) - coded[0].pts
    return [
        replace(packet, sequence=sequence + n, pts=packet.pts + shift, dts=packet.dts + shift)
        for n, packet in enumerate(coded)
    ]


def listed(folder: Path) -> list[str]:
    """The lines of the playlist."""
    return (folder / "live.m3u8").read_text("ascii").splitlines()


def durations(folder: Path) -> list[float]:
    return [float(line[8:].rstrip(",")) for line in listed(folder) if line.startswith("#EXTINF:")]


def named(folder: Path) -> list[str]:
    """The files that the playlist names."""
    uris = [match[1] for line in listed(folder) if (match := re.fullmatch(r'#EXT-X-MAP:URI="(.+)"', line))]
    return [*uris, *(line for line in listed(folder) if line and not line.startswith("#"))]


def value(folder: Path, tag: str) -> int:
    (line,) = (line for line in listed(folder) if line.startswith(f"#EXT-X-{tag}:"))
    return int(line.partition(":")[2])


def watch(folder: Path) -> Played:
    """What a player finds in a stream that has ended (in one that goes on it would wait for more)."""
    assert listed(folder)[-1] == "#EXT-X-ENDLIST"
    return play(folder / "live.m3u8")


def watch_so_far(folder: Path) -> Played:
    """What a player finds in a stream of one header that goes on."""
    return play(joined(folder, named(folder)))


def joined(folder: Path, names: Sequence[str]) -> Path:
    """A header and segments one behind the other, as a player is given them."""
    path = folder.with_suffix(".mp4")
    path.write_bytes(b"".join((folder / name).read_bytes() for name in names))
    return path


def test_a_player_sees_every_picture_at_its_time(tmp_path: Path) -> None:
    sink = write(tmp_path / "live", CODED)
    played = watch(tmp_path / "live")
    assert played.times == pytest.approx(STEADY, abs=1e-4)
    assert played.greys == pytest.approx([40 + n % 160 for n in range(300)], abs=3)
    assert (played.width, played.height) == (64, 48)
    assert sink.dropped == 0
    assert durations(tmp_path / "live") == pytest.approx([2.0] * 5, abs=1e-4)
    assert listed(tmp_path / "live")[:3] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:3"]
    assert listed(tmp_path / "live")[-1] == "#EXT-X-ENDLIST"


def test_times_count_from_the_first_packet(tmp_path: Path) -> None:
    write(tmp_path / "live", later(CODED[:90], 700, 3600.0))
    assert watch(tmp_path / "live").times == pytest.approx(STEADY[:90], abs=1e-4)


def test_another_player_agrees(tmp_path: Path) -> None:
    ffmpeg = pytest.importorskip("imageio_ffmpeg", reason="imageio-ffmpeg carries the second player")
    write(tmp_path / "live", CODED)
    command = [ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "live.m3u8", "-f", "framehash", "-"]
    done = subprocess.run(command, cwd=tmp_path / "live", capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert len([line for line in done.stdout.splitlines() if not line.startswith("#")]) == 300


def test_while_it_runs_each_segment_can_be_played_at_once(tmp_path: Path) -> None:
    with Hls(tmp_path / "live") as sink:
        for number, packet in enumerate(CODED):
            sink.write(packet)
            if number == 59:
                assert not (tmp_path / "live" / "live.m3u8").exists()
            if number == 60:  # the keyframe with which the second segment begins
                assert watch_so_far(tmp_path / "live").times == pytest.approx(STEADY[:60], abs=1e-4)
        assert "#EXT-X-ENDLIST" not in listed(tmp_path / "live")
        assert len(durations(tmp_path / "live")) == 4


def test_old_segments_go_but_not_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    write(folder, CODED, segment=1.0, keep=3)
    assert value(folder, "MEDIA-SEQUENCE") == 7
    assert durations(folder) == pytest.approx([1.0] * 3, abs=1e-4)
    assert watch(folder).greys == pytest.approx([40 + n % 160 for n in range(210, 300)], abs=3)
    media = sorted(path.name.partition("-")[2] for path in folder.glob("*.m4s"))
    assert media == [f"{n:06}.m4s" for n in range(4, 10)]  # those of the list before may still be read
    assert len(list(folder.iterdir())) == 6 + 1 + 1  # and a header and the list: nothing half-written is left


def test_after_lost_packets_it_goes_on_with_a_keyframe(tmp_path: Path) -> None:
    came = [*CODED[:40], *CODED[41:]]  # 60 is the next keyframe
    sink = write(tmp_path / "live", came)
    assert sink.dropped == 20
    kept = [*range(40), *range(60, 300)]
    played = watch(tmp_path / "live")
    assert played.times == pytest.approx([n / 30 for n in kept], abs=1e-4)
    assert played.greys == pytest.approx([40 + n % 160 for n in kept], abs=3)
    assert "#EXT-X-DISCONTINUITY" not in listed(tmp_path / "live")


def test_another_size_is_a_discontinuity_with_a_header_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    large = later(packets(STEADY[:90], 96, 80), 75, 2.5)
    sink = write(folder, [*CODED[:75], *large], segment=1.0)
    assert sink.dropped == 0
    lines = listed(folder)
    assert lines.count("#EXT-X-DISCONTINUITY") == 1
    maps = [number for number, line in enumerate(lines) if line.startswith("#EXT-X-MAP:")]
    assert len(maps) == 2
    assert lines[maps[1] - 1] == "#EXT-X-DISCONTINUITY"
    assert durations(folder) == pytest.approx([1, 1, 0.5, 1, 1, 1], abs=1e-4)
    played = watch(folder)
    assert played.greys == pytest.approx([40 + n % 160 for n in [*range(75), *range(90)]], abs=3)
    header, *rest = named(folder)[1:]
    second = play(joined(folder, [header, *rest[-3:]]))  # each part is whole with the header that the list gives it
    assert (second.width, len(second.times)) == (96, 90)


def test_a_pause_of_the_source_is_no_segment_of_a_minute(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    write(folder, [*CODED[:75], *later(CODED[:90], 75, 60.0)])
    assert max(durations(folder)) <= value(folder, "TARGETDURATION")
    assert listed(folder).count("#EXT-X-DISCONTINUITY") == 1
    assert len(watch(folder).times) == 165


def test_discontinuities_that_left_the_list_are_counted() -> None:
    playlist = Playlist(3, 3.0)
    for number in range(8):
        playlist.add(Segment(f"{number}", "h", 2.0, number in (1, 2, 6)))
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:2" in playlist.text().splitlines()
    assert "#EXT-X-MEDIA-SEQUENCE:5" in playlist.text().splitlines()
    assert playlist.text().splitlines().count("#EXT-X-DISCONTINUITY") == 1


def test_a_header_goes_with_its_last_segment() -> None:
    playlist = Playlist(1, 3.0)
    gone = [playlist.add(Segment(f"{n}", "first" if n < 2 else "second", 2.0, n == 2)) for n in range(5)]
    assert gone == [set(), set(), {"0"}, {"1", "first"}, {"2"}]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_only_the_owner_may_read(tmp_path: Path) -> None:
    write(tmp_path / "live", CODED)
    assert stat.S_IMODE((tmp_path / "live").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "live").iterdir()} == {0o600}


def test_what_an_earlier_run_left_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    write(folder, CODED)
    before = set(named(folder))
    (folder / "index.html").write_text("mine")
    with Hls(folder):
        pass
    assert set(named(folder)) == before  # without a packet nothing is touched
    write(folder, CODED[:90])
    assert not before & {path.name for path in folder.iterdir()}
    assert (folder / "index.html").read_text() == "mine"
    assert len(watch(folder).times) == 90


def test_closing_is_idempotent_and_nothing_is_written_afterwards(tmp_path: Path) -> None:
    sink = write(tmp_path / "live", CODED[:90])
    before = (tmp_path / "live" / "live.m3u8").read_bytes()
    sink.close()
    assert (tmp_path / "live" / "live.m3u8").read_bytes() == before
    with pytest.raises(SinkError, match="enter it before writing"):
        sink.write(CODED[90])


def test_a_single_picture_and_none(tmp_path: Path) -> None:
    write(tmp_path / "one", CODED[:1])
    assert watch(tmp_path / "one").times == [0.0]
    write(tmp_path / "none", [])
    write(tmp_path / "none", CODED[1:20])  # no keyframe
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path / "gone" / "live", "mkdir -p"),
        (lambda path: path / "live.m3u8", "name the folder"),
        (lambda path: path / "file", "it is a file"),
        (lambda path: path / "file" / "live", "is a file, not a directory"),
        (lambda path: path / ("a" * 300), "name too long"),
    ],
)
def test_places_that_cannot_be_written(tmp_path: Path, make: object, said: str) -> None:
    assert callable(make)
    (tmp_path / "file").touch()
    path = make(tmp_path)
    with pytest.raises(SinkError, match=said) as caught:
        check_hls_target(path)
    assert str(path) in str(caught.value)
    with pytest.raises(SinkError, match=said), Hls(path):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_goes_away_is_an_error_with_the_path(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    with Hls(folder) as sink:
        feed(sink, CODED[:90])
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        sink.write(CODED[90])
        with pytest.raises(SinkError, match=f"cannot write {folder}: No such file or directory"):
            feed(sink, CODED[91:])
    assert not folder.exists()


LIMITED = """
import resource, sys
from pathlib import Path
from streamer.errors import SinkError
from streamer.sinks.hls import Hls
from tests.clips import packets
resource.setrlimit(resource.RLIMIT_FSIZE, (4_000, 4_000))
try:
    with Hls(Path(sys.argv[1])) as sink:
        for packet in packets([n / 30 for n in range(60)]) + packets([n / 30 for n in range(90)], 640, 480):
            sink.write(packet)
except SinkError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files")
def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    folder = tmp_path / "live"
    done = subprocess.run([sys.executable, "-c", LIMITED, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"cannot write {folder}: File too large")
    assert len(watch_so_far(folder).times) == 60
    assert {path.name for path in folder.iterdir()} >= set(named(folder))
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("wrong", [{"segment": 0.0}, {"keep": 2}])
def test_senseless_settings(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least 3"):
        Hls(tmp_path, **wrong)
