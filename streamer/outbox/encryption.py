"""TLS to an MQTT broker: whom to believe, and what was wrong where a connection did not come about."""

from __future__ import annotations

import ssl
from pathlib import Path

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from streamer.errors import ConfigError

UNANSWERED = "hangs up before it answers; check its port and tls"


def context_of(ca: Path | None) -> ssl.SSLContext:
    """Believes whom this computer believes, or ``ca`` alone; a broker must have the name that it is called by.

    Raises:
        ConfigError: the file cannot be read, or no certificate is in it.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise ConfigError(f"events.mqtt.ca: {ca} holds no certificate; give the one of the CA, in PEM") from None
    except OSError as error:
        raise ConfigError(f"events.mqtt.ca: {ca} cannot be read: {error.strerror}") from None
    context.sslsocket_class = ClosedInTime
    return context


class ClosedInTime(ssl.SSLSocket):
    """Closed where the other side is not believed: the client forgets it then."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class TracedClient(Client):
    """``fault``: why the last attempt to connect failed, which its callback is not told."""

    fault = ""

    def reconnect(self) -> MQTTErrorCode:
        try:
            return super().reconnect()
        except OSError as error:
            self.fault = reason_of(error)
            raise


def reason_of(fault: OSError) -> str:
    """In words that say what to do; nothing secret is in them."""
    match fault:
        case ssl.SSLCertVerificationError():
            return f"shows a certificate that is not believed ({fault.verify_message}); check its host and ca"
        case ConnectionResetError() | BrokenPipeError() | ssl.SSLEOFError():
            return UNANSWERED
        case ssl.SSLError() if fault.reason == "WRONG_VERSION_NUMBER":
            return "does not speak TLS at this port; check its port and tls"
        case ssl.SSLError():
            return f"does not agree on TLS ({fault.reason or 'no reason given'}); check its port and tls"
        case TimeoutError():
            return "cannot be reached"
        case _:
            return f"cannot be reached ({fault.strerror or type(fault).__name__})"
