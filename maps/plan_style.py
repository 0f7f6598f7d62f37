"""Colours and style sheet of a plan's map."""

from __future__ import annotations

from gisplan.model.option import Option

RANK_COLOURS = ("#009e73", "#7b2d8e", "#e377ac", "#7a5c00", "#3c3c3c")
"""Told apart from each other and from the voltages; further ranks share the last one."""

SOURCE_COLOURS = ("#0b84a5", "#d100b8", "#6b8e00")
"""Of the sources that belong together; told apart from ranks and voltages."""

INFEASIBLE_COLOUR = "#8a8a8a"
SITE_COLOUR = "#c1121f"

VOLTAGE_CLASSES = (
    (60_000.0, "high voltage", "#a3123a", 3.0),
    (1_000.0, "medium voltage", "#d9730d", 2.0),
    (0.0, "low voltage", "#2f6fb3", 1.0),
)
"""Lower limit in volts, name, colour (as on the planners' page), width in pixels."""

STYLE = """
<style>
html, body { font-family: "Segoe UI", "Noto Sans", "DejaVu Sans", Arial, sans-serif; }
.folium-map { position: absolute !important; left: 390px !important; top: 0 !important;
  width: calc(100% - 390px) !important; background: #f3f3ef !important; }
.leaflet-container { font-size: 13px !important; }
#panel { position: absolute; left: 0; top: 0; bottom: 0; width: 390px; box-sizing: border-box;
  overflow-y: auto; padding: 14px 16px; background: #fff; border-right: 1px solid #ccc;
  font-size: 13px; line-height: 1.4; color: #222; }
#panel h1 { font-size: 18px; margin: 0 0 4px; }
#panel h2, h4 { font-size: 13px; margin: 14px 0 4px; }
#panel p { margin: 4px 0; }
#panel ul, .leaflet-popup-content ul { margin: 4px 0; padding-left: 18px; }
#panel table { border-collapse: collapse; width: 100%; }
#panel .options th { text-align: left; font-weight: 600; border-bottom: 1px solid #999; }
#panel .options { width: 100%; }
#panel .options td, #panel .options th { padding: 4px 5px; vertical-align: top; }
#panel .options td:nth-child(2) { overflow-wrap: anywhere; }
#panel .options td:nth-child(n+3) { white-space: nowrap; }
#panel .options td { border-bottom: 1px solid #e4e4e4; }
#panel .options .figure { text-align: right; white-space: nowrap; }
#panel .options tr.option { cursor: pointer; }
#panel .options tr.option:hover { background: #f0f4f8; }
.chip { display: inline-block; min-width: 20px; height: 20px; padding: 0 3px;
  box-sizing: border-box; border-radius: 10px; color: #fff; text-align: center;
  font: bold 12px/20px sans-serif; }
.pin { border: 2px solid #fff; box-shadow: 0 0 3px #0008; height: 24px; line-height: 20px;
  min-width: 24px; border-radius: 12px; white-space: nowrap; }
.site { width: 16px; height: 16px; transform: rotate(45deg); border: 2px solid #fff;
  box-shadow: 0 0 3px #0008; }
.verdict { padding: 6px 8px; font-weight: 600; border-radius: 3px; }
.verdict.yes { background: #e3f3ec; color: #00543c; }
.verdict.no { background: #f7e4e4; color: #8a1010; }
.badges { margin: 2px 0 8px !important; }
.badge { display: inline-block; padding: 0 8px; border-radius: 9px; font-size: 12px; }
.badge.yes { background: #e3f3ec; color: #00543c; }
.badge.no { background: #f7e4e4; color: #8a1010; }
.badge.unsure { background: #fdf1df; color: #6b4a00; }
summary { cursor: pointer; font-weight: 600; margin: 8px 0 4px; }
details.violation > summary { color: #8a1010; }
details.survey > summary, details.warning > summary { color: #6b4a00; }
.states { font-size: 12px; border-collapse: collapse; }
.states td { border-top: 1px solid #ddd; padding: 2px 6px 2px 0; vertical-align: top; }
.quiet { color: #666; font-size: 12px; }
.violation { color: #8a1010; }
.survey, .warning { color: #6b4a00; }
.leaflet-popup-content { max-height: 420px; overflow-y: auto; }
.leaflet-popup-content h3 { font-size: 14px; margin: 0 0 6px; }
.leaflet-popup-content th { text-align: left; font-weight: normal; color: #555; white-space: nowrap;
  padding: 1px 12px 1px 0; vertical-align: top; }
.leaflet-popup-content table { margin-bottom: 6px; }
.findings { list-style: none; padding-left: 0 !important; }
.legend td:first-child { width: 44px; }
.legend td { padding: 2px 8px 2px 0; }
#panel .legend .figure { text-align: right; font-variant-numeric: tabular-nums; }
.legend svg { display: block; }
@media (max-width: 760px) {
  #panel { position: relative; width: 100%; border-right: 0; }
  .folium-map { position: relative !important; left: 0 !important; width: 100% !important;
    height: 70vh !important; }
}
</style>
"""


def option_colour(option: Option) -> str:
    """Colour of an option's route and pin."""
    if not option.feasible:
        return INFEASIBLE_COLOUR
    return RANK_COLOURS[min(option.rank, len(RANK_COLOURS)) - 1]


def voltage_class(nominal_voltage_v: float) -> int:
    """Row of ``VOLTAGE_CLASSES`` that a voltage belongs to."""
    return next(
        index for index, (lower_v, *_) in enumerate(VOLTAGE_CLASSES) if nominal_voltage_v >= lower_v
    )
