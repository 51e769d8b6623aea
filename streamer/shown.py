"""A configuration as it may be shown: without its secrets."""

from __future__ import annotations

from typing import Any

from streamer.config import Config
from streamer.redaction import MASK, redact, redact_url


def settings_view(config: Config) -> dict[str, Any]:
    """The settings as plain mappings, lists and words; secrets are masked, addresses are without theirs."""
    secret: dict[str, Any] = {
        "sources": {"__all__": {"address"}},
        "output": {"push"},
        "server": {"token", "admin_token"},
    }
    view = config.model_dump(mode="json", exclude=secret)
    for name, source in config.sources.items():
        view["sources"][name] = {"address": redact_url(source.address.get_secret_value()), **view["sources"][name]}
    push = config.output.push
    view["output"]["push"] = None if push is None else redact_url(push.get_secret_value())
    for name, token in (("token", config.server.token), ("admin_token", config.server.admin_token)):
        view["server"][name] = None if token is None else MASK
    masked = clean(view)
    return masked if isinstance(masked, dict) else {}


def clean(value: Any) -> Any:
    """The same with every text redacted."""
    if isinstance(value, dict):
        return {key: clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    return redact(value) if isinstance(value, str) else value
