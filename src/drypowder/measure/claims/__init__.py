"""Fifteen claims of the essay, each able to lose.

What would settle a claim was written down before its answer was computed: effect, sign, smallest
size that matters, window, next look. A verdict is read off the interval by rule, and one that the
essay lost is printed as large as one it won. `drypowder claims` tells them, `claims N` explains.
"""

from drypowder.measure.claims.asking import Answer, Source, ask
from drypowder.measure.claims.claim import (
    CANNOT_SAY,
    FAILS,
    HOLDS,
    LEANS_AGAINST,
    LEANS_FOR,
    VERDICTS,
    Finding,
    Part,
    Registration,
    Verdict,
    judge,
)
from drypowder.measure.claims.kept import answers, history
from drypowder.measure.claims.registry import claim, numbers, registration_hash

__all__ = [
    "CANNOT_SAY", "FAILS", "HOLDS", "LEANS_AGAINST", "LEANS_FOR", "VERDICTS", "Answer", "Finding",
    "Part", "Registration", "Source", "Verdict", "answers", "ask", "claim", "history", "judge",
    "numbers", "registration_hash",
]  # fmt: skip
