"""Claims that need days: month-end figures shipped with the package are not enough for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drypowder.errors import DataMissingError
from drypowder.measure.refused import refused

if TYPE_CHECKING:
    from drypowder.data import Known, Observed


def daily(known: Known, *names: str) -> tuple[Observed, ...]:
    """Series day by day, in the order asked for.

    Raises:
        DataMissingError: DP-171 where nothing is known of one, DP-230 where only the month-end
            figures of the package are.
    """
    found = tuple(known.series(name) for name in names)
    if sparse := [series.name for series in found if series.starter]:
        raise refused(DataMissingError, "DP-230", names=", ".join(sparse), named=" ".join(sparse))
    return found
