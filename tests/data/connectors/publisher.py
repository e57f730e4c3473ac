"""Small replies as publishers serve them, and time that passes only when somebody sleeps."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

from drypowder.data import catalogue
from drypowder.data.connectors.raw import Kept
from drypowder.data.connectors.wire import Reply

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
SOURCES = ("fred", "fred_api", "nyfed", "fiscaldata", "edgar", "defillama", "ccxt", "yahoo")
PAGE = b"<!DOCTYPE html><html><body>Just a moment...</body></html>"


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


def bytes_of(path: Path) -> bytes:
    """A sample, unpacked."""
    content = path.read_bytes()
    return gzip.decompress(content) if path.suffix == ".gz" else content


def dumped(tree: object) -> bytes:
    return json.dumps(tree).encode()


def reply(content: bytes) -> Reply:
    """Bytes as if they had just come."""
    kept = Kept("ab" * 32, Path("reply"), "http://publisher/question", NOW.isoformat(), {})
    return Reply(content, kept, fresh=True)


def entry(name: str):
    return catalogue().get(name)


def days(rows) -> list[str]:
    """Dates observed, as text."""
    return [str(each)[:10] for each in rows.observed_on]


def known(rows) -> list[str]:
    """Dates known, as text; NaT where the source does not say."""
    return [str(each)[:10] for each in rows.known_on]
