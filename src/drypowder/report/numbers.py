"""Numbers and dates as a person writes them: `2.6 billion USD`, `+3.2 bp`, `2026-02-06`.

Two or three significant figures, signs on changes, whole words for magnitudes (one-letter
magnitudes mean different things in different languages). Full precision stays in CSV and JSON.
"""

from __future__ import annotations

import math
from typing import Any

from drypowder.report.words import Catalogue

_MINUS = "\N{MINUS SIGN}"
_TRILLION, _BILLION, _MILLION = 1e3, 1.0, 1e-3  # in billions of dollars
PRICE_FIGURES = 9  # to the cent below ten million
LEVEL_FIGURES = 6  # of a simulated price, or a row of a map
_ROUNDING = 5e-4  # 999.96 billion is written as 1 trillion


def plain(value: float, words: Catalogue, *, figures: int = 3, signed: bool = False) -> str:
    """A number with `figures` significant figures or all before the point, thousands separated."""
    if not math.isfinite(value):
        return words.say("labels.numbers.none")
    digits = figures - 1 - math.floor(math.log10(abs(value))) if value else 0
    rounded = round(value, digits)
    shown = f"{abs(rounded):,.{min(max(digits, 0), 6)}f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    sign = _MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + _localised(shown, words)


def fixed(value: float, words: Catalogue, *, digits: int, signed: bool = False) -> str:
    """A number with a fixed count of decimals, for columns of a table."""
    if not math.isfinite(value):
        return words.say("labels.numbers.none")
    shown = f"{abs(value):,.{digits}f}"
    nothing = not shown.strip("0.,")
    sign = "" if nothing else _MINUS if value < 0 else "+" if signed else ""
    return sign + _localised(shown, words)


def dollars(usd_bn: float, words: Catalogue, *, signed: bool = False) -> str:
    """An amount in words: `1.24 trillion USD`, `2.6 billion USD`, `340 million USD`."""
    if not math.isfinite(usd_bn):
        return words.say("labels.numbers.none")
    size = abs(usd_bn) * (1.0 + _ROUNDING)
    if size < _MILLION / 2:
        return words.say("labels.numbers.nothing")
    if size >= _TRILLION:
        unit, value = "trillion", usd_bn / _TRILLION
    elif size >= _BILLION:
        unit, value = "billion", usd_bn / _BILLION
    else:
        unit, value = "million", usd_bn / _MILLION
    return words.say(f"labels.numbers.{unit}", value=plain(value, words, signed=signed))


def basis_points(bp: float, words: Catalogue, *, signed: bool = True) -> str:
    """A yield change, `+3.2 bp`; small ones keep their figures."""
    return words.say("labels.numbers.bp", value=_small(bp, words, signed=signed))


def percent(share: float, words: Catalogue, *, signed: bool = True) -> str:
    """A share as a percentage, `-4.1 %` for -0.041."""
    return words.say("labels.numbers.percent", value=_small(100 * share, words, signed=signed))


def rate(pa: float, words: Catalogue) -> str:
    """A yield as a percentage a year to the basis point, `4.17 %`."""
    return words.say("labels.numbers.percent", value=fixed(100 * pa, words, digits=2))


def count(number: int, words: Catalogue) -> str:
    """A whole number with thousands separated."""
    return _localised(f"{number:,}", words)


def cell(value: Any, kind: str, words: Catalogue) -> str:
    """One cell of a table by the kind of its column (see tables.KINDS)."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return words.say("labels.numbers.none")
    if kind in ("text", "date"):
        return str(value)
    if kind == "moment":  # ISO, to the minute
        return str(value)[:16].replace("T", " ")
    if kind == "count":
        return count(int(value), words)
    if kind == "mixed" and isinstance(value, str):
        return value
    number = float(value)
    if kind == "plain":
        return plain(number, words)
    if kind in ("price", "level"):
        return plain(number, words, figures=PRICE_FIGURES if kind == "price" else LEVEL_FIGURES)
    if kind == "share":
        return fixed(100 * number, words, digits=1 if abs(number) < 0.9995 else 0)
    if kind == "change_pct":
        return _small(100 * number, words, signed=True)
    if kind in ("bp", "change_bp"):
        return _small(number, words, signed=kind == "change_bp")
    if kind == "years":
        return fixed(number, words, digits=1)
    if kind == "rate":
        return fixed(100 * number, words, digits=2)
    return _amount(number, words, signed=kind == "change_usd_bn")


def _small(value: float, words: Catalogue, *, signed: bool) -> str:
    size = abs(value)
    digits = 0 if size >= 99.5 else 1 if size >= 0.95 else 2
    return fixed(value, words, digits=digits, signed=signed)


def _amount(value: float, words: Catalogue, *, signed: bool) -> str:
    size = abs(value)
    digits = 0 if size >= 99.5 else 1 if size >= 9.95 else 2
    return fixed(value, words, digits=digits, signed=signed)


def _localised(shown: str, words: Catalogue) -> str:
    thousands, decimal = (
        words.say("labels.numbers.thousands"),
        words.say("labels.numbers.decimal"),
    )
    return shown.replace(",", "\0").replace(".", decimal).replace("\0", thousands)
