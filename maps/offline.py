"""Self-contained HTML from a folium map.

folium links its scripts and styles from public servers. Here each link is replaced by the text of
a vendored file, dropped where none of our maps uses it, or refused: an intranet has no such server,
and a mailed map must not tell one who reads it.
"""

from __future__ import annotations

import base64
import mimetypes
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import folium
from branca.element import Element

from gisplan.errors import InputError

CONTENT_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
)
"""What the browser may load: nothing that is not in the file."""

_VENDORED = {"leaflet.js": "leaflet/leaflet.js", "leaflet.css": "leaflet/leaflet.css"}

_UNUSED = re.compile(
    r"/(jquery|bootstrap|Leaflet\.awesome-markers|fontawesome-free|folium/templates)"
)
"""Linked by folium for its own pop-ups and icons, which our maps do not use."""

_LINKED_TAG = re.compile(
    r"""<(?:script|link)\b[^>]*?\b(?:src|href)\s*=\s*["']?(?P<address>[^"'\s>]+)[^>]*>"""
    r"""(?P<close>\s*</script>)?""",
    re.IGNORECASE,
)
_STYLE_ADDRESS = re.compile(r"""url\(\s*["']?(?P<address>[^"')]*)["']?\s*\)""", re.IGNORECASE)
_LOADING_TAG = re.compile(
    r"""<(?:script|link|img|iframe|source|embed|object)\b[^>]*?\b(?:src|href|data)\s*=\s*"""
    r"""["']?(?!data:)(?P<address>[^"'\s>]+)""",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"""<style\b[^>]*>(?P<sheet>.*?)</style>|\bstyle\s*=\s*(?P<quote>["'])(?P<own>.*?)(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
_LOADED_BY_STYLE = re.compile(
    r"""@import\s+(?P<import>[^;]+)|url\(\s*["']?(?!data:|\#)(?P<url>[^"')]+)""", re.IGNORECASE
)


def render_offline(folium_map: folium.Map) -> str:
    """HTML of a map with all that it needs inside; the same map gives the same text.

    Raises
    ------
    InputError
        If the map links an address that is not vendored.
    """
    root = folium_map.get_root()
    _number(root)
    html = _LINKED_TAG.sub(_inline, root.render())
    policy = f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
    html = html.replace("<head>", f"<head>\n    {policy}", 1)
    if addresses := find_loaded_addresses(html):
        raise InputError(f"the map would load {', '.join(addresses)}; vendor them, or draw without")
    return html


def find_loaded_addresses(html: str) -> tuple[str, ...]:
    """Addresses that a browser would load when it opens the text; words that look like one stay."""
    # Inside scripts only text stands; what it would load at run time, the content policy forbids.
    markup = re.sub(r"(<script\b[^>]*>).*?(</script>)", r"\1\2", html, flags=re.DOTALL)
    by_tag = [match["address"] for match in _LOADING_TAG.finditer(markup)]
    styles = [match["sheet"] or match["own"] or "" for match in _STYLE.finditer(markup)]
    by_style = [
        next(filter(None, match.groups()))
        for style in styles
        for match in _LOADED_BY_STYLE.finditer(style)
    ]
    return (*by_tag, *by_style)


def _number(root: Element) -> None:
    """Give the elements running numbers instead of random ones."""
    for number, element in enumerate(_walk(root)):
        element._id = str(number)


def _walk(element: Element) -> Iterator[Element]:
    yield element
    for child in element._children.values():
        yield from _walk(child)


def _inline(tag: re.Match[str]) -> str:
    """Text that takes the place of a link."""
    address = tag["address"]
    if _UNUSED.search(address):
        return ""
    name = address.rsplit("/", maxsplit=1)[-1]
    if name not in _VENDORED:
        raise InputError(
            f"the map links {address}, which is not vendored; "
            f"add it to maps/vendor, or draw without what needs it"
        )
    return _vendored_tag(_VENDORED[name])


@cache
def _vendored_tag(path: str) -> str:
    """Script or style element with the text of a vendored file."""
    file = files("maps").joinpath("vendor", *path.split("/"))
    text = file.read_text(encoding="utf-8")
    if path.endswith(".css"):
        folder = files("maps").joinpath("vendor", *path.split("/")[:-1])
        return f"<style>{_inline_images(text, folder)}</style>"
    # A source map would be looked for beside the page.
    text = re.sub(r"^//# sourceMappingURL=.*$", "", text, flags=re.MULTILINE)
    harmless = text.replace("</script", "<\\/script")
    return f"<script>{harmless}</script>"


def _inline_images(style: str, folder: Traversable) -> str:
    """Style sheet with its images as data."""

    def data_address(match: re.Match[str]) -> str:
        address = match["address"]
        if address.startswith(("#", "data:")):
            return match[0]
        image = folder.joinpath(*address.split("/"))
        kind = mimetypes.guess_type(address)[0]
        return f"url(data:{kind};base64,{base64.b64encode(image.read_bytes()).decode()})"

    return _STYLE_ADDRESS.sub(data_address, style)
