"""What a message says about a name that does not exist: the closest one, and all that do."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN_MAX = 40


def describe_choice(wanted: str, known: Iterable[str]) -> str:
    """Say which name may be meant and what there is, for the end of a message."""
    names = list(known)
    close = get_close_matches(wanted.lower(), [name.lower() for name in names], n=1)
    meant = next((name for name in names if close and name.lower() == close[0]), None)
    more = ", ..." if len(names) > SHOWN_MAX else ""
    listed = f"there is {', '.join(names[:SHOWN_MAX]) or 'nothing'}{more}"
    return f"did you mean {meant!r}? {listed}" if meant else listed
