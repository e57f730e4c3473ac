"""The rule from interval to word: what each word needs, and that more evidence never hurts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drypowder.measure.claims import (
    CANNOT_SAY,
    FAILS,
    HOLDS,
    LEANS_AGAINST,
    LEANS_FOR,
    VERDICTS,
    Finding,
    Registration,
    judge,
)

FIRST, LAST = date(2026, 2, 6), date(2026, 8, 21)
CLAIM = Registration(
    number=1,
    slug="made-up",
    needs=("A",),
    window=(FIRST, LAST),
    stop_on=date(2027, 2, 6),
    direction=+1,
    smallest_effect=1.0,
    unit="bp",
    fewest=10,
)
NUMBERS = st.floats(-5.0, 5.0)


def word(effect, low, high, *, observations=50, claim=CLAIM):
    found = Finding(effect, low, high, observations, FIRST, LAST)
    return judge(claim, found).word


@pytest.mark.parametrize(
    ("effect", "low", "high", "expected"),
    [
        (2.0, 1.1, 3.0, HOLDS),
        (2.0, 0.5, 3.0, LEANS_FOR),
        (0.5, 0.2, 0.8, FAILS),  # surely there, surely too small to matter
        (0.0, -0.5, 0.5, FAILS),  # a null result with a narrow interval
        (-2.0, -3.0, -1.0, FAILS),
        (0.0, -1.5, 1.5, LEANS_AGAINST),  # one error above, 1.5 / 1.645 = 0.91, is below 1
        (0.0, -2.0, 2.0, CANNOT_SAY),
        (0.9, -0.5, 2.3, CANNOT_SAY),
        (float("nan"), 1.1, 3.0, CANNOT_SAY),
    ],
)
def test_each_word_by_hand(effect, low, high, expected):
    assert word(effect, low, high) == expected


def test_too_few_observations_say_nothing():
    assert word(2.0, 1.1, 3.0, observations=9) == CANNOT_SAY


@given(effect=NUMBERS, below=st.floats(0, 5), above=st.floats(0, 5), rise=st.floats(0, 5))
def test_a_higher_estimate_never_makes_the_word_worse(effect, below, above, rise):
    before = word(effect, effect - below, effect + above)
    after = word(effect + rise, effect - below + rise, effect + above + rise)
    assert VERDICTS.index(after) >= VERDICTS.index(before)


@given(effect=NUMBERS, below=st.floats(0, 5), above=st.floats(0, 5), rise=st.floats(0, 5))
def test_a_higher_end_of_the_interval_never_makes_the_word_worse(effect, below, above, rise):
    before = VERDICTS.index(word(effect, effect - below, effect + above))
    assert VERDICTS.index(word(effect, effect - below, effect + above + rise)) >= before
    lower_end = min(effect - below + rise, effect)
    assert VERDICTS.index(word(effect, lower_end, effect + above)) >= before


@given(effect=NUMBERS, below=st.floats(0, 5), above=st.floats(0, 5))
def test_a_claim_about_falling_is_the_mirror_of_one_about_rising(effect, below, above):
    mirrored = replace(CLAIM, direction=-1)
    rising = word(effect, effect - below, effect + above)
    assert word(-effect, -effect - above, -effect + below, claim=mirrored) == rising


@given(effect=NUMBERS, below=st.floats(0, 5), above=st.floats(0, 5), scale=st.floats(0.1, 10.0))
def test_units_do_not_matter(effect, below, above, scale):
    scaled = replace(CLAIM, smallest_effect=scale)
    low, high = effect - below, effect + above
    edges = (low, high, low - 1.0, high - 1.0, effect + (high - effect) / 1.6448536269514722 - 1.0)
    if min(map(abs, edges)) > 1e-9:
        assert word(scale * effect, scale * low, scale * high, claim=scaled) == word(
            effect, low, high
        )


@pytest.mark.parametrize("change", [{"direction": 0}, {"smallest_effect": 0.0}, {"level": 1.0}])
def test_a_registration_that_cannot_lose_is_refused(change):
    with pytest.raises(ValueError, match="claim 1"):
        replace(CLAIM, **change)
