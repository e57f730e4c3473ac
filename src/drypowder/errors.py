"""What can go wrong, said as: what, where, what to do, with a code `drypowder explain` knows.

`DrypowderError` is the root; its children are the exit codes of the command line.
"""

from __future__ import annotations


class DrypowderError(Exception):
    """Something a person can mend. `code` is stable; `hint` says what to do."""

    exit_code = 1

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        self.code, self.message, self.hint = code, message, hint
        super().__init__(f"{code}: {message}" + (f" {hint}" if hint else ""))

    def __reduce__(self):
        return (type(self), (self.code, self.message, self.hint))


class UsageError(DrypowderError):
    """The request itself is off: an unknown name, a lever outside its range, a rate in percent."""

    exit_code = 2


class DataMissingError(DrypowderError):
    """A file or figure that the question needs is absent, empty or unreadable."""

    exit_code = 3


class UnbalancedError(DrypowderError):
    """Somebody holds what nobody issued: the accounts do not balance."""

    exit_code = 4
