/**
 * Judge of a finished routing. Definition checked: with W the metal and cut rectangles of the emitted wires and
 * vias, P those of pins and ports, S those of the power grid and of obstructions,
 * 1. every net's pins and ports lie in one component of "rectangles of that net that touch, and vias' own layers";
 * 2. no rectangle of W touches one of another owner, nor is nearer to it than the layer's table asks for the wider
 *    of the two and their common run; rectangles of one net do not leave gaps below the spacing either;
 * 3. cuts of one layer keep their spacing, whoever owns them;
 * 4. W lies on the manufacturing grid and inside the die.
 * Widths are those of single rectangles (shapes merged from several are not looked at). Shares no code with the
 * router: it reads the artefacts, never the lattice.
 */
import type { Diagnostic } from '../../base/diagnostic.ts';
import type { Floorplan } from '../floorplan/types.ts';
import type { CutLayer, Kit, RoutingLayer } from '../kit/types.ts';
import type { Netlist } from '../netlist/types.ts';
import type { Placement } from '../placement/types.ts';
import { collectShapes, forNearPairs, NO_PIN, OWNER_NONE, type Shapes } from './verify-shapes.ts';
import type { Routing } from './types.ts';

const REPORTS_PER_CODE = 100;
const BUCKET_UM = 4;

interface Report {
  readonly add: (code: string, message: string, place: string) => void;
  readonly diagnostics: Diagnostic[];
}

function makeReport(): Report {
  const diagnostics: Diagnostic[] = [];
  const count = new Map<string, number>();
  return {
    diagnostics,
    add: (code, message, place) => {
      const n = (count.get(code) ?? 0) + 1;
      count.set(code, n);
      if (n <= REPORTS_PER_CODE) diagnostics.push({ code, severity: 'error', message, place });
    },
  };
}

/** Arrays consistent, wires axis-parallel on routing layers, vias known. False = not fit for further checks. */
function checkForm(netlist: Netlist, kit: Kit, routing: Routing, report: Report): boolean {
  const nets = netlist.netNames.length;
  const isCsr = (start: Int32Array, items: number): boolean =>
    start.length === nets + 1 &&
    start[0] === 0 &&
    start[nets] === items &&
    start.every((v, i) => i === 0 || v >= start[i - 1]);
  if (
    !isCsr(routing.wireStart, routing.wires.length / 5) ||
    !isCsr(routing.viaStart, routing.vias.length / 3)
  ) {
    report.add('ROUTE-101', 'wires or vias do not fit the netlist', netlist.top);
    return false;
  }
  let good = true;
  for (let w = 0; w < routing.wires.length; w += 5) {
    const [layer, x1, y1, x2, y2] = routing.wires.subarray(w, w + 5);
    const ok = kit.tech.layers[layer]?.kind === 'routing' && x1 <= x2 && y1 <= y2 && (x1 === x2 || y1 === y2);
    if (!ok) report.add('ROUTE-101', `wire ${w / 5} is no wire`, netlist.top);
    good &&= ok;
  }
  for (let v = 0; v < routing.vias.length; v += 3) {
    const ok = routing.vias[v] >= 0 && routing.vias[v] < kit.tech.vias.length;
    if (!ok) report.add('ROUTE-101', `via ${v / 3} is of no kind the kit has`, netlist.top);
    good &&= ok;
  }
  return good;
}

function checkGridAndDie(s: Shapes, floorplan: Floorplan, kit: Kit, where: Where, report: Report): void {
  const die = floorplan.die;
  const grid = kit.tech.gridDbu;
  for (let i = 0; i < s.layer.length; i++) {
    if (!s.isRouted[i]) continue;
    if (s.x1[i] < die.x1 || s.y1[i] < die.y1 || s.x2[i] > die.x2 || s.y2[i] > die.y2) {
      report.add('ROUTE-102', `metal outside the die on ${where.layer(i)}`, where.at(i));
    }
    if (s.x1[i] % grid !== 0 || s.y1[i] % grid !== 0 || s.x2[i] % grid !== 0 || s.y2[i] % grid !== 0) {
      report.add('ROUTE-103', `edge off the manufacturing grid on ${where.layer(i)}`, where.at(i));
    }
  }
}

interface Where {
  readonly layer: (i: number) => string;
  readonly owner: (i: number) => string;
  readonly at: (i: number) => string;
}

function describe(s: Shapes, netlist: Netlist, kit: Kit): Where {
  const um = (v: number): string => (v / kit.tech.dbuPerUm).toFixed(3);
  const nets = netlist.netNames.length;
  return {
    layer: (i) => kit.tech.layers[s.layer[i]].name,
    owner: (i) => {
      const o = s.owner[i];
      return o === OWNER_NONE
        ? 'an obstruction'
        : o === nets
          ? 'power'
          : o > nets
            ? 'ground'
            : netlist.netNames[o];
    },
    at: (i) => `(${um(s.x1[i])}, ${um(s.y1[i])}) - (${um(s.x2[i])}, ${um(s.y2[i])}) um`,
  };
}

/** Gap between two rectangles along x and y; negative = overlap in that axis. */
const gapX = (s: Shapes, i: number, j: number): number =>
  Math.max(s.x1[i], s.x1[j]) - Math.min(s.x2[i], s.x2[j]);
const gapY = (s: Shapes, i: number, j: number): number =>
  Math.max(s.y1[i], s.y1[j]) - Math.min(s.y2[i], s.y2[j]);
const widthOf = (s: Shapes, i: number): number => Math.min(s.x2[i] - s.x1[i], s.y2[i] - s.y1[i]);

/** Spacing the layer's table asks between shapes i and j. */
function requiredSpacing(layer: RoutingLayer, s: Shapes, i: number, j: number): number {
  const run = -Math.min(gapX(s, i, j), gapY(s, i, j));
  const width = Math.max(widthOf(s, i), widthOf(s, j));
  let spacing = layer.spacingDbu;
  for (const row of layer.wideSpacing) {
    if (width >= row.widthDbu && run >= row.prlDbu) spacing = Math.max(spacing, row.spacingDbu);
  }
  return spacing;
}

/** Area of the box between two shapes that no shape of the same owner fills. */
function isGapFilled(s: Shapes, i: number, j: number, candidates: readonly number[]): boolean {
  const box = {
    x1: Math.min(Math.max(s.x1[i], s.x1[j]), Math.min(s.x2[i], s.x2[j])),
    x2: Math.max(Math.max(s.x1[i], s.x1[j]), Math.min(s.x2[i], s.x2[j])),
    y1: Math.min(Math.max(s.y1[i], s.y1[j]), Math.min(s.y2[i], s.y2[j])),
    y2: Math.max(Math.max(s.y1[i], s.y1[j]), Math.min(s.y2[i], s.y2[j])),
  };
  // Cut the box at every edge of a candidate and look at each piece's middle.
  const inX = (v: number): boolean => v > box.x1 && v < box.x2;
  const inY = (v: number): boolean => v > box.y1 && v < box.y2;
  const xs = [box.x1, box.x2, ...candidates.flatMap((c) => [s.x1[c], s.x2[c]]).filter(inX)].sort(
    (a, b) => a - b,
  );
  const ys = [box.y1, box.y2, ...candidates.flatMap((c) => [s.y1[c], s.y2[c]]).filter(inY)].sort(
    (a, b) => a - b,
  );
  for (let a = 0; a + 1 < xs.length; a++) {
    for (let b = 0; b + 1 < ys.length; b++) {
      const x = (xs[a] + xs[a + 1]) / 2;
      const y = (ys[b] + ys[b + 1]) / 2;
      const has = candidates.some((c) => x >= s.x1[c] && x <= s.x2[c] && y >= s.y1[c] && y <= s.y2[c]);
      if (!has) return false;
    }
  }
  return true;
}

function find(parent: Int32Array, i: number): number {
  while (parent[i] !== i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

function join(parent: Int32Array, i: number, j: number): void {
  const a = find(parent, i);
  const b = find(parent, j);
  if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
}

/** Spacing, shorts and same-owner contacts of one metal layer. */
function checkMetal(
  s: Shapes,
  members: readonly number[],
  layer: RoutingLayer,
  bucketDbu: number,
  parent: Int32Array,
  where: Where,
  report: Report,
): void {
  let widest = 0;
  for (const i of members) widest = Math.max(widest, widthOf(s, i));
  let reach = layer.spacingDbu;
  for (const row of layer.wideSpacing) if (widest >= row.widthDbu) reach = Math.max(reach, row.spacingDbu);
  const narrowGaps: [number, number][] = [];
  forNearPairs(s, members, reach, bucketDbu, (i, j) => {
    const dx = Math.max(gapX(s, i, j), 0);
    const dy = Math.max(gapY(s, i, j), 0);
    const isSame = s.owner[i] === s.owner[j] && s.owner[i] !== OWNER_NONE;
    if (dx === 0 && dy === 0) {
      if (isSame) join(parent, i, j);
      else
        report.add('ROUTE-106', `${where.owner(i)} touches ${where.owner(j)} on ${layer.name}`, where.at(j));
      return;
    }
    if (isSame) {
      if (dx * dx + dy * dy < layer.spacingDbu ** 2 && s.isRouted[i] && s.isRouted[j])
        narrowGaps.push([i, j]);
      return;
    }
    const spacing = requiredSpacing(layer, s, i, j);
    if (dx * dx + dy * dy < spacing * spacing) {
      const message = `${where.owner(i)} is too near to ${where.owner(j)} on ${layer.name}: ${dx} x ${dy} DBU apart, ${spacing} asked`;
      report.add('ROUTE-107', message, where.at(j));
    }
  });
  checkNarrowGaps(s, members, narrowGaps, layer, where, report);
}

function checkNarrowGaps(
  s: Shapes,
  members: readonly number[],
  gaps: readonly (readonly [number, number])[],
  layer: RoutingLayer,
  where: Where,
  report: Report,
): void {
  if (gaps.length === 0) return;
  const byOwner = new Map<number, number[]>();
  for (const [i] of gaps) byOwner.set(s.owner[i], []);
  for (const m of members) byOwner.get(s.owner[m])?.push(m);
  for (const [i, j] of gaps) {
    const near = (byOwner.get(s.owner[i]) as number[]).filter(
      (c) => gapX(s, i, c) <= layer.spacingDbu && gapY(s, i, c) <= layer.spacingDbu,
    );
    if (isGapFilled(s, i, j, near)) continue;
    report.add('ROUTE-108', `${where.owner(i)} leaves a gap below the spacing on ${layer.name}`, where.at(j));
  }
}

function checkCuts(
  s: Shapes,
  members: readonly number[],
  layer: CutLayer,
  bucketDbu: number,
  where: Where,
  report: Report,
): void {
  forNearPairs(s, members, layer.spacingDbu, bucketDbu, (i, j) => {
    const dx = Math.max(gapX(s, i, j), 0);
    const dy = Math.max(gapY(s, i, j), 0);
    if (dx * dx + dy * dy >= layer.spacingDbu ** 2) return;
    report.add(
      'ROUTE-109',
      `cuts of ${where.owner(i)} and ${where.owner(j)} are too near on ${layer.name}`,
      where.at(j),
    );
  });
}

function checkConnections(
  s: Shapes,
  netlist: Netlist,
  parent: Int32Array,
  where: Where,
  report: Report,
): void {
  const netCount = netlist.netNames.length;
  const pinShape = new Map<number, number>();
  for (let i = 0; i < s.layer.length; i++) {
    if (s.pin[i] !== NO_PIN && !pinShape.has(s.pin[i])) pinShape.set(s.pin[i], i);
  }
  const root = new Int32Array(netCount).fill(-1);
  for (let e = 0; e < netCount; e++) {
    for (let k = netlist.netPinStart[e]; k < netlist.netPinStart[e + 1]; k++) {
      const shape = pinShape.get(netlist.netPins[k]);
      if (shape === undefined) {
        report.add('ROUTE-104', `a pin of net ${netlist.netNames[e]} has no shape`, netlist.netNames[e]);
        continue;
      }
      const r = find(parent, shape);
      if (root[e] < 0) root[e] = r;
      else if (root[e] !== r) {
        report.add(
          'ROUTE-104',
          `net ${netlist.netNames[e]} does not reach a pin at ${where.at(shape)}`,
          netlist.netNames[e],
        );
      }
    }
  }
  for (let i = 0; i < s.layer.length; i++) {
    if (!s.isRouted[i] || find(parent, i) === root[s.owner[i]]) continue;
    report.add('ROUTE-105', `metal of ${where.owner(i)} on ${where.layer(i)} hangs on no pin`, where.at(i));
  }
}

/** All violations (at most 100 of a kind). Cost is about linear in shapes; 15,000 cells take a few seconds. */
export function verifyRouting(
  netlist: Netlist,
  floorplan: Floorplan,
  placement: Placement,
  kit: Kit,
  routing: Routing,
): Diagnostic[] {
  const report = makeReport();
  for (const e of routing.failedNets) {
    report.add('ROUTE-100', `the router gave up on net ${netlist.netNames[e]}`, netlist.netNames[e]);
  }
  if (!checkForm(netlist, kit, routing, report)) return report.diagnostics;
  const s = collectShapes(netlist, floorplan, placement, kit, routing);
  const where = describe(s, netlist, kit);
  checkGridAndDie(s, floorplan, kit, where, report);
  const byLayer: number[][] = kit.tech.layers.map(() => []);
  for (let i = 0; i < s.layer.length; i++) byLayer[s.layer[i]].push(i);
  const parent = Int32Array.from({ length: s.layer.length }, (_, i) => i);
  for (let k = 0; k < s.joined.length; k += 2) join(parent, s.joined[k], s.joined[k + 1]);
  const bucketDbu = BUCKET_UM * kit.tech.dbuPerUm;
  kit.tech.layers.forEach((layer, l) => {
    if (layer.kind === 'routing') checkMetal(s, byLayer[l], layer, bucketDbu, parent, where, report);
    else checkCuts(s, byLayer[l], layer, bucketDbu, where, report);
  });
  checkConnections(s, netlist, parent, where, report);
  return report.diagnostics;
}
