"""Words of the density maps in English and Chinese; one file holds both."""

from __future__ import annotations

from gisplan.model.density import DensityLayer, DensityWeight

LAYERS = {
    DensityLayer.APPLICATION: ("Applications", "用电申请"),
    DensityLayer.LOAD: ("Existing load", "现有负荷"),
    DensityLayer.GENERATION: ("Generators", "电源"),
}
MEASURES = {
    DensityWeight.DEMAND_KVA: ("density of the contract capacity", "合同容量密度"),
    DensityWeight.POWER_KW: ("density of the power at the peak", "峰值功率密度"),
    DensityWeight.ENERGY_MWH: ("density of the yearly energy", "年电量密度"),
    DensityWeight.COUNT: ("number per square kilometre", "每平方公里数量"),
}
SUMMED = {
    DensityWeight.DEMAND_KVA: ("contract capacity", "合同容量"),
    DensityWeight.POWER_KW: ("power at the peak", "峰值功率"),
    DensityWeight.ENERGY_MWH: ("yearly energy", "年电量"),
    DensityWeight.COUNT: ("number", "数量"),
}
WORDS = {
    "no data": ("no data", "无数据"),
    "cells": ("cells", "栅格"),
    "hot": ("hot", "热点"),
    "cold": ("cold", "冷点"),
    "not significant": ("not significant", "不显著"),
    "hot spots": ("hot spots", "热点分析"),
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
