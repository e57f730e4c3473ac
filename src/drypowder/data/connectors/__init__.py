"""Who publishes what, and how it is fetched: one thin client a publisher.

Each client asks politely (slowly, with who asks, only for what has changed), keeps the bytes before
it reads them, and turns them into prints: observed on a day, known on a day, in the unit of the
catalogue. What cannot be read is refused with a sentence, and what is stored stays as it was.
"""

from __future__ import annotations

from drypowder.data.connectors.pulling import (
    Outcome,
    failure,
    open_session,
    pull,
    questions,
    wanted,
)

__all__ = ["Outcome", "failure", "open_session", "pull", "questions", "wanted"]
