"""WHIP and WHEP with peers that were written by others: Chromium, and ffmpeg."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from playwright.sync_api import Page

from streamer.fanout import Fanout
from streamer.inlet import Inlet
from streamer.packets import Packet
from streamer.sinks.h264 import H264Encoder
from streamer.sinks.packets_out import PacketsOut
from streamer.sources.webrtc import WebRtcSource
from streamer.types import Frame
from streamer.web.server import WebServer
from tests.chromium import context
from tests.web_site import result, serving
from tests.webrtc_rig import rtc_site

SCRIPT = """
async function gathered(pc) {
  await pc.setLocalDescription();
  if (pc.iceGatheringState !== 'complete')
    await new Promise(done => pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done());
  return pc.localDescription.sdp;
}
async function exchange(pc, path) {
  const headers = {'Content-Type': 'application/sdp'};
  const answer = await fetch(path, {method: 'POST', headers, body: await gathered(pc)});
  if (answer.status !== 201) return {status: answer.status, text: await answer.text()};
  const text = await answer.text();
  await pc.setRemoteDescription({type: 'answer', sdp: text});
  return {status: 201, text, place: answer.headers.get('Location')};
}
async function bring(path) {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}});
  const pc = window.bringing = new RTCPeerConnection();
  pc.addTransceiver(stream.getVideoTracks()[0], {direction: 'sendonly'});
  window.said = [];
  const channel = pc.createDataChannel('events', {ordered: false, maxRetransmits: 0});
  channel.onmessage = event => window.said.push(JSON.parse(event.data));
  return exchange(pc, path);
}
async function look(path) {
  const pc = window.looking = new RTCPeerConnection();
  pc.addTransceiver('video', {direction: 'recvonly'});
  const video = document.createElement('video');
  video.muted = video.autoplay = true;
  window.shown = [];
  const note = (_, picture) => {
    window.shown.push([picture.width, picture.height]);
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  pc.ontrack = event => video.srcObject = new MediaStream([event.track]);
  document.body.append(video);
  return exchange(pc, path);
}
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Of a browser whose camera shows a moving picture of 640 × 360 with a red left half."""
    camera = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    with camera.open("wb") as file:
        for number in range(30):
            picture = np.full((360, 640, 3), 60, np.uint8)
            picture[:, :320] = (0, 0, 220)
            cv2.circle(picture, (100 + number * 15, 180), 40, (255, 255, 255), -1)
            file.write(cv2.imencode(".jpg", picture)[1].tobytes())
    with context(camera, scripts=True) as made:
        yield made.new_page()


def at(page: Page, server: WebServer) -> Page:
    """The page where the server lets it use the camera, with the functions of SCRIPT."""
    page.goto(f"{server.url}/meeting")
    page.add_script_tag(content=SCRIPT)
    return page


@contextmanager
def drawn(fanout: Fanout[Packet]) -> Iterator[list[int]]:
    """A camera of 640 × 360 that is encoded for whoever looks; the numbers of the pictures that were."""
    encoded: list[int] = []
    over = threading.Event()

    def work() -> None:
        with PacketsOut(fanout) as sink, H264Encoder(rate_hint=Fraction(30)) as encoder:
            number = 0
            while not over.wait(1 / 30):
                image = np.full((360, 640, 3), 40 + number * 3 % 180, np.uint8)
                for packet in encoder.encode(Frame("left", number, number / 30, time.monotonic(), image)):
                    sink.write(packet)
                encoded.append(number)
                number += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield encoded
    finally:
        over.set()
        thread.join()


def first(inlet: Inlet, count: int = 1, seconds: float = 15.0) -> list[Frame]:
    """So many pictures as a capture thread reads them."""
    stop = threading.Event()
    limit = threading.Timer(seconds, stop.set)
    limit.start()
    source = WebRtcSource(inlet, stop=stop)
    frames = [frame for _, frame in zip(range(count), source.frames(), strict=False)]
    limit.cancel()
    assert len(frames) == count, "the pictures did not come in time"
    return frames


def test_a_browsers_camera_comes_in_and_its_room_is_told(page: Page) -> None:
    made = rtc_site()
    with serving(made) as server:
        made.hub.publish(result("desk", sources=("desk",)))
        answer: dict[str, Any] = at(page, server).evaluate("bring('/whip/desk')")
        assert answer["status"] == 201, answer
        frames = first(made.inlets["desk"], 20)
        image = frames[-1].image
        assert image.shape[1] / image.shape[0] == pytest.approx(640 / 360, abs=0.02)
        blue, _, red = image[: image.shape[0] // 4, : image.shape[1] // 4].reshape(-1, 3).mean(0)
        assert red > 150 > 60 > blue
        page.wait_for_function("said.length > 0")
        assert page.evaluate("said[0].type + ' ' + said[0].room") == "room desk"
        gone = page.evaluate("place => fetch(place, {method: 'DELETE'}).then(answer => answer.status)", answer["place"])
        assert gone == 200
        assert not made.inlets["desk"].taken


def test_a_closed_page_frees_the_place(page: Page) -> None:
    made = rtc_site()
    with serving(made) as server:
        assert at(page, server).evaluate("bring('/whip/desk')")["status"] == 201
        first(made.inlets["desk"])
        page.goto("about:blank")
        end = time.monotonic() + 10
        while made.inlets["desk"].taken:
            assert time.monotonic() < end, "the place is still taken"
            time.sleep(0.05)


def test_a_browser_shows_what_was_encoded(page: Page) -> None:
    made = rtc_site()
    with serving(made) as server, drawn(made.packets["left"]) as encoded:
        answer: dict[str, Any] = at(page, server).evaluate("look('/whep/left')")
        assert answer["status"] == 201, answer
        page.wait_for_function("shown.length >= 30", timeout=15_000)
        assert page.evaluate("shown.at(-1)") == [640, 360]
        assert encoded == list(range(len(encoded)))
        page.evaluate("looking.close()")


def test_ffmpeg_brings_a_picture(tmp_path: Path) -> None:
    """With the program of the imageio-ffmpeg wheel, as ffmpeg and OBS do it: H.264 by its own sender."""
    program = imageio_ffmpeg.get_ffmpeg_exe()
    muxers = subprocess.run([program, "-hide_banner", "-muxers"], capture_output=True, text=True, check=True).stdout
    if " whip " not in muxers:
        pytest.skip("needs an ffmpeg with the WHIP muxer (8.0 and later); this one of imageio-ffmpeg has none")
    made = rtc_site()
    with serving(made) as server, (tmp_path / "log").open("w+b") as log:
        picture = ["-re", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30", "-pix_fmt", "yuv420p"]
        coded = ["-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-tune", "zerolatency"]
        target = ["-bf", "0", "-g", "30", "-f", "whip", f"{server.url}/whip/desk"]
        command = [program, "-hide_banner", "-nostdin", *picture, *coded, *target]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as running:
            try:
                frames = first(made.inlets["desk"], 20)
                assert frames[-1].size == (640, 360)
            except AssertionError:
                log.seek(0)
                raise AssertionError(log.read().decode()[-2000:]) from None
            finally:
                running.terminate()
