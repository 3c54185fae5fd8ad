import { ORIENT_NAMES } from '../../base/geometry.ts';
import { topStructure } from './verify-areas.ts';
import type { GdsLibrary, GdsReferences, LayoutDesign } from './types.ts';
import type { Reporter } from './verify-areas.ts';

/** Compares the top structure of a GDS with the design: instances, vias, rectangles, labels. */
export function verifyGds(design: LayoutDesign, gds: GdsLibrary, report: Reporter): void {
  const top = topStructure(gds);
  const toDesign = design.kit.tech.dbuPerUm / gds.dbuPerUm;
  gds.structureIndex.forEach((index, k) => {
    if (index < 0) report('LAYOUT-047', 'the structure is missing', `GDS structure ${gds.structureNames[k]}`);
  });
  verifyInstances(design, gds, top.references, toDesign, report);
  verifyVias(design, gds, top.references, toDesign, report);
  const { floorplan, routing, netlist } = design;
  const expected =
    1 + floorplan.powerShapes.length + floorplan.portPins.length + (routing ? routing.wires.length / 5 : 0);
  const actual = top.boundaries.layer.length;
  if (actual !== expected) report('LAYOUT-042', `${actual} rectangles instead of ${expected}`, 'GDS top');
  const labels = new Set(top.texts.map((text) => text.text));
  for (const { port } of floorplan.portPins) {
    const name = netlist.ports[port]!.name;
    if (!labels.has(name)) report('LAYOUT-047', 'the port has no label', `GDS label ${name}`);
  }
}

/** Orientation from what the transformation does to the axes; null for one that no row has. */
export function orientOf(references: GdsReferences, k: number): number | null {
  if (references.magnification[k] !== 1) return null;
  const angle = references.angleDegrees[k]!;
  if (angle !== 0 && angle !== 180) return null;
  const signX = angle === 180 ? -1 : 1;
  const signY = (angle === 180 ? -1 : 1) * (references.isMirrored[k] ? -1 : 1);
  return signX > 0 ? (signY > 0 ? 0 : 3) : signY > 0 ? 2 : 1;
}

function verifyInstances(
  { netlist, placement, kit }: LayoutDesign,
  gds: GdsLibrary,
  references: GdsReferences,
  toDesign: number,
  report: Reporter,
): void {
  const indexOf = new Map<string, number>();
  references.instanceNames.forEach((name, k) => {
    if (name !== '' && indexOf.has(name)) report('LAYOUT-040', 'it is there twice', `GDS instance ${name}`);
    if (name !== '') indexOf.set(name, k);
  });
  if (indexOf.size !== netlist.instNames.length)
    report('LAYOUT-040', `${indexOf.size} instances instead of ${netlist.instNames.length}`, 'GDS');
  for (let i = 0; i < netlist.instNames.length; i++) {
    const name = netlist.instNames[i]!;
    const k = indexOf.get(name);
    const master = kit.masters[netlist.instMaster[i]!]!;
    const expected = `${master.name} ${placement.xDbu[i]} ${placement.yDbu[i]} ${ORIENT_NAMES[placement.orient[i]!]}`;
    let actual = 'nothing';
    if (k !== undefined) {
      const orient = orientOf(references, k);
      // Where the master's far corner lands decides which corner is the lower left one.
      const farX = orient === 1 || orient === 2 ? -master.widthDbu : master.widthDbu;
      const farY = orient === 1 || orient === 3 ? -master.heightDbu : master.heightDbu;
      const x = references.x[k]! * toDesign + Math.min(0, farX);
      const y = references.y[k]! * toDesign + Math.min(0, farY);
      const structure = gds.structureNames[references.structure[k]!];
      actual = `${structure} ${x} ${y} ${orient === null ? 'turned or scaled' : ORIENT_NAMES[orient]}`;
    }
    if (actual !== expected) report('LAYOUT-040', `${actual} instead of ${expected}`, `GDS instance ${name}`);
  }
}

function verifyVias(
  { floorplan, routing, kit }: LayoutDesign,
  gds: GdsLibrary,
  references: GdsReferences,
  toDesign: number,
  report: Reporter,
): void {
  const actual: string[] = [];
  references.instanceNames.forEach((name, k) => {
    if (name !== '') return;
    const structure = gds.structureNames[references.structure[k]!]!;
    actual.push(`${structure} ${references.x[k]! * toDesign} ${references.y[k]! * toDesign}`);
  });
  const structureOf = (name: string): string => `VIA_${name.replace(/[^\w$?]/g, '_')}`;
  const expected = floorplan.powerVias.map(
    (v) => `${structureOf(floorplan.powerViaDefs[v.via]!.name)} ${v.xDbu} ${v.yDbu}`,
  );
  if (routing)
    for (let v = 0; v < routing.vias.length; v += 3)
      expected.push(
        `${structureOf(kit.tech.vias[routing.vias[v]!]!.name)} ${routing.vias[v + 1]} ${routing.vias[v + 2]}`,
      );
  if (actual.length !== expected.length)
    report('LAYOUT-042', `${actual.length} vias instead of ${expected.length}`, 'GDS top');
  actual.sort();
  expected.sort();
  const k = actual.findIndex((text, i) => text !== expected[i]);
  if (k >= 0) report('LAYOUT-042', `${actual[k]} instead of ${expected[k]}`, 'GDS vias');
}
