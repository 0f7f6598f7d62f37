"""Shares of many customers: how they depend on the number, and where they do not."""

import math

import pytest

from gisplan.errors import CatalogueError, InputError
from gisplan.model.grid import CustomerClass
from gisplan.rules.catalogue import load_catalogue
from gisplan.rules.coincidence import combined_demand

EU = load_catalogue("eu")


def test_equal_customers_follow_the_published_form():
    # g(n) = 0.15 + 0.85 / sqrt(n)
    shares = [EU.coincidence("ev_charging", "transformer", "load", count=n) for n in (1, 4, 25)]
    assert shares == pytest.approx([1.0, 0.575, 0.32])


def test_demands_of_unlike_size_add_like_independent_ones():
    # 0.5 (3 + 4) + 0.5 sqrt(9 + 16)
    assert combined_demand(0.5, 7.0, 25.0) == 6.0


@pytest.mark.parametrize("customer_class", ["household", "ev_charging"])
def test_share_of_a_known_number_depends_on_it_and_not_on_the_level(customer_class):
    shares = {
        EU.coincidence(customer_class, level, "load", count=9) for level in ("main", "feeder")
    }
    assert len(shares) == 1
    assert EU.coincidence(customer_class, "service", "load", count=9) == 1.0


def test_levels_stand_for_the_number_where_it_is_unknown():
    assert EU.coincidence("household", "transformer", "load") == 0.15
    # about as much as a hundred households below a transformer
    known = EU.coincidence("household", "transformer", "load", count=100)
    assert known == pytest.approx(0.15, abs=0.02)


@pytest.mark.parametrize("count", [None, 1, 50, 153])
def test_heat_pumps_are_flat(count):
    assert EU.coincidence("heat_pump", "transformer", "load", count=count) == 0.1117
    assert EU.coincidence_of_many("heat_pump", "load") is None


def test_generation_never_gets_less_by_being_many():
    assert EU.coincidence("household", "feeder", "feed_in", count=500) == 1.0


@pytest.mark.parametrize("count", [0, 0.5, -3, math.nan])
def test_less_than_one_customer_is_refused(count):
    with pytest.raises(InputError, match="customers; expected one or more"):
        EU.coincidence("household", "main", "load", count=count)


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_every_class_has_full_use_hours_and_all_but_aggregates_a_typical_contract(profile):
    catalogue = load_catalogue(profile)
    for customer_class in CustomerClass:
        found = catalogue.customer(customer_class.name.lower())
        assert 1000 <= found.full_use_hours <= 8760
        is_aggregate = customer_class is CustomerClass.AGGREGATE
        assert (found.contract_capacity_kva is None) == is_aggregate


def test_class_that_the_catalogue_does_not_hold_is_named():
    with pytest.raises(CatalogueError, match="customer castle"):
        EU.customer("castle")


def test_share_of_many_above_that_of_the_substation_is_refused(tmp_path):
    file = tmp_path / "utility.toml"
    file.write_text(
        """
        [[coincidence]]
        customer_class = "household"
        load_case = "load"
        service = 1
        main = 0.3
        transformer = 0.2
        feeder = 0.2
        substation = 0.2
        of_many = 0.25
        source = "own"
        confidence = "practice"
        """,
        encoding="utf-8",
    )
    with pytest.raises(CatalogueError, match="household load of many"):
        load_catalogue("eu", override=file)
