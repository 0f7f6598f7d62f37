"""Words of the cost-to-connect map in English and Chinese; one file holds both."""

from __future__ import annotations

from maps.texts import escaped

LANGUAGES = ("en", "zh")

WORDS = {
    "title": ("What connecting {demand} costs", "接入{demand}的费用"),
    "load": ("load", "负荷"),
    "generation": ("generation", "发电"),
    "lead": (
        "The least total cost from every place to its best access point that takes the demand: "
        "route, cable and equipment, at {level} and power factor {power_factor}.",
        "各地点到其最优可行接入点的最低总费用（通道、电缆与设备），"
        "{level}，功率因数 {power_factor}。",
    ),
    "reached": (
        "{reached} of {total} corridor nodes can be connected, half of them for {median} or less.",
        "{total} 个通道节点中 {reached} 个可以接入，半数费用不超过 {median}。",
    ),
    "legend": ("Cost to connect", "接入费用"),
    "refused": ("not possible: too far, or no capacity", "不可行：过远或容量不足"),
    "unknown": ("unknown: no corridor near", "未知：附近无电缆通道"),
    "cells": ("cells", "栅格"),
    "buildings": ("buildings", "建筑"),
    "building": ("building", "建筑"),
    "cost": ("total cost", "总费用"),
    "access point": ("access point", "接入点"),
    "kind": ("kind", "接入方式"),
    "cable": ("cable", "电缆"),
    "drop": ("voltage drop of the cable", "电缆电压损失"),
    "limiting": ("highest loading afterwards", "接入后最高负载率"),
    "proof": ("verdict", "结论"),
    "certain": ("screening passes", "筛选通过"),
    "uncertain": ("near a limit: an AC power flow decides", "接近限值：须经交流潮流校核"),
    "why not": ("why not", "原因"),
    "fits": ("best access points", "最优接入点"),
    "refused points": ("access points that refuse", "不可行接入点"),
    "refused drawn": (
        "{shown} of {count} access points that refuse are drawn.",
        "{count} 个不可行接入点中绘出 {shown} 个。",
    ),
    "best for": ("best for", "服务节点数"),
    "to know": ("To know", "说明"),
    "other language": ("中文", "English"),
    "before proof": (
        "The cost is before the AC power flow that every option of a plan has to pass.",
        "费用未经交流潮流校核；供电方案中的每个选项都须通过该校核。",
    ),
    "guarded": (
        "{count} access points lie within the guard band of a limit or on a loop: they count as "
        "feasible and are marked.",
        "{count} 个接入点处于限值保护带内或环网上：按可行计，并予以标注。",
    ),
    "made of": (
        "grid version {version}, ledger {ledger}, profile {profile}, cells of {cell} m",
        "电网版本 {version}，台账 {ledger}，参数集 {profile}，栅格 {cell} m",
    ),
    "not_connected": ("no corridor leads to an access point", "无通道通向接入点"),
    "nothing_feasible": ("no access point takes the demand", "无接入点可承担该容量"),
    "drop_too_large": ("the cable would drop too much voltage", "电缆电压损失过大"),
    "no_corridor": ("no corridor near", "附近无电缆通道"),
}

KIND_WORDS = {
    "service_joint": ("service joint on a main", "干线接户接头"),
    "cabinet_fuse_way": ("fuse way of a cabinet", "电缆分支箱回路"),
    "transformer_fuse_way": ("fuse way of a transformer board", "低压配电柜回路"),
    "spare_bay": ("spare bay", "备用间隔"),
    "loop_in": ("loop-in", "环入"),
    "tee_off": ("tee-off", "T接"),
    "substation_bay": ("feeder bay of a substation", "变电站出线间隔"),
}

LANGUAGE_STYLE = """
<style>
html[lang="en"] [data-lang="zh"], html[lang="zh"] [data-lang="en"] { display: none; }
#language { float: right; font: inherit; padding: 1px 10px; border: 1px solid #999;
  border-radius: 3px; background: #fff; cursor: pointer; }
</style>
"""
LANGUAGE_SCRIPT = """
<script>
(function () {
  const root = document.documentElement;
  root.lang = (navigator.language || "").startsWith("zh") ? "zh" : "en";
  document.getElementById("language").addEventListener("click", function () {
    root.lang = root.lang === "en" ? "zh" : "en";
  });
})();
</script>
"""


def both(name: str, **values: str) -> str:
    """Return HTML of a text in both languages, of which the page shows one.

    Values are HTML already.
    """
    return in_both(*(text.format(**values) for text in WORDS[name]))


def in_both(english: str, chinese: str) -> str:
    """Return HTML of two texts, which are HTML already; one where they are the same."""
    if english == chinese:
        return english
    return f'<span data-lang="en">{english}</span><span data-lang="zh">{chinese}</span>'


def kind_text(kind: str) -> str:
    """Return HTML of a kind of access point in both languages."""
    english, chinese = KIND_WORDS.get(kind, (kind, kind))
    return in_both(escaped(english), escaped(chinese))
