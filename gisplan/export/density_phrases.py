"""What density maps and pictures say, in Chinese: words, and phrases with figures in them.

The sentences are made in English where the facts are known. Here is what each becomes; a text that
is not known, such as a name or a source that somebody gives, stays as it is.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Language(StrEnum):
    """Languages of a picture; maps in one file have both."""

    ENGLISH = "en"
    CHINESE = "zh"


SEPARATOR = " · "
_COUNT = r"(\d[\d,\u2009]*)"
_FIGURE = r"(-?\d[\d,.\u2009]*(?:e[+-]?\d+)?)"
_POINTS = "(applications|loads|generators)"

WORDS = {
    "Applications": "用电申请",
    "Existing load": "现有负荷",
    "Generators": "电源",
    "applications": "用电申请",
    "loads": "负荷",
    "generators": "电源",
    "application": "用电申请",
    "load": "负荷",
    "generator": "电源",
    "generation": "发电",
    "storage": "储能",
    "ev": "电动汽车充电",
    "received": "已受理",
    "planned": "已规划",
    "accepted": "已接受",
    "refused": "已退回",
    "withdrawn": "已撤回",
    "all kinds": "全部类别",
    "household": "居民",
    "heat_pump": "热泵",
    "ev_charging": "充电设施",
    "commercial": "商业",
    "industrial": "工业",
    "aggregate": "汇总用户",
    "of the grid that serves": "现行电网",
    "the beginning": "开始",
    "today": "今天",
    "grid": "电网",
    "density of the contract capacity": "合同容量密度",
    "density of the power at the peak": "峰值功率密度",
    "density of the yearly energy": "年电量密度",
    "number per square kilometre": "每平方公里数量",
    "contract capacity": "合同容量",
    "power": "功率",
    "power at the peak": "峰值功率",
    "yearly energy": "年电量",
    "number": "数量",
    "Hot spots": "热点分析",
    "hot": "热点",
    "cold": "冷点",
    "not significant": "不显著",
    "no data": "无数据",
    "per km²": "每 km²",
    "per km": "每 km",
    "given": "给定",
    "cross-validation": "交叉验证",
    "scott": "Scott 法则",
    "silverman": "Silverman 法则",
    "Scott": "Scott",
    "Silverman": "Silverman",
    "transformer": "配电变压器",
    "feeder": "馈线",
    "substation": "变电站",
    "bus": "节点",
    "line": "线路",
    "low voltage": "低压",
    "medium voltage": "中压",
    "smoothed mean": "平滑均值",
    "regression": "回归",
    "more": "多",
    "less": "少",
    "now": "现已不足",
    "within a year": "一年内",
    "within two years": "两年内",
    "within three years": "三年内",
    "later, up to the last quarter looked at": "更晚，至所考察的最后季度",
    "lasts as far as is looked": "考察期内充足",
    "unknown: on a loop, or without supply": "未知：位于环网或无供电",
    "Supply areas that run out": "容量用尽的供电区域",
    "transformer by itself": "变压器自身",
    "Density along the corridors": "沿电缆通道的密度",
    "corridors": "电缆通道",
    "there are no pieces of corridor": "没有通道分段",
    "a voltage would fall below its limit": "电压将低于限值",
    "a voltage would rise above its limit": "电压将高于限值",
    "an element would be loaded above its rating": "设备将超过额定负载",
    "beyond this there is no operating point (voltage collapse)": "超过此值无运行点（电压崩溃）",
    "unknown: nothing supplies this bus in the present switching state": (
        "未知：当前开关状态下无供电"
    ),
    "unknown: the bus hangs on a loop, where no closed form holds; ask gisplan screen": (
        "未知：位于环网，无闭式解；请用 gisplan screen"
    ),
    "no limit was met": "未触及限值",
    "No application has a date: nothing is forecast, only today is answered": (
        "申请均无日期：不作预测，仅回答现状"
    ),
    "Headroom is what one more customer could ask for behind an element, counted in full at every "
    "level, on top of everything promised; single low-voltage mains are not asked": (
        "可供容量指设备后再接入一个客户可申请的容量：各级全额计入，已承诺容量之外；"
        "不校核单条低压干线"
    ),
}

_PHRASES = (
    # titles, subtitles, legends
    (r"(Applications|Existing load|Generators): ([^·]+)", "{0}：{1}"),
    (rf"Hot spots of {_POINTS}: (.+)", "{0}热点分析：{1}"),
    (r"Capacity gap for (load|generation)", "{0}容量缺口"),
    (r"Capacity gap for (load|generation), by (transformer|feeder)", "{0}容量缺口（按{1}）"),
    (r"applied for from (.+) to (.+)", "申请日期 {0} 至 {1}"),
    (r"applications of the file (.+), not those of the store", "文件 {0} 中的申请，而非库中的申请"),
    (r"applications of the file ([^·]+)", "文件 {0} 中的申请"),
    (rf"less than {_FIGURE}", "小于 {0}"),
    (
        rf"Quarter in which {_COUNT} open applications and those to come ask more than the grid "
        r"can give; counted from (\S+), looked at until (\S+)",
        "{0} 项在途申请与预计新增超过电网可供容量的季度；自 {1} 起算，考察至 {2}",
    ),
    (r"grid version (\d+)", "电网版本 {0}"),
    (r"grid version (\d+), profile (\S+)", "电网版本 {0}，参数集 {1}"),
    (r"grid version (\d+), ledger (\d+)", "电网版本 {0}，台账 {1}"),
    (r"grid version (\d+), ledger (\d+), profile (\S+)", "电网版本 {0}，台账 {1}，参数集 {2}"),
    (r"Supply areas by (transformer|feeder) that run out", "容量用尽的供电区域（按{0}）"),
    (r"grid version (\d+), ledger (\d+), (\d{4}-\d\d-\d\d)", "电网版本 {0}，台账 {1}，{2}"),
    # how it was made
    (rf"{_COUNT} points, {_FIGURE}( \S+)? in total", "{0} 个点，合计 {1}{2}"),
    (
        rf"{_COUNT} points, {_FIGURE}( \S+)? on {_FIGURE} km of corridors",
        "{0} 个点，合计 {1}{2}，电缆通道 {3} km",
    ),
    (
        rf"Gaussian kernel, bandwidth {_FIGURE} m \((.+?)\)",
        "高斯核，带宽 {0} m（{1}）",
    ),
    (
        rf"Gaussian kernel, bandwidth {_FIGURE} m \((.+?)\), adapted from {_FIGURE} to {_FIGURE} m",
        "高斯核，带宽 {0} m（{1}），自适应 {2} 至 {3} m",
    ),
    (
        rf"heat along the corridors, bandwidth {_FIGURE} m, pieces of about {_FIGURE} m",
        "沿通道热扩散，带宽 {0} m，分段约 {1} m",
    ),
    (rf"cells of {_FIGURE} m", "栅格 {0} m"),
    (rf"{_COUNT} cells", "{0} 个单元"),
    (rf"{_COUNT} pieces", "{0} 个分段"),
    (r"squares of (\S+) m", "方格 {0} m"),
    (r"hexagons of (\S+) m", "六边形 {0} m"),
    (r"H3 cells of resolution (\d+)", "H3 单元，分辨率 {0}"),
    (r"areas as given", "给定区域"),
    (
        rf"Getis-Ord Gi\*, cells of {_FIGURE} m, discs of {_FIGURE} m, false discovery rate "
        rf"{_FIGURE} \(Benjamini-Hochberg\)",
        "Getis-Ord Gi*，栅格 {0} m，圆盘半径 {1} m，错误发现率 {2}（Benjamini-Hochberg）",
    ),
    (rf"study area of {_FIGURE} km2 as given", "给定研究区 {0} km²"),
    (
        rf"study area of {_FIGURE} km2: the convex hull of the grid's buses, widened by "
        rf"{_FIGURE} m",
        "研究区 {0} km²：电网节点凸包外扩 {1} m",
    ),
    # what is left out
    (
        rf"{_COUNT} of {_COUNT} {_POINTS} have no recorded (.+?) and are left out: unknown is not "
        "zero",
        "{1} 项{2}中 {0} 项未记录{3}，未计入：未知不等于零",
    ),
    (
        rf"{_COUNT} {_POINTS} lie more than {_FIGURE} km from the grid and are left out: check "
        "their coordinates",
        "{0} 项{1}距电网超过 {2} km，未计入：请检查坐标",
    ),
    (
        rf"{_COUNT} {_POINTS} lie outside the (?:study )?area and are not in it",
        "{0} 项{1}位于范围之外，未计入",
    ),
    (rf"{_COUNT} {_POINTS} lie in no cell and are not in it", "{0} 项{1}不在任何单元内，未计入"),
    (
        rf"{_COUNT} {_POINTS} lie more than {_FIGURE} m from every corridor and are left out",
        "{0} 项{1}距所有通道超过 {2} m，未计入",
    ),
    (
        rf"{_COUNT} {_POINTS} of generation add nothing to peak_kw",
        "{0} 项发电类{1}不计入 peak_kw",
    ),
    # no data, little data
    (
        rf"none of the {_POINTS} lies inside: the whole (?:surface|area) is no data",
        "范围内没有{0}：全部无数据",
    ),
    (
        rf"none of the {_POINTS} lies at a corridor: there is no data",
        "没有{0}位于电缆通道旁：无数据",
    ),
    (
        rf"there are no {_POINTS} of this kind: nothing is summed",
        "没有此类{0}：不作合计",
    ),
    (
        rf"there are no {_POINTS} of this kind: there is no data",
        "没有此类{0}：无数据",
    ),
    (
        rf"all {_COUNT} {_POINTS} lie in one cell, of which no test can tell anything: take "
        "smaller cells",
        "全部 {0} 项{1}位于同一栅格，无法检验：请缩小栅格",
    ),
    (
        rf"{_COUNT} {_POINTS} in {_COUNT} cells are few: a single one may make a hot spot; take "
        "larger cells or a wider radius",
        "{2} 个栅格中仅 {0} 项{1}：单项即可能成为热点，请加大栅格或半径",
    ),
    (
        rf"{_COUNT} of {_COUNT} areas are smaller than {_FIGURE} km2 and have no load-density "
        "class",
        "{1} 个区域中 {0} 个小于 {2} km²，不定供电分区等级",
    ),
    (
        rf"{_COUNT} of {_COUNT} areas lie beyond the study area and are left out",
        "{1} 个区域中 {0} 个位于研究区之外，未计入",
    ),
    # bandwidth
    (
        r"(Scott|Silverman)'s rule blurs towns: it takes the points for one bell-shaped cloud",
        "{0} 法则会使城镇过度平滑：它把所有点视为单一钟形分布",
    ),
    (
        rf"the points lie in fewer than two places, which tells no bandwidth: {_FIGURE} m "
        rf"\({_FIGURE} cells\) is taken, give one",
        "点位不足两处，无法确定带宽：采用 {0} m（{1} 个栅格），请给定带宽",
    ),
    (
        rf"cross-validation chose its smallest candidate, {_FIGURE} m: many points share their "
        "place, or the cells are coarse; consider a given bandwidth",
        "交叉验证选中最小候选值 {0} m：许多点位重合，或栅格过粗；可考虑给定带宽",
    ),
    (
        rf"cross-validation chose its largest candidate, {_FIGURE} m: the points show no "
        "clusters; consider a given bandwidth",
        "交叉验证选中最大候选值 {0} m：点位无聚集；可考虑给定带宽",
    ),
    # capacity gap
    (
        r"Counted as built: (\S+) of what is received and (\S+) of what is planned \(unverified "
        r"values of the catalogue\)",
        "按建成计入：已受理的 {0}、已规划的 {1}（参数集未核实值）",
    ),
    (
        r"At (low voltage|medium voltage) the (.+?) forecasts: the history is too short to test "
        "another one",
        "{0}采用{1}预测：历史过短，无法检验其他方法",
    ),
    (
        r"At (low voltage|medium voltage) a (.+?) forecasts: its loss in back-tests is less by "
        r"(\S+)",
        "{0}采用{1}预测：回测误差减小 {2}",
    ),
    (
        r"At (low voltage|medium voltage) the (.+?) forecasts: a (.+?) on neighbours and trend has "
        r"(\S+) (less|more) loss in back-tests; at least (\S+) less at every horizon is asked",
        "{0}采用{1}预测：邻域与趋势{2}在回测中误差{4} {3}，要求各预测期至少少 {5}",
    ),
    (
        rf"The forecast rests on {_COUNT} applications: its interval is wide",
        "预测仅依据 {0} 项申请，区间较宽",
    ),
    (
        rf"{_COUNT} of {_COUNT} applications have no date, so no part in it",
        "{1} 项申请中 {0} 项无日期，未参与预测",
    ),
    (
        rf"At low voltage growth bends under the limit of the land in {_COUNT} areas; {_COUNT} of "
        "them have reached theirs and are told no growth",
        "低压：{0} 个区域的增长受土地饱和密度限制，其中 {1} 个已达上限，不再增长",
    ),
    (
        r"At (low voltage|medium voltage) all cells together strayed by (\S+) beyond chance a year "
        "ahead in back-tests, which the interval counts",
        "{0}：回测中一年后总量除随机外偏离 {1}，已计入区间",
    ),
    (
        r"At (low voltage|medium voltage) nothing could be tested: the interval takes the level to "
        "stay",
        "{0}：无法回测，区间按水平不变计",
    ),
    (
        rf"{_COUNT} applications lie where nothing supplies and are in no area",
        "{0} 项申请位于无供电处，不属于任何区域",
    ),
    (
        r"the promise of (.+) cannot be counted: this grid version does not hold its element",
        "{0} 的承诺无法计入：此电网版本没有该设备",
    ),
)
_COMPILED = tuple((re.compile(pattern), chinese) for pattern, chinese in _PHRASES)


@lru_cache(maxsize=1024)
def in_chinese(text: str) -> str:
    """Return what a text is in Chinese, part by part; what is not known stays as it is."""
    if text in WORDS:
        return WORDS[text]
    for pattern, chinese in _COMPILED:
        if found := pattern.fullmatch(text):
            return chinese.format(*map(in_chinese, found.groups(default="")))
    if SEPARATOR in text:
        return SEPARATOR.join(map(in_chinese, text.split(SEPARATOR)))
    parts = text.split(", ")
    return "、".join(WORDS[part] for part in parts) if WORDS.keys() >= set(parts) else text


def said(text: str, language: Language) -> str:
    """Return a text in a language."""
    return in_chinese(text) if language is Language.CHINESE else text


def both(text: str) -> tuple[str, str]:
    """Return a text in English and Chinese."""
    return text, in_chinese(text)
