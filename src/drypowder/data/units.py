"""Units that sources write and the one unit a series is kept in.

A thousand is the commonest mistake with public figures: the same series is served in millions by
one address and in billions by the next. So nothing is stored without its unit, and what cannot
be converted is refused.
"""

from __future__ import annotations

# Each family by the size of one unit in the family's first unit.
_FAMILIES: tuple[dict[str, float], ...] = (
    {"USD": 1.0, "USD th": 1e3, "USD mn": 1e6, "USD bn": 1e9, "USD tn": 1e12},
    {"percent": 1.0, "percentage points": 1.0, "bp": 0.01, "share": 100.0},
    {"count": 1.0, "thousand": 1e3, "million": 1e6},
)


def factor(given: str, wanted: str) -> float | None:
    """What a number in one unit is multiplied by to be in another; None where it cannot be.

    Args:
        given: unit of the source; an empty one is taken to be the wanted one.
        wanted: unit the series is kept in.
    """
    if given in ("", wanted):
        return 1.0
    for family in _FAMILIES:
        if given in family and wanted in family:
            return family[given] / family[wanted]
    return None


def accepted(wanted: str) -> tuple[str, ...]:
    """All units that can be converted to one."""
    for family in _FAMILIES:
        if wanted in family:
            return tuple(family)
    return (wanted,)
