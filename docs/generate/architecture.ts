import { fileURLToPath } from "node:url";
import type { Generator } from "./generator.ts";
import { importsOf, rooms } from "./rooms.ts";
import { formatTable } from "./table.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The picture and the table of docs/architecture.md. */
export const architecture: readonly Generator[] = [
  { path: "docs/architecture.svg", text: drawArchitecture },
  { path: "docs/architecture.md", part: "rooms", text: tableOfRooms },
];

type Imports = ReadonlyMap<string, ReadonlySet<string>>;

/** The top left corner of a box, in pixels. */
interface Position {
  readonly x: number;
  readonly y: number;
}

const box = { width: 206, height: 54 };
const gap = { x: 26, y: 42 };
const margin = 24;

/** Draws the rooms of src/ in rows. Each room is above those that it imports. */
function drawArchitecture(): string {
  const imports = importsOf(root);
  const rows = arrangeInRows(imports);
  const widest = Math.max(...rows.map((row) => row.length));
  const width = 2 * margin + widest * (box.width + gap.x) - gap.x;
  const height = 2 * margin + rows.length * (box.height + gap.y) - gap.y;
  const positions = new Map<string, Position>();
  for (const [index, row] of rows.entries()) {
    const left = (width - row.length * (box.width + gap.x) + gap.x) / 2;
    const y = margin + index * (box.height + gap.y);
    for (const [column, room] of row.entries()) positions.set(room, { x: left + column * (box.width + gap.x), y });
  }
  const arrows = [...removeImpliedImports(imports)].flatMap(([room, others]) =>
    [...others].map((other) => drawArrow(positions.get(room), positions.get(other))),
  );
  const boxes = [...positions].map(([room, position]) => drawBox(room, position));
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    "<title>The folders and files of src/, and which of them import which</title>",
    style,
    `<rect class="ground" width="${width}" height="${height}" rx="8"/>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">' +
      '<path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ...arrows,
    ...boxes,
    "</svg>",
  ].join("\n")}\n`;
}

function tableOfRooms(): string {
  const imports = importsOf(root);
  const rows = Object.entries(rooms).map(([room, { purpose }]) => {
    const imported = Object.keys(rooms).filter((other) => imports.get(room)?.has(other));
    return [`\`${nameOf(room)}\``, purpose, imported.map((other) => other.replace(".ts", "")).join(", ") || "nothing"];
  });
  return formatTable(["part of `src/`", "what it does", "imports"], rows);
}

function nameOf(room: string): string {
  return room.endsWith(".ts") ? room : `${room}/`;
}

/**
 * Arranges the rooms in rows. A room is in the row below its lowest importer. A room without importers is in the row above the
 * highest room that it imports. Each row is sorted by the positions of the importers.
 */
function arrangeInRows(imports: Imports): string[][] {
  const depths = new Map<string, number>();
  const depthOf = (room: string): number => {
    const importers = [...imports].filter(([, others]) => others.has(room)).map(([importer]) => importer);
    const depth = depths.get(room) ?? Math.max(0, ...importers.map((importer) => depthOf(importer) + 1));
    depths.set(room, depth);
    return depth;
  };
  for (const room of imports.keys()) depthOf(room);
  for (const [room, others] of imports) {
    const isImported = [...imports.values()].some((imported) => imported.has(room));
    if (!isImported && others.size > 0)
      depths.set(room, Math.min(...[...others].map((other) => depths.get(other) as number)) - 1);
  }
  const rows: string[][] = [];
  for (const [room, depth] of depths) {
    rows[depth] ??= [];
    rows[depth].push(room);
  }
  return sortRows(rows, removeImpliedImports(imports));
}

function sortRows(rows: string[][], imports: Imports): string[][] {
  const centers = new Map<string, number>();
  for (const row of rows) {
    const preferredColumn = (room: string) => {
      const above = [...imports]
        .filter(([, others]) => others.has(room))
        .map(([importer]) => centers.get(importer) ?? 0);
      return above.length === 0 ? 0 : above.reduce((sum, each) => sum + each, 0) / above.length;
    };
    row.sort(
      (a, b) =>
        preferredColumn(a) - preferredColumn(b) || Object.keys(rooms).indexOf(a) - Object.keys(rooms).indexOf(b),
    );
    for (const [column, room] of row.entries()) centers.set(room, column - (row.length - 1) / 2);
  }
  return rows;
}

/** Removes the imports that follow from others: if a imports b and b imports c, the picture needs no arrow from a to c. */
function removeImpliedImports(imports: Imports): Imports {
  const reaches = (from: string, to: string): boolean =>
    [...(imports.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return new Map(
    [...imports].map(([room, others]) => [
      room,
      new Set([...others].filter((other) => ![...others].some((via) => via !== other && reaches(via, other)))),
    ]),
  );
}

function drawArrow(from: Position | undefined, to: Position | undefined): string {
  if (!from || !to) throw new Error("an arrow needs two rooms");
  const [x1, y1] = [from.x + box.width / 2, from.y + box.height];
  const [x2, y2] = [to.x + box.width / 2, to.y - 2];
  const bend = 0.6 * gap.y;
  return `<path class="arrow" marker-end="url(#tip)" d="M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}"/>`;
}

function drawBox(room: string, { x, y }: Position): string {
  const center = x + box.width / 2;
  return [
    `<rect class="box" x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="8"/>`,
    `<text class="name" x="${center}" y="${y + 23}">${nameOf(room)}</text>`,
    `<text class="label" x="${center}" y="${y + 41}">${rooms[room]?.label}</text>`,
  ].join("\n");
}

const style = `<style>
.ground { fill: #ffffff }
.box { fill: #eef4ff; stroke: #3b6fd4; stroke-width: 1.5 }
.name { fill: #14305f; font: 600 15px ui-monospace, Menlo, Consolas, monospace; text-anchor: middle }
.label { fill: #3d4a5c; font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; text-anchor: middle }
.arrow { fill: none; stroke: #6b7c93; stroke-width: 1.5 }
.tip { fill: #6b7c93 }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 }
.box { fill: #16233a; stroke: #5b8def }
.name { fill: #dbe7ff }
.label { fill: #b4c0d0 }
.arrow { stroke: #8494ab }
.tip { fill: #8494ab }
}
</style>`;
