"""Network cameras behind TLS: whom is believed, and what is said of those who are not."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from streamer.config import check
from streamer.errors import ConfigError, SourceLost
from streamer.sources.rtsp import RtspSource
from streamer.sourcing import Opening, source
from tests.certificates import certificate
from tests.rtsp_server import RtspServer, loop
from tests.test_rtsp_http import Camera


def shown(paths: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    return context


def made(folder: Path, address: str = "127.0.0.1") -> tuple[Path, Path]:
    folder.mkdir()
    return certificate(folder, address)


@contextmanager
def camera(paths: tuple[Path, Path]) -> Iterator[str]:
    server = RtspServer("cam", loop((320, 240), 50.0), tls=shown(paths))
    server.open()
    try:
        yield server.url
    finally:
        server.close()


def size_seen(url: str, ca: Path | None) -> tuple[int, int]:
    with RtspSource(url, name="hall", stall=2.0, ca=ca) as opened:
        image = next(opened.frames()).image
    return image.shape[1], image.shape[0]


def test_a_camera_whose_certificate_is_known(tmp_path: Path) -> None:
    paths = made(tmp_path / "own")
    with camera(paths) as url:
        assert url.startswith("rtsps://")
        assert size_seen(url, paths[0]) == (320, 240)
        assert size_seen(url.replace("rtsps", "RTSPS"), None) == (320, 240)  # its own word is taken


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_a_camera_that_is_another_one(tmp_path: Path, address: str) -> None:
    """Signed by somebody else; or rightly signed, for another address."""
    paths = made(tmp_path / "own", address)
    believed = paths[0] if address == "127.0.0.2" else made(tmp_path / "other")[0]
    said = rf"hall cannot be reached, or its certificate is not believed; .*that {believed.name} signed"
    with camera(paths) as url, pytest.raises(SourceLost, match=said) as refused:
        size_seen(url.replace("://", "://adm.in:s3cr3t@"), believed)
    assert "s3cr3t" not in str(refused.value)
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.parametrize("known", [True, False])
def test_motion_jpeg_by_https(tmp_path: Path, known: bool) -> None:
    paths = made(tmp_path / "own")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.over = threading.Event()  # type: ignore[attr-defined]  # Camera asks for it
    server.socket = shown(paths).wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"https://127.0.0.1:{server.server_port}/video"
    try:
        if known:
            assert size_seen(url, paths[0])[0] > 0
        else:
            with pytest.raises(SourceLost, match="or its certificate is not believed"):
                size_seen(url, made(tmp_path / "other")[0])
    finally:
        server.over.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
        thread.join()


def opened(address: str, ca: Path) -> object:
    config = check({"sources": {"hall": {"address": address, "ca": str(ca)}}}, {})
    return source("hall", config.sources["hall"], Opening(threading.Event()))


def test_what_cannot_be_believed_is_said_before_anything_is_opened(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"sources\.hall\.ca: .*none\.pem cannot be read: No such file"):
        opened("rtsps://127.0.0.1/cam", tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"sources\.hall\.ca: .*empty\.pem holds no certificate; give the one of"):
        opened("https://127.0.0.1/cam", tmp_path / "empty.pem")
    for address in ("rtsp://127.0.0.1/cam", "0", "hall.mp4"):
        with pytest.raises(ConfigError, match=r"sources\.hall\.ca: is for cameras at rtsps:// or https:// alone"):
            opened(address, tmp_path / "none.pem")
    assert opened("RTSPS://127.0.0.1/cam", made(tmp_path / "own")[0])
