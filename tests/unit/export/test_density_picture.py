from __future__ import annotations

from dataclasses import replace
from datetime import date

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from gisplan.export.classed_picture import PictureLabels
from gisplan.export.density_classes import NO_DATA_COLOUR, class_bounds, class_texts
from gisplan.export.density_picture import draw_density, write_density_png
from gisplan.export.map_furniture import length_text, nice_length_m
from gisplan.model.grid import Polylines
from tests.unit.export.surfaces import X_M, Y_M, empty_surface, masked_surface, surface

LABELS = PictureLabels(
    title="Demand asked for in $ and {}",
    subtitle="all kinds",
    source="made up",
    on=date(2026, 3, 1),
    lines=Polylines(offset=np.array([0, 2]), xy_m=np.array([[X_M - 300, Y_M], [X_M + 300, Y_M]])),
    places=np.array([[X_M, Y_M]]),
)


def words(figure) -> list[str]:
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    return [text.get_text() for text in figure.texts] + legend


def test_picture_names_title_date_source_unit_and_scale():
    figure = draw_density(surface(), LABELS)
    found = words(figure)
    assert LABELS.title in found
    assert "all kinds · 2026-03-01" in found
    assert "made up" in found
    assert "N" in found
    assert figure.legends[0].get_title().get_text() == "kVA/km²"
    assert "bandwidth 80 m (given)" in " ".join(found)


def test_all_words_lie_on_the_page():
    long = replace(
        LABELS, title="A very long title " * 6, subtitle="long " * 40, source="somebody " * 40
    )
    figure = draw_density(surface(), long)
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert page.x0 <= box.x0 <= box.x1 <= page.x1
        assert page.y0 <= box.y0 <= box.y1 <= page.y1


def test_scale_bar_is_as_long_as_it_says():
    figure = draw_density(surface(), LABELS)
    axes = figure.axes[0]
    axes.apply_aspect()
    metres_on_page = np.diff(axes.get_xlim())[0] / axes.get_position().width
    length_m = sum(half.get_width() for half in figure.artists[:2]) * metres_on_page
    assert length_text(round(length_m, 6)) in words(figure)


def test_legend_names_lines_and_places_only_where_drawn():
    assert {"grid", "application"} <= set(words(draw_density(surface(), LABELS)))
    bare = set(words(draw_density(surface(), PictureLabels(title="Demand"))))
    assert not {"grid", "application"} & bare


def test_no_data_is_in_the_legend_only_where_there_is_none():
    assert "no data" in words(draw_density(masked_surface(), LABELS))
    assert "no data" not in words(draw_density(surface(), LABELS))


def test_empty_surface_is_grey_and_says_so(tmp_path):
    path = tmp_path / "empty.png"
    write_density_png(empty_surface(), path, PictureLabels(title="Demand"))
    pixels = imread(path)[:, :, :3]
    centre = pixels[pixels.shape[0] // 2 - 60, pixels.shape[1] // 2 - 150]
    assert np.allclose(centre, to_rgb(NO_DATA_COLOUR), atol=0.01)
    figure = draw_density(empty_surface(), PictureLabels(title="Demand"))
    assert figure.axes[0].texts[0].get_text() == "no data"


def test_counts_are_per_square_kilometre():
    counted = replace(surface(), unit="1/km2", total_unit="1")
    figure = draw_density(counted, PictureLabels(title="Number"))
    assert figure.legends[0].get_title().get_text() == "per km²"


def test_drawing_leaves_no_global_figure():
    before = mpl.get_backend()
    draw_density(surface(), LABELS)
    assert mpl.get_backend() == before
    assert mpl._pylab_helpers.Gcf.get_all_fig_managers() == []


def test_same_picture_is_the_same_bytes(tmp_path):
    write_density_png(surface(), tmp_path / "a.png", LABELS)
    write_density_png(surface(), tmp_path / "b.png", LABELS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_fine_raster_is_thinned_not_refused():
    long = replace(surface(), values=np.ones((3, 9000)))
    (shown,) = draw_density(long, PictureLabels(title="Demand")).axes[0].images
    assert shown.get_array().shape == (1, 2250)


def test_thinned_raster_stays_in_its_place():
    long = replace(surface(), values=np.ones((5, 9001)))
    (shown,) = draw_density(long, PictureLabels(title="Demand")).axes[0].images
    left, right, bottom, top = shown.get_extent()
    step_m = 4 * long.cell_m
    assert (left, top) == (long.x_min_m, long.y_max_m)
    assert (right - left, top - bottom) == (2251 * step_m, 2 * step_m)


def test_notes_stand_below_the_map():
    noted = replace(LABELS, notes=("3 applications lie outside the area and are not in it",))
    assert noted.notes[0] in words(draw_density(surface(), noted))


@pytest.mark.parametrize(
    ("peak", "last_two"), [(0.7, (0.5, 0.7)), (1.0, (0.7, 1.0)), (4200.0, (3000.0, 5000.0))]
)
def test_highest_class_ends_at_the_next_round_step(peak, last_two):
    bounds = class_bounds(np.array([0.0, peak, np.nan]))
    assert tuple(bounds[-2:]) == last_two
    assert bounds[0] == 0.0
    assert np.all(np.diff(bounds) > 0)


@pytest.mark.parametrize("values", [np.zeros(3), np.full(3, np.nan)])
def test_nothing_has_one_class(values):
    assert list(class_bounds(values)) == [0.0, 1.0]


def test_class_limits_are_written_with_thin_spaces():
    assert class_texts(np.array([0.0, 700.0, 1000.0])) == ["less than 700", "700 – 1\u2009000"]


def test_round_lengths():
    assert nice_length_m(730.0) == 500.0
    assert nice_length_m(2000.0) == 2000.0
    assert (length_text(500.0), length_text(2000.0)) == ("500 m", "2 km")
