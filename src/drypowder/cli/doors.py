"""The way in and every way out: exit codes and errors with their hint."""

from __future__ import annotations

import os
import sys

import typer

from drypowder.cli.app import app
from drypowder.errors import DrypowderError, UsageError
from drypowder.report.words import coded

INTERRUPTED, BROKEN_PIPE = 130, 141
_DEBUG = "DRYPOWDER_DEBUG"
_CLICK_ERROR = typer.BadParameter.__mro__[2]  # its public name differs between versions of typer


def enter(arguments: list[str] | None) -> int:
    """Run the app and turn whatever happens into an exit code."""
    try:
        asked = sys.argv[1:] if arguments is None else arguments
        code = app(args=asked or ["--help"], prog_name="drypowder", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except DrypowderError as error:
        return _complain(error)
    except _CLICK_ERROR as error:
        return _complain(_usage(error))
    except (KeyboardInterrupt, typer.Abort):
        return _complain(coded(DrypowderError, "DP-084"), INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except Exception as error:
        if os.environ.get(_DEBUG):
            raise
        return _complain(coded(DrypowderError, "DP-089", kind=type(error).__name__, said=error))


def _usage(error: Exception) -> DrypowderError:
    """What the parser complains about, in our words' form."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "drypowder"
    said = error.format_message()  # type: ignore[attr-defined]
    said = said[:1].lower() + said[1:]
    hint = coded(UsageError, "DP-088", said="", command=command).hint
    return UsageError("DP-088", said, hint)


def _complain(error: DrypowderError, code: int | None = None) -> int:
    """The error on stderr, its hint last."""
    print(f"error {error.code}: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    return error.exit_code if code is None else code
