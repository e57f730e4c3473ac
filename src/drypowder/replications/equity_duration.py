"""How many years until a share has paid back: near cash flows forecast, the rest from the price.

    D = sum_t t CF_t (1+r)^-t / P + (T + (1+r)/r) (P - sum_t CF_t (1+r)^-t) / P ,   t = 1 .. T
    CF_t = E_t - (B_t - B_{t-1}) ,  E_t = ROE_t B_{t-1} ,  B_t = (1 + g_t) B_{t-1}

Return on equity and growth fade towards their means. What the price pays for and the forecast
does not is a level perpetuity that begins after T, whose duration is T + (1+r)/r.
Source: P. Dechow, R. Sloan and M. Soliman, Implied Equity Duration, Review of Accounting Studies
9 (2004). Signs: cash paid out > 0, cash raised < 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from drypowder.errors import UsageError


@dataclass(frozen=True, eq=False)
class EquityDuration:
    """Duration of a share and the forecast behind it; element 0 is year 1."""

    duration: float  # years
    terminal_share: float  # of the price: what is paid for cash flows after T; negative if none
    forecast_duration: float  # years, of the forecast part alone
    terminal_duration: float  # years, of the perpetuity
    roe: Float[np.ndarray, " year"]
    growth: Float[np.ndarray, " year"]
    book: Float[np.ndarray, " year"]  # end of year
    earnings: Float[np.ndarray, " year"]
    cash_flow: Float[np.ndarray, " year"]  # what is paid out to owners, net of what they put in


def equity_duration(
    *,
    price: float,
    book: float,
    earnings: float,
    growth: float,
    years: int = 10,
    r: float = 0.12,
    roe_persistence: float = 0.57,
    roe_mean: float = 0.12,
    growth_persistence: float = 0.24,
    growth_mean: float = 0.06,
) -> EquityDuration:
    """Implied duration of a share.

    Args:
        price, book, earnings: of all shares, one unit of money; growth: of book (sales, in the
            paper) last year.
        years: T of the forecast; r: cost of equity. Persistence is the share of a deviation from
            the mean that is left a year later.

    Raises:
        UsageError: DP-168 unless price, book, r and years are above zero.
    """
    given = (price, book, earnings, growth, r, roe_mean, growth_mean)
    persistent = (roe_persistence, growth_persistence)
    if not np.all(np.isfinite((*given, *persistent))) or min(price, book, r) <= 0 or years < 1:
        raise UsageError(
            "DP-168",
            f"price {price}, book {book}, r {r} and {years} years have no duration.",
            "Give finite numbers; price, book, r and years above zero.",
        )
    year = np.arange(1, years + 1)
    roe = _fading(earnings / book, roe_mean, roe_persistence, year)
    rise = _fading(growth, growth_mean, growth_persistence, year)
    books = book * np.cumprod(np.concatenate([[1.0], 1.0 + rise]))
    earned = roe * books[:-1]
    paid = earned - np.diff(books)
    present = paid * (1.0 + r) ** -year.astype(float)
    forecast, last = float(present.sum()), years + (1.0 + r) / r
    weighted = float(year @ present)
    return EquityDuration(
        duration=(weighted + last * (price - forecast)) / price,
        terminal_share=1.0 - forecast / price,
        forecast_duration=weighted / forecast if forecast else float("nan"),
        terminal_duration=last,
        roe=roe,
        growth=rise,
        book=books[1:],
        earnings=earned,
        cash_flow=paid,
    )


def _fading(now: float, mean: float, persistence: float, year: np.ndarray) -> np.ndarray:
    """A first-order autoregression without news, years 1, 2, ..."""
    return mean + (now - mean) * persistence**year
