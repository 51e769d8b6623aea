from __future__ import annotations

import contextlib
import datetime
import gzip
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from streamer.errors import ConfigError, SinkError
from streamer.web.guard import check_access
from streamer.web.limits import Limits
from streamer.web.server import WebServer
from streamer.web.site import Access, Tokens
from tests.secret_urls import TOKEN, URLS, leaks
from tests.web_site import TOKENS, VIEWER, ask, bearer, connected, handshake, serving, site, until


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return paths


def test_it_serves_while_entered_and_then_no_more() -> None:
    with serving() as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert ask(server, "/livez").body == b"alive\n"
    with pytest.raises(ConnectionRefusedError):
        ask(server, "/livez")
    assert not any(thread.name == "web" for thread in threading.enumerate())


def test_it_ends_soon_with_connections_of_every_kind_open() -> None:
    made = site()
    with serving(made) as server:
        open_ones = [connected(server) for _ in range(4)]
        open_ones[1].sendall(b"GET /streams/left.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        open_ones[2].sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        open_ones[3].sendall(handshake())
        assert open_ones[3].recv(12) == b"HTTP/1.1 101"
        assert until(lambda: made.pictures["left"].wanted)
        began = time.monotonic()
    assert time.monotonic() - began < 3.0
    assert not made.pictures["left"].wanted
    for one in open_ones:
        with one, contextlib.suppress(ConnectionResetError):
            while one.recv(65536):
                pass  # to the end, which comes


def test_nothing_stays_open_after_the_end() -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("this system does not list open files in /proc")
    with serving() as server:
        ask(server, "/livez")
    before = len(list(descriptors.iterdir()))
    for _ in range(5):
        with serving() as server, connected(server) as one:
            one.sendall(handshake())
            one.recv(12)
    with serving() as server, pytest.raises(SinkError):
        WebServer(site(Access(port=server.port))).__enter__()
    assert len(list(descriptors.iterdir())) <= before


def test_a_port_in_use_is_said_where_it_is_entered() -> None:
    with serving() as server:
        access = Access(port=server.port)
        with pytest.raises(SinkError, match=f"port {server.port} of 127.0.0.1 is in use .* choose another port"):
            WebServer(site(access)).__enter__()


def test_an_address_of_another_machine_is_refused() -> None:
    access = Access(host="192.0.2.1", tokens=TOKENS, behind_proxy=True)
    with pytest.raises(SinkError, match="no address of this machine"):
        WebServer(site(access)).__enter__()


def test_ipv6_loopback() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"this machine has no IPv6 loopback: {error}")
    with serving(site(Access(host="::1"))) as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert ask(server, "/livez").status == 200


def test_localhost_is_called_by_its_names() -> None:
    with serving(site(Access(host="localhost"))) as server:
        for name in ("localhost", "LOCALHOST.", "127.0.0.1"):
            assert ask(server, "/livez", headers={"Host": f"{name}:{server.port}"}).status == 200


def test_tls(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    made = site(Access(certificate=certificate, key=key, tokens=TOKENS))
    context = ssl.create_default_context(cafile=str(certificate))
    with serving(made) as server:
        assert server.url.startswith("https://")
        connection = HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
        connection.request("POST", "/api/v1/session", f'{{"token": "{VIEWER}"}}', {"Content-Type": "application/json"})
        cookie = connection.getresponse().getheader("Set-Cookie") or ""
        connection.close()
    assert cookie.startswith("__Host-groupmood=")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))


def test_who_speaks_no_tls_keeps_nobody_from_it(tmp_path: Path) -> None:
    certificate, key = certified(tmp_path)
    made = site(Access(certificate=certificate, key=key, tokens=TOKENS))
    context = ssl.create_default_context(cafile=str(certificate))
    with serving(made, Limits(idle=0.3)) as server, connected(server) as plain, connected(server) as mute:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(100)
        with context.wrap_socket(connected(server), server_hostname="127.0.0.1") as good:
            good.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert good.recv(15) == b"HTTP/1.1 200 OK"
        assert mute.recv(1) == b""


@pytest.mark.parametrize("fault", ["missing", "no PEM", "another's key", "with a password"])
def test_a_certificate_of_no_use_is_told(tmp_path: Path, fault: str) -> None:
    certificate, key = certified(tmp_path)
    if fault == "missing":
        certificate = tmp_path / "none.pem"
    elif fault == "no PEM":
        key.write_text("secret text")
    elif fault == "with a password":
        found = serialization.load_pem_private_key(key.read_bytes(), None)
        locked = serialization.BestAvailableEncryption(b"password")
        key.write_bytes(
            found.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, locked)
        )
    else:
        (tmp_path / "other").mkdir()
        _, key = certified(tmp_path / "other")
    access = Access(certificate=certificate, key=key, tokens=TOKENS)
    with pytest.raises(ConfigError, match=r"certificate .* and key .* cannot be used: .*; expected PEM"):
        WebServer(site(access)).__enter__()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"host": "0.0.0.0"}, "can be reached by other machines, so it needs certificate and key"),
        ({"host": "192.168.1.5", "tokens": TOKENS}, "certificate and key"),
        ({"host": "", "tokens": TOKENS}, "certificate and key"),
        ({"host": "::", "behind_proxy": True}, "behind a proxy can be reached .*token .* and admin_token"),
        ({"behind_proxy": True}, "behind a proxy .*admin_token"),
        ({"behind_proxy": True, "tokens": Tokens(VIEWER)}, "admin_token"),
        ({"host": "cam.example", "certificate": Path("c"), "key": Path("k")}, "token"),
        ({"certificate": Path("c")}, "belong together"),
        ({"key": Path("k")}, "belong together"),
        ({"tokens": Tokens(VIEWER, VIEWER)}, "are the same"),
    ],
)
def test_what_would_be_open_to_others_is_refused(changes: Mapping[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        check_access(replace(Access(), **changes))
    with pytest.raises(ConfigError, match=fault):
        WebServer(site(replace(Access(port=0), **changes))).__enter__()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"host": "::1"},
        {"host": "localhost", "tokens": TOKENS},
        {"host": "127.8.9.1", "tokens": Tokens(admin=VIEWER)},
        {"host": "0.0.0.0", "tokens": TOKENS, "behind_proxy": True},
        {"host": "192.168.1.5", "tokens": TOKENS, "certificate": Path("c"), "key": Path("k")},
    ],
)
def test_what_is_closed_to_others_is_let_be(changes: Mapping[str, Any]) -> None:
    check_access(replace(Access(), **changes))


def test_a_request_that_never_gets_whole_is_ended() -> None:
    """Slow loris: a header line now and then keeps nothing open."""
    with serving(limits=Limits(idle=0.4)) as server, connected(server) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        slow.settimeout(0.05)
        began = time.monotonic()
        while time.monotonic() - began < 5:
            try:
                slow.sendall(b"X-A: b\r\n")
                if slow.recv(100) == b"":
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert 0.3 < time.monotonic() - began < 3


def test_a_body_that_never_gets_whole_is_ended() -> None:
    with serving(limits=Limits(body=0.3)) as server, connected(server) as slow:
        slow.sendall(
            b"POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        assert slow.recv(12) == b"HTTP/1.1 408"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(chunked: bool) -> None:
    with serving(limits=Limits(plain=100)) as server:
        body, headers = b"x" * 1000, {"Content-Type": "application/json"}
        if chunked:
            body, headers = b"3e8\r\n" + body + b"\r\n0\r\n\r\n", headers | {"Transfer-Encoding": "chunked"}
        answer = ask(server, "/api/v1/session", "POST", headers=headers, body=body)
        assert (answer.status, answer.json["title"]) == (413, answer.json["title"])
        assert "larger than 100 bytes" in answer.json["detail"]


def test_a_packed_body_is_not_unpacked() -> None:
    with serving() as server:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        body = gzip.compress(b'{"command": "pause"}')
        assert ask(server, "/api/v1/commands", "POST", headers=headers, body=body).status == 400


def test_connections_beyond_the_most_are_closed_at_once() -> None:
    with serving(limits=Limits(connections=3)) as server:
        held = [connected(server) for _ in range(3)]
        held[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert held[-1].recv(15) == b"HTTP/1.1 200 OK"
        with connected(server) as fourth:
            assert fourth.recv(1) == b""
        for one in held:
            one.close()
        assert until(lambda: reachable(server))


def reachable(server: WebServer) -> bool:
    try:
        return ask(server, "/livez").status == 200
    except (ConnectionError, OSError):
        return False


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x00\xf1\x01\x00\x00\xed",
        b"EVIL\r\n\r\n",
        b"GET /evil HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nevil header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: evil\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"evil" * 5000 + b"\r\n\r\n",
        b"GET /" + b"evil" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil/@localhost\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_400_that_repeats_nothing(garbage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with serving() as server, connected(server) as one:
        one.sendall(garbage)
        answer = b""
        while chunk := one.recv(65536):
            answer += chunk
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))
        assert b"evil" not in answer.lower()
        assert ask(server, "/livez").status == 200
    assert not caplog.records


def test_an_error_nobody_foresaw_is_a_500_and_a_line_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    def explain(room: str) -> None:
        raise RuntimeError(f"{room}: cannot read {URLS[0]}")

    with serving(site(explain=explain)) as server, caplog.at_level(logging.DEBUG):
        answer = ask(server, f"/api/v1/rooms/hall/explain?token={TOKEN}", headers=bearer(TOKEN))
        assert answer.status == 500
        assert answer.headers["Content-Security-Policy"]
        assert "Runtime" not in answer.text
        assert ask(server, "/livez").status == 200
    assert "RuntimeError: hall: cannot read rtsp://***@cam:554/1" in caplog.text
    assert not leaks(caplog.text)
