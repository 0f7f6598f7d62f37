"""How commands answer: words for people, one JSON object for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated

import typer

Value = str | int | float | bool | None

JsonOption = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]


def print_answer(fields: Mapping[str, Value], *, as_json: bool) -> None:
    """Print the fields of an answer, unknown ones as null or not at all."""
    if as_json:
        typer.echo(json.dumps(dict(fields), ensure_ascii=False))
        return
    known = {name.replace("_", " "): value for name, value in fields.items() if value is not None}
    width = max(map(len, known), default=0)
    for name, value in known.items():
        typer.echo(f"{name:<{width}}  {value}")
