from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.errors import ConfigError, SinkError
from tools.labelled.document import LabelFile
from tools.labelled.reading import read
from tools.labelled.saving import Saved, bytes_for, save_new, write, write_new

FIRST, SECOND, THIRD = (LabelFile(title=title) for title in ("first", "second", "third"))


def file(folder: Path) -> Path:
    path = folder / "labels.json"
    save_new(path, FIRST)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    saved = Saved(file(tmp_path))
    assert saved.labels == FIRST
    saved.save(SECOND)
    assert read(tmp_path / "labels.json") == saved.labels == SECOND
    assert (tmp_path / "labels.json").read_bytes() == bytes_for(SECOND)


def test_the_copy_is_of_what_was_there_when_the_work_began(tmp_path: Path) -> None:
    saved = Saved(file(tmp_path))
    assert names(tmp_path) == ["labels.json"]  # looking writes nothing
    for labels in (SECOND, THIRD):
        saved.save(labels)
    assert names(tmp_path) == ["labels.json", "labels.json.bak"]
    assert read(tmp_path / "labels.json.bak") == FIRST
    Saved(tmp_path / "labels.json").save(FIRST)
    assert read(tmp_path / "labels.json.bak") == THIRD


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions")
def test_files_are_for_this_user_alone(tmp_path: Path) -> None:
    saved = Saved(file(tmp_path))
    saved.save(SECOND)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_new_file_has_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    with pytest.raises(ConfigError, match="does not exist"):
        Saved(path)
    saved = Saved(path, FIRST)
    assert names(tmp_path) == []
    for labels in (FIRST, SECOND):
        saved.save(labels)
    assert names(tmp_path) == ["new.json"]
    assert Saved(path, THIRD).labels == SECOND  # what is there counts


def test_what_somebody_else_wrote_stays(tmp_path: Path) -> None:
    saved = Saved(file(tmp_path))
    save_new(tmp_path / "labels.json", THIRD, force=True)
    with pytest.raises(ConfigError, match="was changed by somebody else since it was read here"):
        saved.save(SECOND)
    assert read(tmp_path / "labels.json") == THIRD
    assert saved.labels == FIRST
    assert names(tmp_path) == ["labels.json"]


def test_what_somebody_else_began_stays(tmp_path: Path) -> None:
    saved = Saved(tmp_path / "labels.json", SECOND)
    file(tmp_path)
    with pytest.raises(ConfigError, match="somebody else"):
        saved.save(SECOND)
    assert read(tmp_path / "labels.json") == FIRST


def test_a_file_that_was_removed_is_written_again(tmp_path: Path) -> None:
    saved = Saved(file(tmp_path))
    (tmp_path / "labels.json").unlink()
    saved.save(SECOND)
    assert read(tmp_path / "labels.json") == SECOND


def test_a_damaged_file_is_never_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_text("{")
    with pytest.raises(ConfigError, match="is not JSON"):
        Saved(path, FIRST)
    assert path.read_text() == "{"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    path, link = file(tmp_path), tmp_path / "link.json"
    link.symlink_to(path)
    Saved(link).save(SECOND)
    assert link.is_symlink()
    assert read(path) == SECOND


def test_outputs_that_exist_stay(tmp_path: Path) -> None:
    path = file(tmp_path)
    with pytest.raises(ConfigError, match="exists and is left as it is; name another file, or add --force"):
        save_new(path, SECOND)
    with pytest.raises(ConfigError, match="is a folder"):
        write_new(tmp_path, b"", force=True)
    with pytest.raises(ConfigError, match="there is no folder"):
        write_new(tmp_path / "none" / "a.csv", b"")
    save_new(path, SECOND, force=True)
    assert read(path) == SECOND


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written: No such file"):
        write(tmp_path / "none" / "labels.json", b"")


LIMITED = """
import resource, sys
from streamer.errors import SinkError
from tools.labelled.document import LabelFile
from tools.labelled.saving import Saved
saved = Saved(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    saved.save(LabelFile(title="x" * 5_000))
except SinkError as error:
    saved.save(LabelFile(title="short again"))
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files")
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = file(tmp_path)
    done = subprocess.run([sys.executable, "-c", LIMITED, path], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == f"{path} cannot be written: File too large; what was there before stays"
    assert names(tmp_path) == ["labels.json", "labels.json.bak"]
    assert read(path).title == "short again"  # it goes on once there is room
    assert read(tmp_path / "labels.json.bak") == FIRST


FULL = """
import resource, sys
from streamer.errors import SinkError
from tools.labelled.saving import write
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
try:
    write(Path(sys.argv[1]), bytes(5_000))
except SinkError:
    sys.exit(3)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of a process's files")
def test_nothing_half_written_stays_behind(tmp_path: Path) -> None:
    path = file(tmp_path)
    assert subprocess.run([sys.executable, "-c", FULL, path], check=False).returncode == 3
    assert names(tmp_path) == ["labels.json"]
    assert read(path) == FIRST
