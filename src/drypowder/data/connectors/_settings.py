"""Whom we ask and how politely: `settings.toml`, with the environment's word on hosts and keys.

`DRYPOWDER_<NAME>_URL` replaces a host, for a mirror, a proxy or a test. Keys and the contact come
from the environment only; they are never written nor printed.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

from drypowder.data.connectors._refusals import no_key
from drypowder.data.refusals import refusal
from drypowder.errors import DataMissingError

CONTACT = "DRYPOWDER_CONTACT"


@dataclass(frozen=True)
class Manners:
    """How long we wait and how often we ask again."""

    tries: int
    first_wait_s: float
    longest_wait_s: float
    timeout_s: float


@dataclass(frozen=True)
class Provider:
    """One publisher: where it answers, how often it may be asked, on what terms."""

    name: str
    title: str
    url: str  # without a slash at the end
    licence: str
    pause_s: float  # between two requests to its host
    key_variable: str = ""  # environment variable of the key; "": none is needed
    wants_contact: bool = False  # refuses whoever does not say who asks
    extra: str = ""  # optional packages without which it cannot be asked

    @property
    def key(self) -> str:
        """The key from the environment; "" where there is none."""
        return os.environ.get(self.key_variable, "").strip() if self.key_variable else ""

    @property
    def may_ask(self) -> bool:
        """Whether all that it insists on is set."""
        return not self.wants_contact or bool(os.environ.get(CONTACT, "").strip())

    def needed_key(self) -> str:
        """The key. Raises DataMissingError DP-182 without one."""
        if self.key:
            return self.key
        raise no_key(self.title, self.key_variable)

    def contact(self) -> str:
        """Who asks, as the publisher may wish to know. Raises DataMissingError DP-182."""
        given = os.environ.get(CONTACT, "").strip()
        if self.wants_contact and not given:
            raise refusal(
                "DP-182", "no_contact", DataMissingError, source=self.title, variable=CONTACT
            )
        return given


@dataclass(frozen=True)
class Usual:
    """The choice of series where none is named."""

    connectors: tuple[str, ...]  # whose single series are all taken
    members: tuple[str, ...]  # names that a pattern of the catalogue describes
    measures: tuple[str, ...]  # of companies


@cache
def tables(name: str) -> dict[str, Any]:
    """A TOML file of the connectors, as it is written."""
    path = resources.files("drypowder.data.connectors").joinpath(f"{name}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def manners() -> Manners:
    """The shipped waits."""
    given = {name: entry["value"] for name, entry in tables("settings")["manners"].items()}
    return Manners(**given)


def reach_days(kind: str) -> float:
    """How far back a first pull of a venue's stream goes."""
    return float(tables("settings")["reach_days"][kind]["value"])


def provider(name: str) -> Provider:
    """One publisher with what the environment says of it."""
    given = tables("settings")[name]
    return Provider(
        name=name,
        title=given["title"],
        url=base_url(name, given["url"]),
        licence=given["licence"],
        pause_s=float(given["pause_s"]["value"]),
        key_variable=given.get("key", ""),
        wants_contact=given.get("contact", False),
        extra=given.get("extra", ""),
    )


def usual() -> Usual:
    """What a pull without names asks for."""
    return Usual(**{name: tuple(entry) for name, entry in tables("settings")["usual"].items()})


def base_url(name: str, default: str) -> str:
    """The host of a source. Raises UsageError DP-188 for a setting that is no address."""
    variable = f"DRYPOWDER_{name.upper()}_URL"
    url = os.environ.get(variable, "").strip() or default
    if url and not _is_address(url):
        raise refusal("DP-188", "no_address", variable=variable, url=url)
    if "@" in urlsplit(url).netloc:
        raise refusal("DP-188", "password", variable=variable)
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def rerouted(name: str) -> str:
    """The host set in the environment; "" where the source's own one is asked."""
    return base_url(name, "")
