"""What can go wrong between a publisher and us: what, where, what to do.

Exit 3 (data missing) where a source cannot be had: no network, refused, no key, unknown there, not
kept for offline use, extra not installed. Exit 1 where a reply came and is not what it should be.
"""

from __future__ import annotations

from drypowder.errors import DataMissingError, DrypowderError

KEPT = "What is stored stays as it was."


def unreachable(source: str, url: str, fault: str) -> DataMissingError:
    """DP-180: nobody answered."""
    return DataMissingError(
        "DP-180",
        f"{source} cannot be reached at {url}: {fault}. {KEPT}",
        "Check the network and try again, or use --offline with what was fetched before.",
    )


def refused(source: str, url: str, fault: str) -> DataMissingError:
    """DP-181: asked too often, or the source is out of order."""
    return DataMissingError(
        "DP-181",
        f"{source} refused {url}: {fault}. {KEPT}",
        "Wait and pull again; pull fewer series at a time if it says 429.",
    )


def unknown(source: str, what: str) -> DataMissingError:
    """DP-183: the source does not have it."""
    return DataMissingError(
        "DP-183",
        f"{source} does not have {what}. {KEPT}",
        "The publisher may have renamed or withdrawn it; look at its page, or import a file.",
    )


def not_kept(source: str, url: str) -> DataMissingError:
    """DP-184: offline, and this was never fetched."""
    return DataMissingError(
        "DP-184",
        f"{source}: no reply to {url} is kept in the raw store.",
        "Pull once without --offline.",
    )


def not_readable(source: str, url: str, fault: str) -> DrypowderError:
    """DP-185: HTML instead of data, half a reply, or nothing."""
    return DrypowderError(
        "DP-185",
        f"{source}: the reply to {url} is {fault}. {KEPT}",
        "Try again later; if it stays so, the publisher has moved the data or a proxy stands "
        "between.",
    )


def changed(source: str, what: str, fault: str) -> DrypowderError:
    """DP-186: the reply is data, but not in the form we know."""
    return DrypowderError(
        "DP-186",
        f"{source}, {what}: {fault}. {KEPT}",
        "The publisher has changed the form of its data: look for a newer drypowder, or import "
        "a file.",
    )


def wrong_unit(source: str, series: str, fault: str) -> DrypowderError:
    """DP-187: a number in another unit than it should be, or a thousand times too large."""
    return DrypowderError(
        "DP-187",
        f"{source}, {series}: {fault}. {KEPT}",
        "Compare with the publisher's page: the unit has probably changed there.",
    )


def not_installed(source: str, extra: str) -> DataMissingError:
    """DP-188: an optional package is missing."""
    return DataMissingError(
        "DP-188",
        f"{source} needs the optional packages of the extra `{extra}`, which are not installed.",
        f"pip install 'drypowder[{extra}]'",
    )


def no_key(source: str, variables: str) -> DataMissingError:
    """DP-182: only customers, or those with a key, are told."""
    return DataMissingError(
        "DP-182",
        f"{source} needs a key and {variables} is not set, or is refused.",
        f"Set {variables}; it is read from the environment only, never written nor printed.",
    )
