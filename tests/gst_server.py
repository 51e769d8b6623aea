"""GStreamer's RTSP server as a camera: somebody else's code at the other end.

It runs under the system's own Python, which has its bindings (Debian: python3-gi,
gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-ugly).

    with gst_server() as server:
        read(server.url)
        server.freeze()
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

PYTHON = Path("/usr/bin/python3")

CAMERA = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1 "
    "! x264enc threads=1 tune=zerolatency speed-preset=ultrafast key-int-max=25 "
    "! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


class GstServer:
    """``login`` "user:password", asked for by Digest (RFC 7616); '' for none."""

    def __init__(self, login: str = "") -> None:
        self._login, self.port = login, 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def url_as(self, login: str) -> str:
        return f"rtsp://{login}@127.0.0.1:{self.port}/cam"

    def start(self) -> bool:
        """Whether it runs; at the same port as before."""
        command = [str(PYTHON), __file__, "--port", str(self.port), "--login", self._login]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        word, _, port = self._process.stdout.readline().partition(" ")
        if word != "ready":
            self.kill()
            return False
        self.port = int(port)
        return True

    def kill(self) -> None:
        """As by a power cut, but that the system ends its connections."""
        if self._process is not None:
            self._process.kill()
            with self._process:
                self._process = None

    def freeze(self) -> None:
        """The process is halted: its connections stay open and mute."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)


@contextlib.contextmanager
def gst_server(login: str = "") -> Iterator[GstServer | None]:
    """None where it is not installed."""
    server = GstServer(login)
    try:
        yield server if PYTHON.exists() and server.start() else None
    finally:
        server.kill()


def main() -> None:
    import gi  # type: ignore[import-not-found]  # of the system's Python, without types

    gi.require_version("Gst", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # the same

    parser = argparse.ArgumentParser()
    parser.add_argument("--port", default="0")
    parser.add_argument("--login", default="")
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(CAMERA)
    factory.set_shared(True)
    if given.login:
        _protect(GstRtspServer, server, factory, given.login)
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)
    print(f"ready {server.get_bound_port()}", flush=True)  # noqa: T201  # whoever started it waits for this line
    GLib.MainLoop().run()


def _protect(rtsp: object, server: object, factory: object, login: str) -> None:
    """Let only that user play."""
    user, _, password = login.partition(":")
    auth, token = rtsp.RTSPAuth(), rtsp.RTSPToken()  # type: ignore[attr-defined]  # bindings made at run time
    auth.set_supported_methods(2)  # GstRtsp.RTSPAuthMethod.DIGEST
    token.set_string("media.factory.role", "user")
    auth.add_digest(user, password, token)
    server.set_auth(auth)  # type: ignore[attr-defined]  # the same
    permissions = rtsp.RTSPPermissions()  # type: ignore[attr-defined]  # the same
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)  # type: ignore[attr-defined]  # the same


if __name__ == "__main__":
    main()
