from __future__ import annotations

import folium
import pytest
from branca.element import CssLink, JavascriptLink

from gisplan.errors import InputError
from maps.offline import CONTENT_POLICY, find_loaded_addresses, render_offline


def empty_map() -> folium.Map:
    return folium.Map([48.45, 7.88], tiles=None)


def linked(link: CssLink | JavascriptLink) -> folium.Map:
    drawn = empty_map()
    drawn.get_root().header.add_child(link)
    return drawn


def test_nothing_is_left_to_load():
    html = render_offline(empty_map())
    assert find_loaded_addresses(html) == ()
    assert "jquery" not in html
    assert "bootstrap" not in html


def test_leaflet_is_inside():
    html = render_offline(empty_map())
    assert "Leaflet 1.9.4" in html
    assert ".leaflet-container" in html
    assert "url(data:image/png;base64," in html
    assert "sourceMappingURL" not in html


def test_policy_forbids_every_load():
    assert f'content="{CONTENT_POLICY}"' in render_offline(empty_map())
    assert "http" not in CONTENT_POLICY


def test_same_map_is_the_same_text():
    assert render_offline(empty_map()) == render_offline(empty_map())


@pytest.mark.parametrize(
    "link",
    [
        JavascriptLink("https://cdn.example.org/leaflet-heat.js"),
        CssLink("https://cdn.example.org/theme.css"),
    ],
)
def test_unknown_link_is_refused_by_its_address(link):
    with pytest.raises(InputError, match=r"https://cdn\.example\.org/.*not vendored"):
        render_offline(linked(link))


def test_tiles_are_refused_by_the_policy_and_pictures_by_name():
    drawn = empty_map()
    drawn.get_root().html.add_child(folium.Element('<img src="https://example.org/a.png">'))
    with pytest.raises(InputError, match=r"would load https://example\.org/a\.png"):
        render_offline(drawn)


@pytest.mark.parametrize(
    ("html", "address"),
    [
        ("<script src='https://a.example/x.js'></script>", "https://a.example/x.js"),
        ('<link rel="stylesheet" href="theme.css">', "theme.css"),
        ('<style>@import "https://a.example/x.css";</style>', '"https://a.example/x.css"'),
        ("<style>b { background: url(x.png) }</style>", "x.png"),
        ("<iframe src=//a.example/></iframe>", "//a.example/"),
    ],
)
def test_every_way_to_load_is_found(html, address):
    assert find_loaded_addresses(html) == (address,)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://a.example/">text</a>',
        "<style>b { background: url(data:image/png;base64,AA==) }</style>",
        "<style>b { behavior: url(#default#VML) }</style>",
        "<script>var address = 'https://a.example/x.js';</script>",
    ],
)
def test_what_is_not_loaded_is_not_found(html):
    assert find_loaded_addresses(html) == ()


def test_words_that_look_like_an_address_stay():
    drawn = empty_map()
    drawn.get_root().html.add_child(folium.Element("<p>pump url(1), @import of coal</p>"))
    assert "pump url(1), @import of coal" in render_offline(drawn)


@pytest.mark.parametrize(
    "style",
    [
        "<style>p { background: url(https://example.org/a.png) }</style>",
        '<style>@import "https://example.org/a.png";</style>',
        "<p style='background: url(https://example.org/a.png)'>",
        """<p style="background: url('https://example.org/a.png')">""",
    ],
)
def test_style_that_loads_something_is_refused(style):
    drawn = empty_map()
    drawn.get_root().html.add_child(folium.Element(style))
    with pytest.raises(InputError, match=r"https://example\.org/a\.png"):
        render_offline(drawn)
