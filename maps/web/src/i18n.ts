/** English and Chinese words of the page; the terms are those of the project's glossary. */

const words = {
  subtitle: ["Connection planning", "用户接入方案规划"],
  language: ["中文", "English"],
  request: ["Application", "用电申请"],
  kind: ["Kind", "类型"],
  load: ["Load", "用电"],
  generation: ["Generation", "发电"],
  storage: ["Storage", "储能"],
  ev: ["EV charging", "充电桩"],
  customer_class: ["Customer class", "客户类别"],
  household: ["Household", "居民"],
  heat_pump: ["Heat pump", "热泵"],
  ev_charging: ["EV charging", "充电设施"],
  commercial: ["Commercial", "商业"],
  industrial: ["Industrial", "工业"],
  demand_kva: ["Demand (kVA)", "需求容量 (kVA)"],
  power_factor: ["Power factor", "功率因数"],
  importance: ["Importance", "重要等级"],
  ordinary: ["Ordinary", "普通"],
  second: ["Second class", "二级重要"],
  first: ["First class", "一级重要"],
  special: ["Special", "特级重要"],
  any: ["any", "不限"],
  phases_1: ["single-phase", "单相"],
  phases_3: ["three-phase", "三相"],
  lon: ["Longitude (°)", "经度 (°)"],
  lat: ["Latitude (°)", "纬度 (°)"],
  ask: ["Find options", "查询接入方案"],
  click_to_ask: [
    "Click on the map where the customer is. Click on a transformer to see its data.",
    "在地图上点击客户位置即可查询；点击变压器可查看其数据。",
  ],
  thinking: ["Looking for access points and checking the grid …", "正在搜索接入点并校核电网……"],
  loading: ["Loading …", "加载中……"],
  answer: ["Answer", "结论"],
  can_connect: ["Can be connected", "可以接入"],
  cannot_connect: ["Cannot be connected as asked", "按申请条件无法接入"],
  supply_voltage: ["Supply voltage", "供电电压"],
  sources: ["Sources", "电源数"],
  options: ["Options", "接入方案"],
  rank: ["#", "序"],
  access_point: ["Access point", "接入点"],
  length: ["Length", "长度"],
  cost: ["Cost", "费用"],
  voltage_min: ["U min", "最低电压"],
  voltage_max: ["U max", "最高电压"],
  loading_max: ["Loading", "负载率"],
  verdict: ["Fits", "结论"],
  feasible: ["feasible", "可行"],
  infeasible: ["not feasible", "不可行"],
  more_reasons: ["more, see the findings of the option", "条原因，见该方案的校核结果"],
  nearest: ["Nearest by straight line", "直线最近点"],
  no_options: ["No option was found.", "未找到接入方案。"],
  findings: ["Findings", "校核结果"],
  of_option: ["of option", "方案"],
  measured: ["Measured", "计算值"],
  limit: ["Limit", "限值"],
  margin: ["Margin", "裕度"],
  official: ["official", "官方"],
  secondary: ["secondary", "二手资料"],
  practice: ["practice", "惯例"],
  unverified: ["unverified", "未核实"],
  violation: ["violation", "越限"],
  survey: ["site survey", "现场勘查"],
  warning: ["warning", "警告"],
  info: ["note", "说明"],
  violations: ["Violations", "越限"],
  surveys: ["To be surveyed or found out", "需现场勘查或核实"],
  warnings_of_option: ["Warnings", "警告"],
  notes: ["Notes: limits that are kept, reasons", "说明：满足的限值与依据"],
  option: ["Option", "方案"],
  to_survey: ["to survey", "项待勘查"],
  band_holds: ["holds in the load band", "负荷偏差内成立"],
  band_depends: ["depends on the existing load", "取决于现有负荷"],
  voltage: ["Voltage", "电压"],
  at_customer: ["at the customer", "客户处"],
  limiting_element: ["Limiting element", "受限设备"],
  largest: ["max", "最大"],
  smallest: ["min", "最小"],
  unknown: ["unknown", "未知"],
  before: ["before", "接入前"],
  holds: ["Holds", "成立"],
  not_proven: ["not proven", "未证实"],
  states_hold: ["states hold", "个状态成立"],
  without_supply: ["buses without supply", "失电节点"],
  backfeed: ["Backfeed states (N-1)", "转供状态 (N-1)"],
  backfeed_state: ["State", "状态"],
  backfeed_note: [
    "Worst over the load cases. Nobody is shed and no tap moves.",
    "取各负荷工况最不利值；不切负荷，分接头不调整。",
  ],
  profile: ["Voltage from source to customer", "电源至客户的电压"],
  no_profile: ["No voltage profile", "无电压曲线"],
  with_connection: ["with the connection", "接入后"],
  today: ["today", "现状"],
  beyond_limit: ["beyond the limit", "越限区"],
  highest_load: ["highest load", "最大负荷"],
  highest_feed_in: ["highest feed-in", "最大上送"],
  part_set_point: ["Source", "电源"],
  part_main_transformer: ["HV/MV", "主变"],
  part_medium_voltage: ["MV", "中压"],
  part_distribution_transformer: ["MV/LV", "配变"],
  part_low_voltage_main: ["LV main", "低压干线"],
  part_service: ["Service", "接户线"],
  tap_change: ["Tap change", "调分接头"],
  open_point: ["Moved open point", "改变开环点"],
  phase_swap: ["Phase swap", "换相"],
  new_connection: ["new connection", "新接入点"],
  remedies: ["Remedies", "补救措施"],
  cable: ["Cable", "电缆"],
  civil: ["Civil works", "土建"],
  equipment: ["Equipment", "设备"],
  phases: ["Phases", "相别"],
  transformer: ["Transformer", "变压器"],
  feeder: ["Feeder", "馈线"],
  short_circuit: ["Short circuit Ik\"", "短路电流 Ik\""],
  reference: ["Reference", "申请编号"],
  save: ["Save plan", "保存方案"],
  reserve: ["Save and reserve", "保存并预留容量"],
  saved: ["Plan saved", "方案已保存"],
  reserved: ["Plan saved, capacity held", "方案已保存，容量已预留"],
  map_file: ["map", "地图"],
  close: ["Close", "关闭"],
  measured_peak: ["Measured peak (kVA)", "实测最大负荷 (kVA)"],
  measured_on: ["Measured on", "实测日期"],
  record: ["Record", "记录"],
  recorded: ["Recorded; new answers use it.", "已记录，后续查询将采用该值。"],
  failed: ["That did not work", "操作失败"],
  unreachable: ["The service does not answer.", "服务无响应。"],
  legend: ["Legend", "图例"],
  high_voltage: ["High voltage, from 60 kV", "高压，60 kV 及以上"],
  medium_voltage: ["Medium voltage", "中压"],
  low_voltage: ["Low voltage, up to 1 kV", "低压，1 kV 及以下"],
  service: ["Service", "接户线"],
  substation: ["Substation", "变电站"],
  station: ["Transformer station", "配电站"],
  cabinet: ["Cabinet", "分支箱"],
  corridor: ["Corridor", "路径走廊"],
  building: ["Building", "建筑物"],
  application: ["Application", "申请"],
  route_best: ["Best route", "推荐路径"],
  route_other: ["Other route", "备选路径"],
  route_refused: ["Not feasible", "不可行路径"],
  route_kept: ["Reserved route", "已预留路径"],
  warnings: ["data warnings", "条数据警告"],
  version: ["grid version", "电网版本"],
  existing_service: ["existing service", "现有接户线"],
  service_joint: ["service joint", "接户接头"],
  cabinet_fuse_way: ["cabinet fuse way", "分支箱熔断器回路"],
  transformer_fuse_way: ["transformer fuse way", "配变低压出线"],
  spare_bay: ["spare bay", "备用间隔"],
  loop_in: ["loop-in", "环入"],
  tee_off: ["tee-off", "T接"],
  substation_bay: ["substation bay", "变电站出线间隔"],
  bus: ["Bus", "母线"],
  line: ["Line", "线路"],
  main: ["main", "干线"],
  substation_busbar: ["substation busbar", "变电站母线"],
  received: ["received", "已受理"],
  planned: ["planned", "已规划"],
  accepted: ["accepted", "已接受"],
  refused: ["refused", "已拒绝"],
  obstacle: ["Obstacle", "障碍物"],
  true: ["yes", "是"],
  false: ["no", "否"],
  name: ["name", "名称"],
  rated_power: ["rated power", "额定容量"],
  hv_voltage: ["primary voltage", "高压侧电压"],
  lv_voltage: ["secondary voltage", "低压侧电压"],
  nominal_voltage: ["nominal voltage", "额定电压"],
  short_circuit_voltage: ["short-circuit voltage", "短路阻抗"],
  rated_current: ["rated current", "额定电流"],
  tap_position: ["tap position", "分接头位置"],
  tap_min: ["lowest tap", "最低分接头"],
  tap_max: ["highest tap", "最高分接头"],
  tap_step: ["tap step", "分接头步长"],
  parallel_count: ["in parallel", "并列数"],
  in_service: ["in service", "投运"],
  hv_bus_id: ["primary bus", "高压侧母线"],
  lv_bus_id: ["secondary bus", "低压侧母线"],
  bus_kind: ["kind of bus", "母线类型"],
  bays_total: ["bays", "间隔总数"],
  bays_spare: ["spare bays", "备用间隔数"],
  conductor_type: ["conductor", "导线型号"],
} as const;

export type Word = keyof typeof words;
type Language = "en" | "zh";

let language: Language = navigator.language.startsWith("zh") ? "zh" : "en";

export function toggleLanguage(): void {
  language = language === "en" ? "zh" : "en";
}

/** Tag of the language for the document and for numbers. */
export const languageTag = (): string => (language === "en" ? "en" : "zh-CN");

export const say = (word: Word): string => words[word][language === "en" ? 0 : 1];

/** Word for a value of the service; a value without one is shown as it is. */
export const sayValue = (value: string): string =>
  value in words ? say(value as Word) : value.replaceAll("_", " ");

/** An element of an answer, as in "line mv/27", with its kind in the language of the page. */
export function sayElement(text: string): string {
  if (text === "new connection") return say("new_connection");
  const [kind = "", ...id] = text.split(" ");
  return id.length && kind in words ? `${sayValue(kind).toLocaleLowerCase()} ${id.join(" ")}` : text;
}

/** Phrases that the name of a backfeed state is made of. */
const statePhrases: [phrase: RegExp, chinese: string][] = [
  [/head of feeder (\S+) out/, "馈线 $1 首端断开"],
  [/standby transformer (\S+) closed/, "备用主变 $1 投入"],
  [/transformer (.+?) out/, "主变 $1 停运"],
  [/tie (\S+) closed/, "联络 $1 合上"],
  [/coupler (\S+) closed/, "母联 $1 合上"],
  [/feeder (\S+) by tie ([^\s;]+)/g, "馈线 $1 经联络 $2 转供"],
  [/without supply: feeder (.+)/, "失电馈线 $1"],
  [/its closed ring supplies it/, "由闭合环网供电"],
  [/what stands in parallel supplies its busbar/, "由并列设备供电"],
  [/, /g, "，"],
  [/; /g, "；"],
];

export const sayState = (text: string): string =>
  language === "en"
    ? text
    : statePhrases.reduce((said, [phrase, chinese]) => said.replace(phrase, chinese), text);

export const sayNumber = (value: number | null, digits = 0, unit = ""): string => {
  if (value === null) return "–";
  const number = value.toLocaleString(languageTag(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit ? `${number} ${unit}` : number;
};

export const sayVoltage = (volts: number): string =>
  volts >= 1000 ? `${sayNumber(volts / 1000, volts % 1000 ? 1 : 0)} kV` : `${sayNumber(volts)} V`;
