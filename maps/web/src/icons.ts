/** Symbols of the map, drawn here so that no sprite has to be fetched. */
import { colours } from "./colours";

const side = 40;

type Draw = (pen: CanvasRenderingContext2D) => void;

const drawings: Record<string, Draw> = {
  /** Two windings, the symbol of IEC 60617. */
  transformer: (pen) => {
    for (const [y, colour] of [[14, colours.medium], [26, colours.low]] as const) {
      pen.beginPath();
      pen.arc(20, y, 9.5, 0, 2 * Math.PI);
      pen.fillStyle = "rgba(255, 255, 255, 0.85)";
      pen.fill();
      pen.lineWidth = 3.5;
      pen.strokeStyle = colour;
      pen.stroke();
    }
  },
  substation: (pen) => {
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = colours.high;
    pen.lineWidth = 5;
    pen.fillRect(6, 6, 28, 28);
    pen.strokeRect(6, 6, 28, 28);
    pen.fillStyle = colours.high;
    pen.fillRect(14, 14, 12, 12);
  },
  station: (pen) => {
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = colours.medium;
    pen.lineWidth = 4;
    pen.fillRect(11, 11, 18, 18);
    pen.strokeRect(11, 11, 18, 18);
  },
  cabinet: (pen) => {
    pen.fillStyle = "#ffffff";
    pen.strokeStyle = colours.low;
    pen.lineWidth = 4;
    pen.fillRect(11, 11, 18, 18);
    pen.strokeRect(11, 11, 18, 18);
  },
};

/** Every symbol by name, at two pixels a point. */
export const icons = (): [name: string, image: ImageData][] =>
  Object.entries(drawings).map(([name, draw]) => [name, paint(draw)]);

function paint(draw: Draw): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no canvas");
  draw(pen);
  return pen.getImageData(0, 0, side, side);
}
