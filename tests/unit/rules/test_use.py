"""A rule that no check asks is no rule: it would be believed and never decide."""

from pathlib import Path

import pytest

from gisplan.model.application import Importance
from gisplan.rules.catalogue import load_catalogue

CODE = Path(__file__).parents[3] / "gisplan"


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_every_rule_is_asked_somewhere(profile: str) -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in CODE.rglob("*.py")
        if path.relative_to(CODE).parts[0] != "rules"
    ]
    asked = "\n".join(texts)
    families = ("supply.sources_required", "supply.independence")
    assert all(f'f"{family}.{{' in asked for family in families)
    by_class = {f"{family}.{importance}" for family in families for importance in Importance}
    rules = set(load_catalogue(profile).rules) - by_class
    assert [rule for rule in sorted(rules) if f'"{rule}"' not in asked] == []
