"""Binance's public dumps as prints, for bars older than the venue's own interface still tells.

A dump is named after its symbol and rhythm (`BTCUSDT-1h-2024-10-28.csv`); whether it is of
perpetuals or of spot its folder says, so the caller does. Those of futures have a header line,
those of spot have none.

    store.append(read_dump("BTCUSDT-1h-2024-10-28.csv", market="perp"))

Source: data.binance.vision, klines.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from pathlib import Path

from drypowder.data.connectors import _refusals as refusals
from drypowder.data.connectors import klines
from drypowder.data.connectors.crypto import read_parsed
from drypowder.data.connectors.raw import Kept
from drypowder.data.connectors.rows import Rows
from drypowder.data.connectors.wire import Reply
from drypowder.data.series import catalogue

_SOURCE = "Binance, public data"
_FILE = re.compile(r"([A-Z0-9]+)-(1d|4h|1h)-\d{4}-\d{2}(-\d{2})?\.csv")


def read_dump(path: str | Path, *, market: str) -> list[Rows]:
    """Close, high, low and turnover of the bars of one file, as far as the catalogue has them.

    Args:
        market: perp or spot.
    Raises:
        DataMissingError: DP-183 the file is not there, or its name does not say what it holds.
        DrypowderError: DP-186 it holds something else, DP-187 impossible values.
    """
    path = Path(path)
    name = _FILE.fullmatch(path.name)
    if name is None or market not in ("perp", "spot") or not path.is_file():
        raise refusals.unknown(_SOURCE, f"{path} as SYMBOL-RHYTHM-DATE.csv of perp or spot")
    content, now = path.read_bytes(), datetime.now(UTC)
    kept = Kept(hashlib.sha256(content).hexdigest(), path, path.name, now.isoformat(), {})
    try:
        bars = klines.read_csv(content, now)
    except (UnicodeDecodeError, ValueError) as error:
        raise refusals.changed(_SOURCE, path.name, str(error)) from None
    wanted = (f"{market}{part}-{name[2]}:{name[1]}" for part in ("", "-high", "-low", "-volume"))
    known = (catalogue().find(each) for each in wanted)
    reply = Reply(content, kept, fresh=True)
    return [read_parsed(bars, [reply], each, _SOURCE) for each in known if each is not None]
