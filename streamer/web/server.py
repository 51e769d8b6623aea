"""The web's thread: one loop with all of its connections."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from streamer.errors import ConfigError, SinkError
from streamer.redaction import redact
from streamer.web.app import Offer, make_app
from streamer.web.guard import bound, check_access, is_everywhere
from streamer.web.limits import Limits
from streamer.web.protocol import Connection, TooMany
from streamer.web.site import Access, Site

log = logging.getLogger(__name__)

PATIENCE = 3.0
"""Seconds for all connections to end."""


class WebServer:
    """Serves a site, or what else is offered, while it is entered. ``port`` and ``url`` are known from then on, or
    from open()."""

    def __init__(
        self, served: Site | Offer, limits: Limits | None = None, listening: Sequence[socket.socket] = ()
    ) -> None:
        """``listening``: from another server's hand_on(), in place of those that the site's access names."""
        self._served, self._limits = served, limits or Limits()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._main, name="web", daemon=True)
        self._sockets: list[socket.socket] = list(listening)
        self._opened = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context: ssl.SSLContext | None = None
        self._end: Callable[[], object] = lambda: None
        self._error: BaseException | None = None
        self.port = served.access.port

    @property
    def url(self) -> str:
        """For a browser on this machine; without a slash at its end."""
        access = self._served.access
        scheme = "http" if access.certificate is None else "https"
        host = "localhost" if is_everywhere(access.host) else access.host
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    def open(self) -> None:
        """Listen, but answer nobody yet: who calls waits until this is entered, which opens it too.

        Raises:
            ConfigError: it would be open to others without a token or TLS, or the certificate is of no use.
            SinkError: the address cannot be listened on.
        """
        try:
            check_access(self._served.access)
            self._context = tls(self._served.access)
            self._sockets = self._sockets or listening(self._served.access)
        except ConfigError:
            self.close()
            raise
        self.port = self._sockets[0].getsockname()[1]
        self._opened = True

    def close(self) -> None:
        """Listen no more; of one that is opened and will not be entered."""
        for one in self._sockets:
            one.close()

    def hand_on(self) -> list[socket.socket]:
        """Its listening sockets once more, for the server that follows: so nobody who calls in between is refused."""
        return [one.dup() for one in self._sockets]

    def answers(self, seconds: float) -> bool:
        """Whether its loop comes to what it is asked within so long; True while it does not serve. From any thread."""
        done, loop = threading.Event(), self._loop
        if loop is None:
            return True
        try:
            loop.call_soon_threadsafe(done.set)
        except RuntimeError:  # it has just ended
            return True
        return done.wait(seconds)

    def __enter__(self) -> Self:
        """
        Raises:
            ConfigError, SinkError: see open().
        """
        if not self._opened:
            self.open()
        self._thread.start()
        self._started.wait()
        if self._error is not None:
            self._thread.join(PATIENCE)
            raise self._error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended by itself, and its loop is closed
            self._end()
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            log.warning("the web's thread did not end within %g s", PATIENCE)
        elif self._error is not None:
            log.error("the web server ended: %s", redact(str(self._error)))

    def _main(self) -> None:
        asyncio.run(self._watched())

    async def _watched(self) -> None:
        """Serve, and keep the error that ends it for the thread that waits."""
        serving = asyncio.create_task(self._serve())
        await asyncio.wait({serving})
        self._error = serving.exception()
        self._started.set()

    async def _serve(self) -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        app = make_app(self._served, bound(self._served.access, self.port), self._limits)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=self._limits.stop)
        servers: list[asyncio.Server] = []
        try:
            await runner.setup()
            for one in self._sockets:
                servers.append(await self._listen(runner, one))
            self._end, self._loop = lambda: loop.call_soon_threadsafe(over.set), loop
            self._started.set()
            await over.wait()
        finally:
            self._loop = None
            for server in servers:
                server.close()
            self.close()
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner, one: socket.socket) -> asyncio.Server:
        loop, limits, manager = asyncio.get_running_loop(), self._limits, runner.server
        if manager is None:
            raise RuntimeError("the runner is not set up")
        settings: dict[str, Any] = {
            "access_log": None,
            "keepalive_timeout": limits.idle,
            "lingering_time": limits.stop,
            "auto_decompress": False,
        }

        def connection() -> asyncio.Protocol:
            if len(manager.connections) >= limits.connections:
                return TooMany()
            return Connection(manager, loop=loop, **settings)

        if self._context is None:
            return await loop.create_server(connection, sock=one)
        return await loop.create_server(
            connection, sock=one, ssl=self._context, ssl_handshake_timeout=limits.idle, ssl_shutdown_timeout=limits.stop
        )


def tls(access: Access) -> ssl.SSLContext | None:
    """
    Raises:
        ConfigError: certificate and key cannot be read or do not fit each other.
    """
    if access.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(access.certificate, access.key, password="")
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"server: certificate {access.certificate} and key {access.key} cannot be used: {reason}; expected PEM "
            "files, the key without a password"
        ) from None
    return context


def listening(access: Access) -> list[socket.socket]:
    """A socket for each address that the host stands for, all at one port.

    Raises:
        SinkError: none can be listened on, or the port is in use.
    """
    try:
        found = socket.getaddrinfo(access.host or None, access.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise SinkError(f"server: host {access.host!r} is no address of this machine; try 127.0.0.1") from None
    opened: list[socket.socket] = []
    for family, address in dict.fromkeys((one[0], str(one[4][0])) for one in found):
        port = opened[0].getsockname()[1] if opened else access.port
        try:
            opened.append(listen(family, address, port))
        except OSError as error:
            if opened and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                continue
            for one in opened:
                one.close()
            raise SinkError(unheard(access, error)) from None
    return opened


def listen(family: int, address: str, port: int) -> socket.socket:
    one = socket.socket(family, socket.SOCK_STREAM)
    try:
        if hasattr(socket, "SO_REUSEADDR") and not hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind((address, port))
        one.listen(128)
        one.setblocking(False)
    except OSError:
        one.close()
        raise
    return one


def unheard(access: Access, error: OSError) -> str:
    """Why a port cannot be listened on, and what to do."""
    where = f"server: port {access.port} of {access.host}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program; end that, or choose another port (0 for any free one)"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{where} may not be used by this user; choose one from 1024"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{where} cannot be listened on: the host is no address of this machine; try 127.0.0.1"
    return f"{where} cannot be listened on: {error.strerror}"
