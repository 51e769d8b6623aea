"""``groupmood serve``: cameras, meetings and browsers' pictures, each room on a page."""

from __future__ import annotations

import signal
import webbrowser
from collections.abc import Mapping

from streamer.commands.run import raise_failed, time_limit
from streamer.commands.setup import Serving, configured, ready
from streamer.commands.terminal import console
from streamer.service import Service, planned, service
from streamer.web.server import WebServer


def serve(options: Serving, environ: Mapping[str, str]) -> int:
    """Serve until Ctrl-C, a stop signal or the end of every source.

    Raises:
        StreamerError, EngineError: in one line what was wrong.
    """
    config = configured(options.config, options.overrides, environ)
    planned(config)  # says what is not allowed before anything is fetched
    ready(config, offline=options.offline)
    made = service(config)
    signal.signal(signal.SIGTERM, lambda *_: made.pipeline.stop())
    with WebServer(made.site) as server:
        announce(made, server.url)
        if options.open_page:
            webbrowser.open(server.url)
        limit = time_limit(made.pipeline, options.max_seconds)
        try:
            made.run()
        finally:
            limit.cancel()
    raise_failed(made.pipeline)
    return 0


def announce(made: Service, url: str) -> None:
    """Where it is, what it is for, and what the people seen must know."""
    site = made.site
    console.print(f"groupmood serves {', '.join(site.rooms)} at {url}", highlight=False)
    console.print(f"purpose: {site.purpose}; the notice for those who are seen: {url}/notice", highlight=False)
    for line in made.warnings:
        console.print(line, style="yellow", highlight=False)
    console.print("Ctrl-C ends it.", highlight=False)
