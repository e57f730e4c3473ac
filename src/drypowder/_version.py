"""The version, apart from the package so that every room can stamp its results with it."""

__version__ = "0.1.0"
