"""A verb run in this process."""

from __future__ import annotations

import pytest

from drypowder.cli import main


@pytest.fixture
def call(capsys):
    """Run a verb in this process: exit code, stdout, stderr."""

    def run(*arguments: str):
        capsys.readouterr()
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run
