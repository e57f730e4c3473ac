"""The way in and every way out: exit codes and errors with their hint."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from drypowder.cli.app import app
from drypowder.errors import DrypowderError, UsageError
from drypowder.report.words import catalogue, coded

INTERRUPTED, BROKEN_PIPE = 130, 141
_DEBUG = "DRYPOWDER_DEBUG"
# the parent of all complaints of the parser: its public name differs between versions of typer
_CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]


def enter(arguments: list[str] | None) -> int:
    """Run the app and turn whatever happens into an exit code."""
    try:
        asked = sys.argv[1:] if arguments is None else arguments
        code = app(args=asked or ["--help"], prog_name="drypowder", standalone_mode=False)
        sys.stdout.flush()
        return _complain(_interrupted(), INTERRUPTED) if code == INTERRUPTED else int(code or 0)
    except DrypowderError as error:
        return _complain(error)
    except _CLICK_ERROR as error:
        return _complain(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        return _complain(_interrupted(), INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        return _complain(coded(DrypowderError, "DP-089", kind=type(error).__name__, said=error))


def _interrupted() -> DrypowderError:
    return coded(DrypowderError, "DP-084")


def _usage(error: Any) -> DrypowderError:
    """What the parser complains about, in our words' form."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "drypowder"
    said = error.format_message()
    said = said[:1].lower() + said[1:]
    hint = coded(UsageError, "DP-088", said="", command=command).hint
    return UsageError("DP-088", said, hint)


def _complain(error: DrypowderError, code: int | None = None) -> int:
    """The error on stderr, its hint last."""
    hint = error.hint or catalogue().say("cli.hint", code=error.code)
    print(f"error {error.code}: {error.message}\nhint: {hint}", file=sys.stderr)
    return error.exit_code if code is None else code
