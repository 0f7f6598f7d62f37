"""Time-current characteristics of gG fuses as catalogue rows."""

import pytest

from gisplan.errors import CatalogueError
from gisplan.rules.catalogue import load_catalogue

ROW = """
[[fuse]]
rated_current_a = {rated}
fusing_current_a = 56
fusing_time_s = {time}
current_5s_a = 173
current_100ms_a = {last}
source = "data sheet"
confidence = "official"
"""


@pytest.fixture
def override(tmp_path):
    def write(rated=35, time=3600, last=410):
        path = tmp_path / "utility.toml"
        path.write_text(ROW.format(rated=rated, time=time, last=last), encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("profile", ["eu", "cn"])
def test_both_profiles_know_the_standard_ratings(profile):
    fuses = load_catalogue(profile).fuses
    assert [fuse.rated_current_a for fuse in fuses][:4] == [16, 20, 25, 32]
    for fuse in fuses:
        assert fuse.fusing_current_a == pytest.approx(1.6 * fuse.rated_current_a)
    assert {fuse.confidence for fuse in fuses} == {"unverified"}


def test_fuse_for_a_current_is_the_next_rating(override):
    assert load_catalogue("eu").find_fuse(33).rated_current_a == 40
    assert load_catalogue("eu", override=override()).find_fuse(33).rated_current_a == 35
    assert load_catalogue("eu").find_fuse(5000) is None


@pytest.mark.parametrize("spoiled", [{"last": 170}, {"time": 5}, {"rated": 56}])
def test_fuse_that_clears_later_at_higher_currents_is_refused(override, spoiled):
    with pytest.raises(CatalogueError, match="does not clear sooner"):
        load_catalogue("eu", override=override(**spoiled))
