"""Binance's public dumps as prints, for bars and funding older than the venue's interface tells.

A dump is named after its symbol and rhythm (`BTCUSDT-1h-2024-10-28.csv`, or `.zip` as it was
downloaded; `BTCUSDT-fundingRate-2024-10.zip`). Whether bars are of perpetuals or of spot is told by
the folder, by a header line (futures have one, spot has none), or by the caller. Mark, index and
premium prices come under the same names and are no trades: their folder says so, or that nothing
was traded in any bar.

Source: data.binance.vision, klines and fundingRate.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import Path

from drypowder.data.connectors import klines
from drypowder.data.connectors.crypto import read_parsed, settled
from drypowder.data.connectors.raw import Kept
from drypowder.data.connectors.rows import Print, Rows, number, rows
from drypowder.data.connectors.wire import Reply
from drypowder.data.refusals import phrase, refusal
from drypowder.data.series import catalogue

SOURCE = "Binance, public data"
MARKETS = ("perp", "spot")
_FILE = re.compile(r"([A-Z0-9]+)-(1d|4h|1h|fundingRate)-\d{4}-\d{2}(-\d{2})?\.(csv|zip)", re.ASCII)
_FOLDERS = {"spot": "spot", "futures": "perp", "um": "perp"}  # as the publisher names them
_NO_TRADES = ("markPriceKlines", "indexPriceKlines", "premiumIndexKlines", "cm")
_LARGEST = 1 << 30  # bytes unpacked: more than a month of the shortest bars
_FUNDING = ("calc_time", "last_funding_rate")


def is_dump(path: Path) -> bool:
    """Whether a file is named like a dump of bars or funding, and lies in no folder of others."""
    return bool(_FILE.fullmatch(path.name)) and not set(_NO_TRADES) & set(path.parts)


def read_dump(path: str | Path, *, market: str = "") -> list[Rows]:
    """Close, high, low and turnover of the bars of one file, or its funding rates.

    As far as the catalogue has them.

    Args:
        market: perp or spot, where neither folder nor header line says.
    Raises:
        UsageError: DP-176 it is no such file, or holds something else.
        DrypowderError: DP-187 impossible values.
    """
    path = Path(path)
    name = _FILE.fullmatch(path.name)
    try:
        if name is None:
            raise ValueError(phrase("dump_name"))
        packed, now = path.read_bytes(), datetime.now(UTC)
        content = _unpacked(packed) if name[4] == "zip" else packed
        kept = Kept(hashlib.sha256(packed).hexdigest(), path, path.name, now.isoformat(), {})
        reply = Reply(content, kept, fresh=True)
        if name[2] == "fundingRate":
            return [_funding(reply, name[1])]
        return _bars(reply, name[1], name[2], _market(path, content, market))
    except OSError as error:
        fault = error.strerror or str(error)
    except (UnicodeDecodeError, ValueError, csv.Error) as error:
        fault = str(error)
    raise refusal("DP-176", "dump", path=path, fault=fault)


def _bars(reply: Reply, symbol: str, rhythm: str, market: str) -> list[Rows]:
    """Raises ValueError."""
    bars = klines.read_csv(reply.content, reply.fetched_at)
    if not bars:
        raise ValueError(phrase("no_row"))
    if not any(bar.volume for bar in bars):
        raise ValueError(phrase("dump_no_trade"))
    wanted = (f"{market}{part}-{rhythm}:{symbol}" for part in ("", "-high", "-low", "-volume"))
    known = (catalogue().find(each) for each in wanted)
    return [read_parsed(bars, [reply], each, SOURCE) for each in known if each is not None]


def _funding(reply: Reply, symbol: str) -> Rows:
    """Raises ValueError."""
    lines = csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig")))
    lacking = [name for name in _FUNDING if name not in (lines.fieldnames or ())]
    if lacking:
        there = ", ".join(lines.fieldnames or ()) or phrase("nothing")
        raise ValueError(phrase("lacks", names=", ".join(lacking), there=there))
    prints = []
    for line in lines:
        on, told = settled(line[_FUNDING[0]])
        prints.append(Print(on, number(line[_FUNDING[1]], _FUNDING[1]), max(on, told)))
    if not prints:
        raise ValueError(phrase("no_row"))
    series = catalogue().get(f"funding:{symbol}")
    return rows(series, SOURCE, prints, [reply], unit=series.unit)


def _market(path: Path, content: bytes, given: str) -> str:
    """perp or spot. Raises ValueError where nothing says."""
    told = {_FOLDERS[part] for part in path.parts if part in _FOLDERS}
    if not given and len(told) == 1:
        return told.pop()
    if not given and klines.has_header(content):
        return "perp"
    if given not in MARKETS:
        raise ValueError(phrase("dump_market"))
    return given


def _unpacked(packed: bytes) -> bytes:
    """The one CSV file of an archive. Raises ValueError."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            (member,) = archive.infolist()
            if member.filename.lower().endswith(".csv") and member.file_size <= _LARGEST:
                return archive.read(member)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError):
        pass
    raise ValueError(phrase("dump_archive"))
