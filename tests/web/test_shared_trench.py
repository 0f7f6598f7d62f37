"""Several applications planned together through the API, on the street of the tiny grid."""

from __future__ import annotations

from tests.web.test_routes import at

URL = "/api/v1/shared-trench"


def asked(*references: str) -> dict:
    return {
        "applications": [
            {
                "reference": one,
                "lon": at(100 + 20 * number, 8)[0],
                "lat": at(100 + 20 * number, 8)[1],
                "kind": "load",
                "demand_kva": 9.0,
            }
            for number, one in enumerate(references)
        ]
    }


def test_answer_tells_both_costs_of_everybody(reader):
    response = reader.post(URL, json=asked("B", "A"))
    assert response.status_code == 200, response.text
    answer = response.json()
    assert [one["reference"] for one in answer["connections"]] == ["A", "B"]
    assert answer["lower_bound"] <= answer["total_cost"] <= answer["separate_cost"]


def test_one_application_and_one_reference_twice_are_refused(reader):
    assert reader.post(URL, json=asked("A")).status_code == 422
    refused = reader.post(URL, json=asked("A", "A"))
    assert 400 <= refused.status_code < 500
    assert "more than once: A" in refused.text
