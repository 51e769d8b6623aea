"""What peers leave behind that are never connected: ``python -m tools.peers [--peers 100] [--out FILE]``.

So many offers whose sender has gone are answered by a real server with its own limit for the handshake. Counted are the
files, threads and memory of this process, which is the server: before, with all of them waiting, and after.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import threading
import time
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from aiortc import RTCConfiguration, RTCPeerConnection

from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.metrics import Metrics
from streamer.packets import Packet
from streamer.web.server import WebServer
from streamer.web.site import Access, Notice, PeerRules, RoomInfo, Site
from tools.machine import machine

LIMIT = 15.0
"""Seconds after the last offer within which everything is to be given back."""


@dataclass(frozen=True, slots=True)
class Held:
    """``files`` open, ``threads``, and ``memory`` in MB."""

    files: int
    threads: int
    memory: float


def held() -> Held:
    """Of this process (proc(5))."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return Held(len(os.listdir("/proc/self/fd")), threading.active_count(), round(kilobytes / 1024, 1))


async def offer_of_nobody() -> str:
    """An offer whose sender is closed: no check of it is ever answered."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    text = str(connection.localDescription.sdp)
    await connection.close()
    return text


def site(peers: int) -> Site:
    """One camera to look at, by so many."""
    return Site(
        hub=Hub(),
        metrics=Metrics(),
        purpose="audience",
        notice=Notice("", ""),
        rooms={"hall": RoomInfo("hall", ("left",), 5)},
        sources={"left": "hall"},
        settings={},
        ask=lambda _: None,
        explain=lambda _: None,
        ready=lambda: "",
        failed=lambda: "",
        about=lambda: "",
        version="",
        access=Access(port=0, viewers=peers),
        peer_rules=PeerRules(peers=peers),
        packets={"left": Fanout[Packet](8)},
    )


def post(url: str, offer: str) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("POST", "/whep/left", offer, {"Content-Type": "application/sdp"})
    status = connection.getresponse().status
    connection.close()
    return status


def measure(peers: int) -> dict[str, object]:
    offer = asyncio.run(offer_of_nobody())
    with WebServer(site(peers)) as server:
        post(server.url, "")  # whatever is loaded at the first request
        before = held()
        began = time.monotonic()
        statuses = [post(server.url, offer) for _ in range(peers)]
        last, most = time.monotonic(), held()
        while (now := held()).files > before.files and time.monotonic() - last < 2 * LIMIT:
            time.sleep(0.1)
    return {
        "peers": peers,
        "answered": statuses.count(201),
        "seconds to answer all": round(last - began, 1),
        "seconds until given back": round(time.monotonic() - last, 1) if now.files <= before.files else None,
        "before": asdict(before),
        "most": asdict(most),
        "after": asdict(now),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=int, default=100)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    row = measure(options.peers)
    command = f"python -m tools.peers --peers {options.peers}"
    document = {"command": command, "machine": machine(), "data": "offers of peers that are gone", "row": row}
    text = json.dumps(document, indent=2, ensure_ascii=False)
    print(text)
    if options.out is not None:
        options.out.write_text(text + "\n")
    after = row["seconds until given back"]
    return 0 if isinstance(after, float) and after <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
