"""Winners less losers of the past year among the field's shares: what momentum alone earned.

Each week the shares are ordered by their return over the past year without the last month; the
return of the next week is the mean of the best third less that of the worst. Bonds, gold, coins and
credit are not ordered: their place would measure which kind of asset won.
"""

from __future__ import annotations

import numpy as np

from drypowder.measure.rank.weekly import Floats

_FEWEST = 9  # shares that can be ordered; three a third


def winners_less_losers(
    log_prices: Floats, *, past: int, skip: int, share: float, fewest: int = _FEWEST
) -> Floats:
    """Weekly log return of winners less losers, %; NaN while too few shares have a past.

    Args:
        log_prices: [week, share], NaN where there is none.
        past: weeks over which they are ordered; skip: last weeks left out; share: of each end.
    """
    weeks = len(log_prices)
    returns = np.full(log_prices.shape, np.nan)
    returns[1:] = 100.0 * np.diff(log_prices, axis=0)
    past_return = np.full(log_prices.shape, np.nan)
    if weeks > past + 1:
        past_return[past + 1 :] = log_prices[past - skip : -1 - skip] - log_prices[: -past - 1]
    usable = np.isfinite(past_return) & np.isfinite(returns)
    count = usable.sum(axis=1)
    size = np.maximum((count * share).astype(int), 1)[:, None]
    order = np.argsort(np.where(usable, past_return, np.inf), axis=1).argsort(axis=1)
    losers, winners = order < size, (order >= count[:, None] - size) & usable
    filled = np.where(usable, returns, 0.0)
    made = ((winners * filled).sum(axis=1) - (losers * filled).sum(axis=1)) / size[:, 0]
    return np.where(count >= fewest, made, np.nan)
