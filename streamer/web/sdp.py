"""Which offers of a peer are taken, and answers that say no more than they must (RFC 8866, RFC 8839, RFC 9725)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiortc.exceptions import InternalError, InvalidAccessError, InvalidStateError, OperationError
from aiortc.sdp import MediaDescription, SessionDescription

from streamer.web.problems import Refused

SECTIONS = 4
"""m= lines at most: video, audio, data and one to spare."""

MALFORMED = (
    *(AssertionError, AttributeError, IndexError, KeyError, RuntimeError, StopIteration, TypeError, ValueError),
    *(InternalError, InvalidAccessError, InvalidStateError, OperationError),
)
"""All that aiortc raises at an offer that is no good; StopIteration becomes a RuntimeError inside a coroutine."""

SENDS, RECEIVES = ("sendonly", "sendrecv"), ("recvonly", "sendrecv")

NOWHERE = "0.0.0.0"


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that was looked through. ``text``: what of it is given to aiortc. ``sends``, ``receives``: whether its
    video section does; ``h264``: it can take H.264 as it is sent."""

    text: str
    sends: bool
    receives: bool
    h264: bool


def offer_of(text: str, candidates: int) -> Offer:
    """``candidates`` are kept at most, of those that can be reached without asking a name: IP addresses over UDP.
    A browser that hides its own reaches this machine by the candidates of the answer.

    Raises:
        Refused: 400, with what is wrong.
    """
    try:
        session = SessionDescription.parse(text)
    except MALFORMED as error:
        raise Refused(
            400, f"the offer cannot be read as SDP ({type(error).__name__}); send that of createOffer()"
        ) from None
    check_sections(session)
    video = next(media for media in session.media if media.kind == "video")
    kept = "\r\n".join(kept_lines(text, candidates)) + "\r\n"
    return Offer(kept, video.direction in SENDS, video.direction in RECEIVES, takes_h264(video))


def check_sections(session: SessionDescription) -> None:
    """
    Raises:
        Refused: 400; there are none or too many, or they do not share one transport.
    """
    if not 1 <= len(session.media) <= SECTIONS:
        raise Refused(400, f"the offer has {len(session.media)} m= lines, expected 1 to {SECTIONS}")
    names = [media.rtp.muxId for media in session.media]
    bundled = [name for group in session.group if group.semantic == "BUNDLE" for name in group.items]
    if not all(names) or len(set(names)) != len(names) or sorted(map(str, bundled)) != sorted(names):
        raise Refused(400, "every m= line of the offer needs a=mid, and a=group:BUNDLE must name them all")
    if sum(media.kind == "video" for media in session.media) != 1:
        raise Refused(400, "the offer needs one video section: add one video track or transceiver before createOffer()")
    if not all(media.dtls and media.dtls.fingerprints for media in session.media):
        raise Refused(400, "every m= line of the offer needs a=fingerprint and a=setup (DTLS)")
    if any(media.kind not in ("audio", "video", "application") for media in session.media):
        raise Refused(400, "the offer has an m= line other than audio, video and application")


def takes_h264(media: MediaDescription) -> bool:
    """In packetization mode 1 (RFC 6184), of any profile: what is sent is constrained baseline."""
    return any(
        codec.mimeType.lower() == "video/h264" and codec.parameters.get("packetization-mode") == "1"
        for codec in media.rtp.codecs
    )


def kept_lines(text: str, most: int) -> Iterator[str]:
    """The lines of an offer without the candidates that are not looked for. a=end-of-candidates goes too: the peer may
    come from an address that it did not name."""
    count = 0
    for line in text.splitlines():
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            if count >= most or not reachable(line):
                continue
            count += 1
        yield line


def reachable(line: str) -> bool:
    """Whether an a=candidate: line names a UDP port of one host."""
    words = line.split()
    address = address_of(words[4]) if len(words) > 7 and words[2].lower() == "udp" else None
    return address is not None and not (address.is_multicast or address.is_unspecified)


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """None where it is a name. An IPv4 address in an IPv6 socket is an IPv4 address."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def answer_of(text: str, allowed: Collection[str] | None, bitrate: int | None = None) -> str:
    """The answer as it is sent: of this machine's own addresses only those ``allowed`` (None: all), and for a sender
    ``bitrate`` bit/s at most.

    Raises:
        Refused: 503; no address is left by which the peer could come.
    """
    head, *sections = re.split(r"(?m)^(?=m=)", text.replace("\r\n", "\n"))
    wanted = None if allowed is None else {address_of(one) for one in allowed}
    told = [section_of(section.splitlines(), wanted, bitrate) for section in sections]
    if not any(line.startswith("a=candidate:") for section in told for line in section):
        raise Refused(
            503,
            "no address of this machine may be named to you; name those by which it is reached in webrtc.addresses",
        )
    return "\r\n".join([*head.splitlines(), *(line for section in told for line in section)]) + "\r\n"


def section_of(lines: Sequence[str], wanted: Collection[object] | None, bitrate: int | None) -> list[str]:
    """One m= section of an answer."""
    shown = {line: told for line in lines if line.startswith("a=candidate:") and (told := told_of(line, wanted))}
    first = next(iter(shown.values()), "").split()
    host, port = (first[4], first[5]) if first else (NOWHERE, "9")
    placed = [line for each in lines for line in at_place(each, shown, host, port)]
    return placed if bitrate is None or not lines[0].startswith("m=video") else limited(placed, bitrate)


def at_place(line: str, shown: Mapping[str, str], host: str, port: str) -> Iterator[str]:
    """A line of an answer with the place that is told in place of the one that is."""
    if line.startswith("m="):
        kind, _, rest = line.split(" ", 2)
        yield f"{kind} {port} {rest}"
    elif line.startswith("c="):
        yield f"c=IN IP{6 if ':' in host else 4} {host}"
    elif not line.startswith("a=candidate:"):
        yield line
    elif line in shown:
        yield shown[line]


def told_of(line: str, wanted: Collection[object] | None) -> str | None:
    """A candidate as it is told: None where it may not be; without the address behind a NAT or a relay."""
    words = line.split()
    if words[7] == "host" and wanted is not None and address_of(words[4]) not in wanted:
        return None
    return re.sub(r" raddr \S+ rport \d+", f" raddr {NOWHERE} rport 9", line)


def limited(lines: Sequence[str], bitrate: int) -> list[str]:
    """A video section with what the sender is asked for: bit/s at most (RFC 8866, RFC 3890), and for each codec what
    Chrome begins with, which else is 0.3 Mbit/s and a picture of a quarter of the size."""
    most = bitrate // 1000
    hints = f"x-google-start-bitrate={most};x-google-max-bitrate={most};x-google-min-bitrate={min(300, most)}"
    described = {match[1] for line in lines if (match := re.match(r"a=fmtp:(\d+) ", line))}
    made = []
    for line in lines:
        codec = re.match(r"a=(rtpmap|fmtp):(\d+) (?!rtx/|apt=)", line)
        made.append(f"{line};{hints}" if codec and codec[1] == "fmtp" else line)
        if codec and codec[1] == "rtpmap" and codec[2] not in described:
            made.append(f"a=fmtp:{codec[2]} {hints}")
        if line.startswith("c="):
            made += [f"b=AS:{most}", f"b=TIAS:{bitrate}"]
    return made
