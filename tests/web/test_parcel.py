"""A parcel through the service."""

import pytest

from tests.web.tiny_grid import LAT, LON

ASKED = {"reference": "A-1", "lon": LON, "lat": LAT, "kind": "load", "demand_kva": 9}
CORNERS = [[LON - 1e-4, LAT - 1e-4], [LON + 1e-4, LAT - 1e-4], [LON, LAT + 1e-4]]


def test_parcel_is_stored_closed(client):
    stored = client.post("/api/v1/applications", json={**ASKED, "parcel": CORNERS})
    assert stored.status_code == 201, stored.text
    application = client.get(stored.headers["location"]).json()["application"]
    assert len(application["parcel"]) == 4
    assert application["parcel"][0] == application["parcel"][-1]


@pytest.mark.parametrize(
    "parcel", [CORNERS[:2], "house", 7, [[0, 0], [1, 1], [1, 0], [0, 1]], [["a", "b"]] * 4]
)
def test_parcel_that_is_none_is_refused(client, parcel):
    response = client.post("/api/v1/applications", json={**ASKED, "parcel": parcel})
    assert response.status_code == 422
    assert "parcel" in response.text
