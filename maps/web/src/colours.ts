/** Colours of the map and of what the panel says about it. */
export const colours = {
  ground: "#f6f5f1",
  high: "#a3123a",
  medium: "#d9730d",
  low: "#2f6fb3",
  service: "#8fb4da",
  corridor: "#cfcabd",
  building: "#e3dfd5",
  buildingEdge: "#cdc7b9",
  area: "#dcebd3",
  waterArea: "#cfe3f1",
  best: "#6a1b9a",
  other: "#b487d1",
  refused: "#8d9299",
  kept: "#1b7f5c",
  ink: "#26282c",
  drawn: "#00695c",
  avoid: "#b3261e",
  road: "#7d7a72",
  rail: "#3c3f45",
  water: "#6fb1dd",
  gas_main: "#c9a400",
  heat_main: "#d1478f",
  water_main: "#00a0c6",
} as const;

/** One colour a source, told apart without seeing red and green. */
const sources = ["#6a1b9a", "#00838f", "#c2571a", "#37474f"] as const;

export const sourceColour = (rank: number): string =>
  sources[(rank - 1) % sources.length] ?? sources[0];

export const sourceColours: readonly string[] = sources;
