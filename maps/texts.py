"""Words and figures as HTML. What comes from outside is escaped here and nowhere else."""

from __future__ import annotations

import html
from collections.abc import Mapping


def escaped(text: object) -> str:
    """Text as HTML that is neither markup nor a template's."""
    return html.escape(str(text)).replace("{", "&#123;").replace("}", "&#125;")


def money(amount: float, currency: str) -> str:
    """Amount without cents, with thin spaces between thousands."""
    return f"{amount:,.0f}".replace(",", "\u2009") + f"\u00a0{escaped(currency)}"


def number(value: float | None, unit: str = "", digits: int = 4) -> str:
    """Figure with its unit; unknown is said, not left out."""
    if value is None:
        return "unknown"
    text = f"{value:.{digits}g}" if abs(value) < 1000 else f"{value:,.0f}".replace(",", "\u2009")
    return f"{text}\u00a0{escaped(unit)}" if unit else text


def voltage(nominal_voltage_v: float) -> str:
    """Nominal voltage in volts or kilovolts."""
    if nominal_voltage_v >= 1000:
        return f"{nominal_voltage_v / 1000:g}\u00a0kV"
    return f"{nominal_voltage_v:g}\u00a0V"


def table(rows: Mapping[str, str]) -> str:
    """Two columns; both are HTML already."""
    cells = "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows.items())
    return f"<table>{cells}</table>"
