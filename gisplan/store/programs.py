"""Programs of others that the store runs: the server's own and the package manager's."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramResult:
    """How a program ended and what it said."""

    status: int
    output: str
    complaint: str


def run_program(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    identity: tuple[int, int] | None = None,
) -> ProgramResult:
    """Run a program to its end, as another user and group where an identity is given.

    A program that is missing or may not be run ends with status 127.
    """
    uid, gid = identity or (None, None)
    try:
        done = subprocess.run(  # noqa: S603 - fixed programs, no shell
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            user=uid,
            group=gid,
            extra_groups=None if identity is None else [],
        )
    except OSError as error:
        return ProgramResult(status=127, output="", complaint=f"{command[0]}: {error.strerror}")
    return ProgramResult(
        status=done.returncode, output=done.stdout.strip(), complaint=done.stderr.strip()
    )
