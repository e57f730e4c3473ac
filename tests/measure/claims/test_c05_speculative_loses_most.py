"""Claim 5: found where it is true, not where only the market beta is high."""

from __future__ import annotations

import numpy as np
import pytest
from tests.measure.rank.worlds import field

from drypowder.errors import DataMissingError
from drypowder.measure.claims import c05_speculative_loses_most as c05
from drypowder.measure.claims.claim import HOLDS, judge
from drypowder.measure.rank.panel import panel
from drypowder.measure.rank.universe import universe

SPECULATIVE = {asset.ticker for asset in universe() if asset.speculative > 0}


def test_a_world_in_which_the_speculative_are_hurt_is_told_as_such():
    found = c05.measure(field(2, hurt=dict.fromkeys(SPECULATIVE, 1.0)))
    assert found.effect == pytest.approx(1.0, abs=0.2) and found.low > 0.3
    assert judge(c05.REGISTRATION, found).word == HOLDS
    parts = {part.key: part for part in found.parts}
    assert parts["bitcoin"].value == pytest.approx(1.0, abs=0.5)
    assert parts["discoveries"].value >= len(SPECULATIVE) - 3


def test_high_market_betas_alone_are_not_enough():
    words = []
    for seed in range(8):
        found = c05.measure(field(seed, market_beta=dict.fromkeys(SPECULATIVE, 3.0)))
        words.append(judge(c05.REGISTRATION, found).word)
        assert abs(found.effect) < 0.3
    assert HOLDS not in words


def test_the_two_sides_are_compared_with_equal_weights():
    data = panel(field(1))
    weight = c05.contrast(data)
    assert weight[weight > 0].sum() == pytest.approx(1.0)
    assert weight[weight < 0].sum() == pytest.approx(-1.0)
    kinds = {asset.ticker: asset.speculative for asset in data.assets}
    pairs = zip(weight, data.assets, strict=True)
    assert all(np.sign(w) == kinds[asset.ticker] for w, asset in pairs)


def test_a_missing_series_is_named():
    known = field(1, only=30)
    del known.stored["IORB"]
    with pytest.raises(DataMissingError, match="IORB"):
        c05.measure(known)
