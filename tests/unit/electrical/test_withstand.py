"""Short-circuit withstand against published constants and hand calculations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gisplan.electrical.sizing.withstand import (
    check_withstand,
    section_min_mm2,
    withstand_constant,
    withstand_ka,
)
from gisplan.errors import CatalogueError, InputError
from gisplan.model.option import Severity
from gisplan.rules.catalogue import Catalogue, ConductorType, load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue("eu")


def conductor(catalogue: Catalogue, conductor_id: str = "na2xs2y-1x150-20kv") -> ConductorType:
    return next(one for one in catalogue.conductor_types if one.conductor_id == conductor_id)


# IEC 60364-5-54:2011, table A.54.4 and IEC 60364-4-43:2008, table 43A
@pytest.mark.parametrize(
    ("material", "insulation", "section_mm2", "published"),
    [
        ("al", "xlpe", 150.0, 94),
        ("cu", "xlpe", 150.0, 143),
        ("al", "pvc", 150.0, 76),
        ("cu", "pvc", 150.0, 115),
        ("al", "pvc", 300.0, 76),
        ("al", "pvc", 400.0, 68),
        ("cu", "pvc", 400.0, 103),
    ],
)
def test_constant_is_the_published_one(
    catalogue: Catalogue, material: str, insulation: str, section_mm2: float, published: float
) -> None:
    some = replace(
        conductor(catalogue),
        material=material,  # type: ignore[arg-type]
        insulation=insulation,  # type: ignore[arg-type]
        section_mm2=section_mm2,
    )
    assert withstand_constant(catalogue, some) == pytest.approx(published, abs=0.5)


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_every_conductor_of_the_catalogue_has_a_withstand(profile: str) -> None:
    own = load_catalogue(profile)
    cables = [one for one in own.conductor_types if one.installation != "overhead"]
    assert all(withstand_ka(own, one) > 5.0 for one in cables)
    assert all(withstand_ka(own, one) > 3.0 for one in own.conductor_types)


def test_least_section_of_the_hand_calculation(catalogue: Catalogue) -> None:
    # 12.5 kA for 1 s at 94.48 A*sqrt(s)/mm2
    assert section_min_mm2(catalogue, conductor(catalogue), 12.5) == pytest.approx(132.3, abs=0.1)


def test_least_section_follows_the_root_of_the_duration(catalogue: Catalogue) -> None:
    # low voltage lasts 0.02 s: 14.4 kA * 0.1414 / 76.03 = 26.8 mm2
    thin = conductor(catalogue, "nayy-4x50")
    assert section_min_mm2(catalogue, thin, 14.4) == pytest.approx(26.8, abs=0.1)


def test_withstand_current_needs_exactly_the_own_section(catalogue: Catalogue) -> None:
    some = conductor(catalogue)
    limit_ka = withstand_ka(catalogue, some)
    assert section_min_mm2(catalogue, some, limit_ka) == pytest.approx(some.section_mm2)


@pytest.mark.parametrize("current_ka", [-1.0, float("nan"), float("inf")])
def test_current_that_is_no_number_is_refused(catalogue: Catalogue, current_ka: float) -> None:
    with pytest.raises(InputError, match="short-circuit current is"):
        section_min_mm2(catalogue, conductor(catalogue), current_ka)


@pytest.mark.parametrize(
    ("current_ka", "severity"),
    [(14.0, Severity.INFO), (14.3, Severity.VIOLATION), (None, Severity.SURVEY)],
)
def test_finding_tells_measured_and_limit(
    catalogue: Catalogue, current_ka: float | None, severity: Severity
) -> None:
    finding = check_withstand(
        catalogue, conductor(catalogue), short_circuit_ka=current_ka, element="new cable"
    )
    assert (finding.severity, finding.measured) == (severity, current_ka)
    assert finding.unit == "kA"
    if current_ka is None:
        assert "not proven" in finding.text
        assert finding.limit is None
    else:
        # 150 mm2 * 94.48 A*sqrt(s)/mm2 for 1 s
        assert finding.limit == pytest.approx(14.17, abs=0.01)
        assert finding.margin == pytest.approx(14.17 - current_ka, abs=0.01)


def test_material_that_the_catalogue_lacks_is_named(catalogue: Catalogue) -> None:
    bare = replace(catalogue, materials={}, insulations=())
    with pytest.raises(CatalogueError, match="conductor material al"):
        bare.material("al")
    with pytest.raises(CatalogueError, match="insulation xlpe for 150 mm2"):
        bare.insulation("xlpe", 150.0)
