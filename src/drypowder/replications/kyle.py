"""One who knows trades against those who must: how much of what he knows is in the price.

    beta = sigma_u / sqrt(Sigma0)          he trades x = beta (v - p0)
    lambda = sqrt(Sigma0) / (2 sigma_u)    dealers set p = p0 + lambda (x + u)

Both are answers to each other: beta = 1 / (2 lambda) earns most against a price that moves by
lambda, and lambda = beta Sigma0 / (beta^2 Sigma0 + sigma_u^2) makes dealers break even. Then half
of what he knew is in the price, and his profit is what those who must trade lose.
Source: A. Kyle, Continuous Auctions and Insider Trading, Econometrica 53 (1985), theorem 1.
Signs: purchases > 0; profits > 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drypowder.errors import UsageError


@dataclass(frozen=True)
class Auction:
    """The one auction, values per unit of the asset, profits expected."""

    beta: float  # units bought per unit of mispricing
    lambda_: float  # rise of the price per unit bought
    depth: float  # units that move the price by one
    posterior: float  # variance of the value that is left after the auction
    informativeness: float  # share of the variance that the price has revealed
    profit: float  # of the one who knows
    noise_profit: float  # of those who must trade: below zero
    dealer_profit: float  # of dealers, who stand on the other side of both


def kyle(*, sigma0: float, sigma_u: float) -> Auction:
    """Depth, information and profits of one auction.

    Args:
        sigma0: variance of the value before the auction (Sigma0 of the paper).
        sigma_u: standard deviation of what those who must trade buy.

    Raises:
        UsageError: DP-168 unless both are above zero: without noise nobody trades with him.
    """
    if not (0.0 < sigma0 < np.inf and 0.0 < sigma_u < np.inf):
        raise UsageError(
            "DP-168",
            f"a variance of {sigma0} and noise of {sigma_u} make no auction.",
            "Give numbers above zero.",
        )
    beta = sigma_u / float(np.sqrt(sigma0))
    impact = 1.0 / (2.0 * beta)
    noise_variance = sigma_u * sigma_u
    profit = beta * (1.0 - impact * beta) * sigma0  # E[(v - p) x]
    noise_profit = -impact * noise_variance  # E[(v - p) u]
    posterior = (1.0 - impact * beta) * sigma0
    # dealers sell x + u at p: E[(p - v)(x + u)], worked out by itself
    dealer_profit = impact * (beta**2 * sigma0 + noise_variance) - beta * sigma0
    return Auction(
        beta=beta,
        lambda_=impact,
        depth=1.0 / impact,
        posterior=posterior,
        informativeness=1.0 - posterior / sigma0,
        profit=profit,
        noise_profit=noise_profit,
        dealer_profit=dealer_profit,
    )
