"""Which cameras there are, as far as the operating system says without one being switched on."""

from __future__ import annotations

import os
import re
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import av

SYSFS = Path("/sys/class/video4linux")
DEV = Path("/dev")

QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP, and below struct v4l2_capability: linux/videodev2.h."""
_CAPABILITY = struct.Struct("16s32s32sIII12x")
_VIDEO_CAPTURE, _DEVICE_CAPS = 0x00000001, 0x80000000


@dataclass(frozen=True, slots=True)
class Camera:
    """``index`` is what ``groupmood run INDEX`` takes; ``device`` its path or name in the system; ``fault`` why it
    cannot be opened and what to do, '' if it can."""

    index: int
    device: str
    name: str
    fault: str = ""


def cameras() -> tuple[Camera, ...]:
    """The cameras found, by index; () where there are none or the system does not say."""
    if sys.platform == "linux":
        return linux_cameras()
    return listed_cameras("avfoundation" if sys.platform == "darwin" else "dshow")


def describe(found: tuple[Camera, ...]) -> str:
    """'0 (HD Webcam), 2 (Capture)', or 'none'."""
    return ", ".join(f"{camera.index} ({camera.name})" for camera in found) or "none"


def linux_cameras(sysfs: Path = SYSFS, dev: Path = DEV) -> tuple[Camera, ...]:
    """Video4Linux devices that capture. A webcam has a second device for metadata, which is left out."""
    folder = sysfs if sysfs.is_dir() else dev
    numbers = sorted(int(match[1]) for name in _names(folder) if (match := re.fullmatch(r"video(\d+)", name)))
    found = []
    for number in numbers:
        device = dev / f"video{number}"
        captures, fault = _look(device)
        if captures:
            found.append(Camera(number, str(device), _name(sysfs, number), fault))
    return tuple(found)


def captures_video(capability: bytes) -> bool:
    """Whether a struct v4l2_capability speaks of a device that captures pictures."""
    _, _, _, _, capabilities, device_caps = _CAPABILITY.unpack(capability)
    return bool((device_caps if capabilities & _DEVICE_CAPS else capabilities) & _VIDEO_CAPTURE)


def listed_cameras(format_name: str) -> tuple[Camera, ...]:
    """Best effort through the media library; () where it cannot list."""
    try:
        devices = av.enumerate_input_devices(format_name)
    except (av.FFmpegError, ValueError):
        return ()
    videos = [device for device in devices if not device.media_types or "video" in device.media_types]
    return tuple(Camera(index, one.name, one.description or one.name) for index, one in enumerate(videos))


def _look(device: Path) -> tuple[bool, str]:
    """Whether the device may be a camera, and why it cannot be opened."""
    import fcntl  # not on Windows

    try:
        descriptor = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    except PermissionError:
        return True, "no permission: sudo usermod -aG video $USER, then log in again"
    except FileNotFoundError:
        return True, f"{device} is not there: give the container access to it (--device {device})"
    except OSError as error:
        return True, f"cannot be opened: {error.strerror}"
    try:
        return captures_video(fcntl.ioctl(descriptor, QUERYCAP, bytes(_CAPABILITY.size))), ""
    except OSError as error:
        return True, f"does not answer as a camera: {error.strerror}"
    finally:
        os.close(descriptor)


def _name(sysfs: Path, number: int) -> str:
    try:
        return (sysfs / f"video{number}" / "name").read_text(errors="replace").strip() or f"video{number}"
    except OSError:
        return f"video{number}"


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
