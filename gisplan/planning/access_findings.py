"""What an access point itself needs: spare bays, and what the site survey must confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gisplan.model.option import AccessKind, Finding, Severity

if TYPE_CHECKING:
    from gisplan.rules.catalogue import Catalogue

SURVEY = {
    AccessKind.EXISTING_SERVICE: "cross-section and state of the existing service and its fuse",
    AccessKind.SERVICE_JOINT: "position and depth of the main at the joint",
    AccessKind.CABINET_FUSE_WAY: "a free fuse way in the cabinet",
    AccessKind.TRANSFORMER_FUSE_WAY: "a free fuse way on the transformer's low-voltage board",
    AccessKind.SPARE_BAY: "the spare bay and room for its cable end",
    AccessKind.LOOP_IN: "the place of the new ring main unit and slack for two joints",
    AccessKind.TEE_OFF: "the pole and room for a boundary switch",
    AccessKind.SUBSTATION_BAY: "the spare feeder bay, its protection and the way out of the yard",
}
BAY_KINDS = (AccessKind.SPARE_BAY, AccessKind.SUBSTATION_BAY)


def check_access(
    kind: AccessKind, element: str, catalogue: Catalogue, *, bays_spare: int, bays_held: int
) -> tuple[Finding, ...]:
    """Return what bays allow and what the survey must confirm.

    ``bays_spare`` is -1 where it is not recorded; ``bays_held`` counts earlier promises.
    """
    findings = [_survey(kind, element)]
    if kind in BAY_KINDS:
        findings.append(_spare_bay(element, bays_spare, bays_held))
    if kind is AccessKind.LOOP_IN:
        rule = catalogue.rule("access.loop_in_spare_bays_min")
        text = f"The new ring main unit needs at least {rule.value:g} spare bays: part of its price"
        findings.append(replace(rule.unknown(element=element, text=text), severity=Severity.INFO))
    return tuple(findings)


def _survey(kind: AccessKind, element: str) -> Finding:
    return Finding(
        rule=f"survey.{kind}",
        severity=Severity.SURVEY,
        element=element,
        text=f"The site survey must confirm {SURVEY[kind]}",
        confidence="unverified",
    )


def _spare_bay(element: str, bays_spare: int, bays_held: int) -> Finding:
    if bays_spare < 0:
        return Finding(
            rule="access.spare_bay",
            severity=Severity.SURVEY,
            element=element,
            text=f"How many bays of {element} are spare is not recorded; the survey must find one",
            limit=1.0,
            unit="bays",
            confidence="unverified",
        )
    left = bays_spare - bays_held
    return Finding(
        rule="access.spare_bay",
        severity=Severity.INFO if left >= 1 else Severity.VIOLATION,
        element=element,
        text=f"{element} has {bays_spare} spare bays, {bays_held} of them promised to others",
        measured=float(left),
        limit=1.0,
        margin=float(left - 1),
        unit="bays",
        confidence="unverified",
    )
