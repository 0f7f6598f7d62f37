"""Words of the density maps in English and Chinese; one file holds both."""

from __future__ import annotations

from gisplan.export.density_phrases import both
from maps.cost_map_texts import in_both
from maps.texts import escaped

WORDS = {
    "cells": ("cells", "栅格"),
    "pieces": ("pieces", "分段"),
    "to know": ("To know", "说明"),
    "grid": ("grid", "电网"),
    "other language": ("中文", "English"),
}
COLUMNS = {
    "cell": ("cell", "单元"),
    "area_km2": ("area, km²", "面积，km²"),
    "count": ("number", "数量"),
    "unknown_count": ("of them not recorded", "其中未记录"),
    "peak_kw": ("joint peak, kW", "同时最大负荷，kW"),
    "class_mw_per_km2": ("load and applications, MW/km²", "负荷与申请，MW/km²"),
    "load_class": ("class of the supply area", "供电分区等级"),
}
MEASURED = {"sum": ("sum", "合计"), "density": ("density", "密度")}
PERIODS = {"_before": ("before", "此前"), "_change": ("change", "变化")}
UNITS = {
    "kva": "kVA",
    "kw": "kW",
    "mwh": "MWh",
    "per_km2": "1/km²",
    "kva_per_km2": "kVA/km²",
    "kw_per_km2": "kW/km²",
    "mwh_per_km2": "MWh/km²",
}
GAP_WORDS = {
    "areas": ("supply areas, by all that they hang on", "供电区域（按所依赖的全部设备）"),
    "units": ("transformers, by themselves", "变压器（按设备自身）"),
    "lead": (
        "When {count} open applications and those to come ask more than the grid can give. "
        "Counted from {begin}, looked at until {end}.",
        "{count} 项在途申请与预计新增何时超过电网可供容量。自 {begin} 起算，考察至 {end}。",
    ),
    "today": ("today", "今天"),
    "runs out today": ("today", "现已不足"),
    "later": ("later", "更晚"),
    "unknown": ("unknown", "未知"),
    "lasts": ("lasts", "充足"),
    "lasts in all likelihood": ("lasts as far as is expected", "预计充足"),
    "not limited": ("not limited", "不受限"),
    "name": ("name", "名称"),
    "runs out": ("runs out", "用尽时间"),
    "open applications": ("open applications", "在途申请"),
    "to come": ("to come", "预计新增"),
    "of this it is given": ("of this it is given", "其中可供"),
    "tightest element": ("tightest element", "最紧设备"),
    "which can give": ("which can give", "该设备可供"),
    "and is asked for": ("and is asked for", "该设备被申请"),
    "can give": ("can give", "可供"),
    "because": ("because", "原因"),
    "limited by": ("limited by", "受限于"),
    "element": ("element", "设备"),
    "asked": ("asked", "申请容量"),
    "first": ("First to run out", "最先用尽"),
    "nothing": ("Nothing runs out as far as is looked.", "考察期内均充足。"),
    "click": ("Click on an area for its figures.", "单击区域查看数值。"),
}


def gap_word(name: str) -> str:
    """Return HTML of a word of the capacity gap in both languages."""
    return in_both(*map(escaped, GAP_WORDS[name]))


def said_in_both(text: str) -> str:
    """Return HTML of a text in both languages; what is not known in Chinese stays as it is."""
    return in_both(*map(escaped, both(text)))
