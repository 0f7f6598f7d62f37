"""A joint plan as an answer, for what writes, draws and prints it."""

from __future__ import annotations

from dataclasses import replace

from gisplan.model.shared_trench import (
    JointConnection,
    SharedPair,
    SharedTrenchAnswer,
    TrenchStretch,
)
from tests.plans import example_option, example_plan


def example_answer() -> SharedTrenchAnswer:
    """Two that share a street, one by itself and one that is not connected."""
    option = example_option()
    lon, lat = option.access_point.lon, option.access_point.lat
    ends = ((lon, lat), (lon + 0.001, lat))
    shared = TrenchStretch(
        references=("A <1>", "B"),
        length_m=74.0,
        corridor="street: K1",
        surface="asphalt",
        laying="direct_burial",
        cost=7400.0,
        saved=7400.0,
        coordinates=ends,
    )
    own = replace(shared, references=("C",), length_m=10.0, cost=1000.0, saved=0.0)
    nowhere = replace(own, length_m=0.0, coordinates=ends[:1])
    first = JointConnection(
        reference="A <1>",
        site=ends[1],
        demand_kva=9.0,
        option=option,
        shared_with=("B",),
        shared_length_m=74.0,
        cost=5000.0,
        alone_cost=9000.0,
        reason="",
    )
    return SharedTrenchAnswer(
        connections=(
            first,
            replace(first, reference="B", shared_with=("A <1>",)),
            replace(
                first,
                reference="C",
                option=replace(option, conductor=None),
                shared_with=(),
                shared_length_m=0.0,
                cost=1500.0,
                alone_cost=1500.0,
                reason="joining the others would cost 2,000.00, by itself it costs 1,500.00",
            ),
            replace(
                first,
                reference="D",
                option=None,
                shared_with=(),
                shared_length_m=0.0,
                cost=None,
                alone_cost=None,
                reason="cannot be connected: no corridor",
            ),
        ),
        trenches=(shared, own, nowhere),
        pairs=(SharedPair(references=("A <1>", "B"), length_m=74.0),),
        shared_length_m=74.0,
        total_cost=11500.0,
        separate_cost=19500.0,
        saving=8000.0,
        lower_bound=11400.0,
        gap=100 / 11500,
        currency="EUR",
        notes=("Each has its own cable",),
        provenance=example_plan().provenance,
    )
