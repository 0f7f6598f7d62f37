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
  verdict: ["Verdict", "结论"],
  feasible: ["feasible", "可行"],
  infeasible: ["not feasible", "不可行"],
  nearest: ["Nearest by straight line", "直线最近点"],
  no_options: ["No option was found.", "未找到接入方案。"],
  findings: ["Findings", "校核结果"],
  of_option: ["of option", "方案"],
  rule: ["Rule", "规则"],
  measured: ["Measured", "实测值"],
  limit: ["Limit", "限值"],
  margin: ["Margin", "裕度"],
  confidence: ["Confidence", "依据"],
  official: ["official", "官方"],
  secondary: ["secondary", "二手资料"],
  practice: ["practice", "惯例"],
  unverified: ["unverified", "未核实"],
  violation: ["violation", "越限"],
  survey: ["site survey", "现场勘查"],
  warning: ["warning", "警告"],
  info: ["note", "说明"],
  remedies: ["Remedies", "补救措施"],
  cable: ["Cable", "电缆"],
  civil: ["Civil works", "土建"],
  equipment: ["Equipment", "设备"],
  phases: ["Phases", "相别"],
  transformer: ["Transformer", "变压器"],
  feeder: ["Feeder", "馈线"],
  short_circuit: ["Short circuit", "短路电流"],
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
