import datetime
import math
import shutil
from pathlib import Path

import pandapower
import pytest

from gisplan.errors import CatalogueError
from gisplan.model.grid import CustomerClass, Surface
from gisplan.model.option import AccessKind
from gisplan.rules.catalogue import load_catalogue
from gisplan.rules.reading import FOLDER, load_rows

PROFILES = ("eu", "cn")


@pytest.fixture(scope="module")
def eu():
    return load_catalogue("eu")


@pytest.fixture(scope="module")
def cn():
    return load_catalogue("cn")


@pytest.fixture
def override(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "utility.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def folder(tmp_path):
    """A copy of the catalogue's files that a test may spoil."""
    for pattern in ("*.toml", "*.csv"):
        for path in FOLDER.glob(pattern):
            shutil.copy(path, tmp_path)
    return tmp_path


def rule_row(rule_id="loading.line_max", value="0.7", unit='"1"', source='"own"', **more) -> str:
    cells = {
        "rule_id": f'"{rule_id}"',
        "title": '"Loading of a line"',
        "value": value,
        "unit": unit,
        "sense": '"max"',
        "applies_to": '"line"',
        "source": source,
        "clause": '""',
        "valid_from": '"2000-01-01"',
        "confidence": '"practice"',
        **more,
    }
    return "[[rule]]\n" + "\n".join(f"{k} = {v}" for k, v in cells.items() if v is not None) + "\n"


@pytest.mark.parametrize("profile", PROFILES)
def test_every_rule_has_unit_source_and_confidence(profile):
    rules = load_catalogue(profile).rules.values()
    assert rules
    for rule in rules:
        assert rule.unit
        assert rule.source
        assert rule.confidence in ("official", "secondary", "practice", "unverified")


def test_profiles_hold_the_same_rules(eu, cn):
    assert set(eu.rules) == set(cn.rules)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_access_kind_surface_and_class_is_priced(profile):
    catalogue = load_catalogue(profile)
    for kind in AccessKind:
        assert any(catalogue.equipment_types.get((kind.value, level)) for level in ("lv", "mv"))
    for surface in Surface:
        assert catalogue.civil_cost_per_m(surface) > 0
    for customer_class in CustomerClass:
        assert catalogue.coincidence(customer_class.name.lower(), "service", "load") == 1.0
        assert 0 < catalogue.power_factor(customer_class.name.lower()) <= 1


def test_eu_thresholds(eu):
    assert eu.value("supply.lv_max_kva") == 400.0
    assert (eu.value("voltage.lv_min_pu"), eu.value("voltage.lv_max_pu")) == (0.9, 1.1)
    assert eu.value("loading.transformer_max") == 1.0
    assert eu.currency == "EUR"


def test_cn_thresholds(cn):
    assert cn.value("supply.lv_max_kva") == 160.0
    assert (cn.value("voltage.lv_min_pu"), cn.value("voltage.lv_max_pu")) == (0.9, 1.07)
    assert cn.value("loading.main_transformer_max") == 0.8
    assert cn.value("supply.sources_required.special") == 3.0


def test_trench_is_cost_with_trench_less_cost_without(eu):
    assert eu.civil_cost_per_m(Surface.ASPHALT) == 100 - 9
    assert eu.civil_cost_per_m(Surface.VERGE) == 60 - 9


@pytest.mark.parametrize("profile", PROFILES)
def test_every_laying_crossing_and_accessory_is_priced(profile):
    catalogue = load_catalogue(profile)
    built = ("direct_burial", "duct", "trough", "drilling", "overhead_span")
    for surface in Surface:
        for laying in (*built, "free_duct", "open_trench"):
            assert 0 < catalogue.civil_cost_per_m(surface, laying) < math.inf
        # what is there already is cheaper than to dig
        there = [catalogue.civil_cost_per_m(surface, one) for one in ("free_duct", "open_trench")]
        assert max(there) < catalogue.civil_cost_per_m(surface)
    for kind in ("street", "road", "rail", "water"):
        assert catalogue.crossing(kind).cost > 0
        assert catalogue.crossing(kind).permit_lead_time_days > 0
    for kind in ("joint", "termination"):
        assert catalogue.accessory(kind, "mv").cost > catalogue.accessory(kind, "lv").cost > 0


def test_laying_without_a_price_is_infinitely_dear(eu):
    assert eu.civil_cost_per_m(Surface.VERGE, "tunnel") == math.inf


@pytest.mark.parametrize("profile", PROFILES)
def test_every_cable_has_cores_and_a_diameter(profile):
    cables = [c for c in load_catalogue(profile).conductor_types if c.installation == "cable"]
    for conductor in cables:
        assert conductor.core_count in {1, 3, 4}
        # a round core of the section fits into it, and it is no pipe
        core_mm = 2 * math.sqrt(conductor.section_mm2 / math.pi)
        assert core_mm < conductor.outer_diameter_mm < 8 * core_mm


@pytest.mark.parametrize("profile", PROFILES)
def test_other_end_of_a_joint_is_terminated_and_both_ends_of_a_bay(profile):
    catalogue = load_catalogue(profile)
    ends = {
        kind: catalogue.equipment(kind, level).terminations_per_cable
        for kind, level in (("service_joint", "lv"), ("loop_in", "mv"), ("spare_bay", "mv"))
    }
    assert ends == {"service_joint": 1, "loop_in": 1, "spare_bay": 2}


@pytest.mark.parametrize("profile", PROFILES)
def test_open_ground_costs_more_than_any_street(profile):
    catalogue = load_catalogue(profile)
    streets = [catalogue.civil_cost_per_m(surface) for surface in Surface][:3]
    assert catalogue.civil_cost_per_m(Surface.OPEN_GROUND) > max(streets)


def test_nine_kva_heat_pump_counts_one_kw_at_the_transformer(eu):
    ratio = eu.coincidence("heat_pump", "transformer", "load")
    assert 9.0 * eu.power_factor("heat_pump") * ratio == pytest.approx(1.0, abs=0.001)


def test_generation_coincides_fully(eu):
    assert eu.coincidence("generation", "substation", "feed_in") == 1.0


def test_conductors_ascend_by_section(eu):
    assert [c.section_mm2 for c in eu.conductors("lv", "service")] == [50, 150]
    assert [c.section_mm2 for c in eu.conductors("lv", "main")] == [150, 240]
    assert [c.section_mm2 for c in eu.conductors("mv", "trunk")] == [185, 240]


def test_conductor_values_are_the_published_types(eu):
    network = pandapower.create_empty_network()
    published = [c for c in eu.conductor_types if "pandapower" in c.source]
    assert len(published) == 9
    for conductor in published:
        known = network.std_types["line"][conductor.name]
        assert conductor.resistance_ohm_per_km == known["r_ohm_per_km"]
        assert conductor.reactance_ohm_per_km == known["x_ohm_per_km"]
        assert conductor.capacitance_nf_per_km == known["c_nf_per_km"]
        assert conductor.rated_current_a == pytest.approx(known["max_i_ka"] * 1000)


def test_zero_sequence_is_unknown_where_it_hangs_on_the_earthing_of_screens(eu):
    assert {c.zero_resistance_ohm_per_km for c in eu.conductors("mv", "branch")} == {None}
    # four equal conductors: R0 = R1 + 3 R1
    for conductor in eu.conductors("lv", "service"):
        expected = 4 * conductor.resistance_ohm_per_km
        assert conductor.zero_resistance_ohm_per_km == pytest.approx(expected)


@pytest.mark.parametrize(("section_mm2", "final_c"), [(300, 160), (300.5, 140)])
def test_insulation_is_found_by_section(eu, section_mm2, final_c):
    assert eu.insulation("pvc", section_mm2).final_temperature_c == final_c


def test_equipment_is_found_by_kind_and_level(eu):
    assert eu.equipment("loop_in", "mv").cost > 2 * eu.equipment("spare_bay", "mv").cost
    assert eu.equipment(AccessKind.SERVICE_JOINT, "lv").equipment_id == "lv-service-joint"


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda c: c.rule("no.such"), "rule no.such"),
        (lambda c: c.conductors("lv", "trunk"), "level lv and role trunk"),
        (lambda c: c.equipment("loop_in", "lv"), "kind loop_in and level lv"),
        (lambda c: c.crossing("canyon"), "crossing of kind canyon"),
        (lambda c: c.accessory("splice", "lv"), "accessory splice of level lv"),
        (lambda c: c.coincidence("heat_pump", "street", "load"), "at level street"),
        (lambda c: c.coincidence("castle", "main", "load"), "coincidence of castle"),
        (lambda c: c.power_factor("castle"), "power factor of castle"),
    ],
)
def test_what_is_absent_is_named(eu, ask, named):
    with pytest.raises(CatalogueError, match=named):
        ask(eu)


def test_dated_variant_is_chosen_by_day():
    before = load_catalogue("cn", on=datetime.date(2020, 9, 24))
    after = load_catalogue("cn", on=datetime.date(2020, 9, 25))
    assert before.value("supply.lv_max_kva") == 100.0
    assert after.value("supply.lv_max_kva") == 160.0
    assert before.fingerprint != after.fingerprint


def test_fingerprint_is_reproducible_and_covers_the_override(eu, override):
    assert load_catalogue("eu").fingerprint == eu.fingerprint
    assert load_catalogue("eu", override=override(rule_row())).fingerprint != eu.fingerprint


def test_override_replaces_a_rule_by_id(override):
    catalogue = load_catalogue("eu", override=override(rule_row()))
    assert catalogue.value("loading.line_max") == 0.7
    assert catalogue.rule("loading.line_max").source == "own"
    assert catalogue.value("supply.lv_max_kva") == 400.0


def test_override_replaces_all_dated_variants(override):
    row = rule_row("supply.lv_max_kva", value="200", unit='"kVA"')
    catalogue = load_catalogue("cn", override=override(row), on=datetime.date(2010, 6, 1))
    assert catalogue.value("supply.lv_max_kva") == 200.0


def test_override_replaces_prices(override):
    text = """
        [[equipment]]
        equipment_id = "mv-spare-bay"
        name = "Spare bay, framework contract"
        kind = "spare_bay"
        voltage_level = "mv"
        cost = 5100
        currency = "EUR"
        source = "framework contract"
        confidence = "official"
        [[civil_works]]
        surface = "verge"
        laying = "direct_burial"
        cost_per_m = 44
        currency = "EUR"
        source = "framework contract"
        confidence = "official"
    """
    catalogue = load_catalogue("eu", override=override(text))
    assert catalogue.equipment("spare_bay", "mv").cost == 5100.0
    assert catalogue.civil_cost_per_m(Surface.VERGE) == 44.0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (rule_row(unit=None), r"utility\.toml: rule row loading\.line_max: unit: missing"),
        (rule_row(unit='""'), r"loading\.line_max: unit: .*found ''"),
        (rule_row(source=None), r"loading\.line_max: source: missing"),
        (rule_row(value="nan"), r"loading\.line_max: value: .*finite.*found nan"),
        (rule_row(limit="3"), r"loading\.line_max: limit: "),
        (rule_row(confidence='"sure"'), r"loading\.line_max: confidence: .*found 'sure'"),
        (rule_row(valid_from='"last year"'), r"loading\.line_max: valid_from: "),
        ("[[rule]]\nvalue = 1\n", "rule row without id: rule_id: missing"),
        ("[rule]\nvalue = 1\n", r"must be written as rows \[\[rule\]\]"),
        ("rules = 3\n", "unknown entry rules"),
        ("[[rule\n", "is not valid TOML"),
        ('profile = "cn"\n', "is written for profile cn"),
    ],
)
def test_unreadable_override_names_file_and_row(override, text, named):
    with pytest.raises(CatalogueError, match=named):
        load_catalogue("eu", override=override(text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (
            rule_row(value="0.7") + rule_row(value="0.8"),
            "rule loading.line_max is 0.7 1 .* and 0.8 1",
        ),
        (
            rule_row("supply.sources_required.second", value="3", unit='"sources"'),
            "sources_required.second .* must lie below rule supply.sources_required.first",
        ),
        (
            rule_row("voltage.lv_min_pu", value="1.1", unit='"p.u."'),
            "voltage.lv_min_pu .* must lie below rule voltage.lv_max_pu",
        ),
    ],
)
def test_contradicting_rules_are_refused(override, text, named):
    with pytest.raises(CatalogueError, match=named):
        load_catalogue("eu", override=override(text))


def test_variants_that_follow_each_other_do_not_contradict(override):
    text = rule_row(value="0.7", valid_to='"2019-12-31"') + rule_row(
        value="0.8", valid_from='"2020-01-01"'
    )
    assert load_catalogue("eu", override=override(text)).value("loading.line_max") == 0.8


@pytest.mark.parametrize(
    ("old", "new", "file", "named"),
    [
        ("eu,verge,direct_burial,51", "eu,verge,direct_burial,-51", "civil_works.csv", "verge"),
        ("eu,verge,", "gb,verge,", "civil_works.csv", "civil works verge has no price"),
        ("verge,direct_burial,51,EUR", "verge,direct_burial,51,CNY", "civil_works.csv", "CNY"),
        ("eu,paving,", "eu,verge,", "civil_works.csv", "verge direct_burial stands twice"),
        ("verge,free_duct", "verge,canal", "civil_works.csv", "row verge canal: laying"),
        ("eu,verge,open_trench", "x,verge,open_trench", "civil_works.csv", "for open_trench"),
        ("eu,rail,", "x,rail,", "crossings.csv", "crossing rail has no price"),
        ("eu,rail,", "eu,road,", "crossings.csv", "crossing road stands twice"),
        ("18500,120,EUR", "18500,120,CNY", "crossings.csv", "a price in CNY"),
        ("eu,joint,mv", "x,joint,mv", "accessories.csv", "accessory joint at mv has no price"),
        ("eu,joint,mv", "eu,joint,lv", "accessories.csv", "accessory joint at lv stands twice"),
        (",1150,EUR", ",-1,EUR", "accessories.csv", "row joint mv: cost"),
        ("450,EUR", "450,CNY", "equipment.csv", "lv-cabinet-fuse-way is priced in CNY"),
        ("450,EUR", "450,EUR,x", "equipment.csv", "not as many cells as columns"),
        (",cost,", ",price,", "equipment.csv", "cost: missing"),
        ("eu,heat_pump,load,1,0.3,", "eu,heat_pump,load,0.2,0.3,", "coincidence.csv", "rises"),
        ("eu,heat_pump,load,1,", "eu,heat_pump,load,1.2,", "coincidence.csv", "heat_pump load"),
        ("service main,150", "service roof,150", "cables.csv", "row nayy-4x150: roles"),
        ("eu,nayy-4x240", "eu,nayy-4x150", "cables.csv", "conductor nayy-4x150 stands twice"),
        (",al,pvc,", ",steel,pvc,", "cables.csv", "row nayy-4x50: material"),
        ("*,cu,", "*,al,", "conductor_materials.csv", "conductor material al stands twice"),
        ("pvc,300,", "pvc,0,", "insulations.csv", "insulation pvc above 0 stands twice"),
        (",90,250,", ",90,80,", "insulations.csv", "insulation xlpe ends a short circuit at 80"),
        ('profile = "eu"', 'profile = "gb"', "eu.toml", "found profile 'gb'"),
    ],
)
def test_spoiled_file_is_refused(folder, monkeypatch, old, new, file, named):
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr("gisplan.rules.catalogue.FOLDER", folder)
    with pytest.raises(CatalogueError, match=named):
        load_catalogue("eu")


def test_unknown_profile_names_the_known_ones():
    with pytest.raises(CatalogueError, match="known are cn, eu"):
        load_catalogue("mars")


def test_override_in_another_currency_is_refused(override):
    with pytest.raises(CatalogueError, match="is priced in USD, profile eu in EUR"):
        load_catalogue("eu", override=override('currency = "USD"\n' + rule_row()))


def test_missing_override_is_named(tmp_path):
    with pytest.raises(CatalogueError, match=r"nowhere\.toml cannot be read"):
        load_catalogue("eu", override=tmp_path / "nowhere.toml")


def test_rows_of_other_profiles_are_left_out():
    rows = load_rows("eu", override=None)
    assert {equipment.currency for equipment in rows.equipment} == {"EUR"}
