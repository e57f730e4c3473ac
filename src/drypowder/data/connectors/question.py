"""What a connector is: which questions it asks for the series wanted, and how it reads the answer.

One reply often answers several series (a company's facts hold its capex and its cash), so a
question names all series it answers. `fetch` asks; `read` takes one series out of what came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drypowder.data.connectors._settings import Provider
from drypowder.data.connectors.rows import Rows
from drypowder.data.connectors.wire import Session
from drypowder.data.series import Series


@dataclass(frozen=True)
class Question:
    """Something to ask a publisher, and the series that the answer holds."""

    source: Provider
    series: tuple[Series, ...]
    addresses: tuple[str, ...]  # what is asked first, without keys; pages and windows follow
    fetch: Callable[[Session], Any]
    read: Callable[[Any, Series], Rows]
