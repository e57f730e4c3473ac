"""Covariance of news: annual volatilities and correlations of the thirteen cleared assets.

Reads ../shared/data/prices (development data; Yahoo closes, never shipped), prints TOML with the
statistics only. Daily log returns of proxies on common US business days, 2022-2025, sample
covariance times 252. Coins close at midnight UTC, funds at the US close: their correlations are
slightly too low. Run: python scripts/estimate_shocks.py > src/drypowder/scenarios/shocks.toml
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

PRICES = Path(__file__).parents[2] / "shared" / "data" / "prices" / "daily_close_adj.parquet"
FIRST, LAST = date(2022, 1, 3), date(2025, 12, 31)
DAYS_A_YEAR = 252

# Weights on daily returns; the mixes with SHY bring bond funds to the durations of the columns.
PROXIES = {
    "treasuries": {"IEF": 0.75, "SHY": 0.25},
    "agency_mbs": {"IEF": 0.6, "SHY": 0.25, "LQD": 0.15},
    "ig_credit": {"LQD": 0.7, "SHY": 0.3},
    "hy_and_loans": {"HYG": 0.6, "SHY": 0.4},
    "equity_hyperscalers": {"MSFT": 0.2, "GOOGL": 0.2, "AMZN": 0.2, "META": 0.2, "ORCL": 0.2},
    "equity_chips": {"SMH": 1.0},
    "equity_memory": {"MU": 0.5, "WDC": 0.25, "STX": 0.25},
    "equity_software": {"IGV": 1.0},
    "equity_speculative": {"ARKK": 1.0},
    "equity_broad": {"RSP": 1.0},
    "gold_silver": {"GLD": 0.9, "SLV": 0.1},
    "bitcoin": {"BTC": 1.0},
    "alt_crypto": {"ETH": 0.5, "SOL": 0.25, "XRP": 0.25},
}


def closes(ticker: str) -> dict[date, float]:
    """Adjusted closes of one ticker inside the window, by date."""
    keep = pc.field("ticker").cast("string") == ticker
    keep &= (pc.field("date") >= FIRST) & (pc.field("date") <= LAST)
    table = pq.read_table(PRICES, columns=["date", "close"], filters=keep)
    return dict(zip(table["date"].to_pylist(), table["close"].to_pylist(), strict=True))


def returns() -> tuple[np.ndarray, list[date]]:
    """Daily log returns (day, asset) of the proxies on the days that every ticker has."""
    tickers = sorted({t for mix in PROXIES.values() for t in mix})
    series = {t: closes(t) for t in tickers}
    days = sorted(set.intersection(*(set(s) for s in series.values())))
    logs = {t: np.diff(np.log([series[t][d] for d in days])) for t in tickers}
    mixes = [sum(w * logs[t] for t, w in mix.items()) for mix in PROXIES.values()]
    return np.stack(mixes, axis=1), days


HEADER = """\
# Written by scripts/estimate_shocks.py from development data; statistics only, no prices.
window = "{first} to {last}, {count} daily returns on common US business days"
estimator = "sample covariance of daily log returns x 252"
source = "computed from adjusted daily closes (Yahoo, via the project's development data)"
why = '''all volatility is booked as news; prices react on top of it, so paths are a little wide.
No mortgage fund is in the data: a mix of Treasuries and credit stands in.'''"""


def main() -> None:
    values, days = returns()
    volatility = values.std(axis=0, ddof=1) * np.sqrt(DAYS_A_YEAR)
    correlation = np.corrcoef(values.T)
    print(HEADER.format(first=days[0], last=days[-1], count=len(values)))
    print("\n[proxies]")
    for name, mix in PROXIES.items():
        print(f"{name} = {{ " + ", ".join(f"{t} = {w}" for t, w in mix.items()) + " }")
    print("\n[annual_volatility]")
    for name, value in zip(PROXIES, volatility, strict=True):
        print(f"{name} = {value:.4f}")
    print("\n[correlation]  # columns in the order of the rows")
    for name, row in zip(PROXIES, correlation, strict=True):
        print(f"{name} = [" + ", ".join(f"{x:.3f}" for x in row) + "]")


if __name__ == "__main__":
    main()
