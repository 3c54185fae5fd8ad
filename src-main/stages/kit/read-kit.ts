import { IngotError, type Diagnosed, type Diagnostic } from '../../base/diagnostic.ts';
import { joinMaster } from './join-master.ts';
import { emptyLef, readLef, type Lef, type LefVia, type LefViaRule } from './lef.ts';
import { readLiberty } from './liberty.ts';
import { KIT_FACTS, type KitFacts } from './nangate45.ts';
import { FRESH_KIT } from './source-place.ts';
import type { Kit, KitRoles, Layer, Tech, ViaDef, ViaRule } from './types.ts';

export interface KitTexts {
  /** A kit Ingot has a table for, e.g. `nangate45`. */
  readonly name: string;
  readonly techLef: string;
  readonly cellLef: string;
  readonly liberty: string;
}

/**
 * Reads a process kit: technology LEF, cell LEF and Liberty, joined cell by cell and pin by pin.
 * Lengths in DBU, times in ps, capacitances in fF, energies in fJ, leakage in nW.
 * Throws KIT-001..005 (LEF), KIT-010..014 (Liberty), KIT-020..024 (the two do not fit); warnings come back.
 */
export function readKit(texts: KitTexts): Diagnosed<Kit> {
  const facts = KIT_FACTS.get(texts.name);
  if (!facts)
    throw new IngotError('KIT-023', `process kit "${texts.name}" is not known`, {
      remedy: `use one of: ${[...KIT_FACTS.keys()].join(', ')}`,
    });
  const lef = emptyLef();
  readLef(`${texts.name} technology LEF`, texts.techLef, lef);
  if (lef.dbuPerUm === 0 || lef.layers.length === 0 || lef.site === null)
    throw mismatch(
      'KIT-003',
      'technology LEF lacks units, layers or a site',
      `${texts.name} technology LEF:1:1`,
    );
  readLef(`${texts.name} cell LEF`, texts.cellLef, lef);
  const diagnostics: Diagnostic[] = lef.diagnostics;
  const liberty = readLiberty(`${texts.name} Liberty`, texts.liberty, diagnostics);
  const tech = makeTech(lef, facts);
  const masters = lef.macros.map((macro) => joinMaster(macro, liberty, tech, facts, diagnostics));
  const known = new Set(masters.map((m) => m.name));
  const twice = lef.macros.find((m, k) => lef.macros.findIndex((other) => other.name === m.name) !== k);
  if (twice) throw mismatch('KIT-020', `macro ${twice.name} stands twice in the cell LEF`, twice.place);
  for (const [name, cell] of liberty.cells)
    if (!known.has(name)) throw mismatch('KIT-020', `cell ${name} has no LEF macro`, cell.place);
  const { tapDistanceUm, ...names } = facts.roles;
  const roles: KitRoles = { ...names, tapDistanceDbu: Math.round(tapDistanceUm * lef.dbuPerUm) };
  for (const name of roleMasters(roles))
    if (!known.has(name))
      throw mismatch('KIT-024', `the kit lacks its cell ${name}`, `${texts.name} cell LEF:1:1`);
  const kit: Kit = {
    name: texts.name,
    tech,
    masters,
    voltageV: liberty.voltageV,
    temperatureC: liberty.temperatureC,
    defaultMaxSlewPs: liberty.defaultMaxSlewPs,
    slewLower: liberty.slewLower,
    slewUpper: liberty.slewUpper,
    roles,
  };
  return { value: kit, diagnostics };
}

/** Index into `Kit.masters` by master name. */
export function masterIndex(kit: Kit): Map<string, number> {
  return new Map(kit.masters.map((m, i) => [m.name, i]));
}

function mismatch(code: string, message: string, place: string): IngotError {
  return new IngotError(code, message, { place, remedy: FRESH_KIT });
}

function roleMasters(r: KitRoles): string[] {
  return [
    r.tieHigh.master,
    r.tieLow.master,
    r.tap,
    r.antennaDiode,
    ...r.fillers,
    ...r.buffers,
    ...r.clockBuffers,
  ];
}

function makeTech(lef: Lef, facts: KitFacts): Tech {
  const missing = (layer: string, k: number): IngotError =>
    mismatch('KIT-005', `layer ${layer} is not in the kit's table`, lef.layerPlaces[k]!);
  const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
    Object.hasOwn(table, name) ? table[name] : undefined;
  const layers = lef.layers.map((layer, k): Layer => {
    if (layer.kind === 'cut') {
      const gdsLayer = own(facts.cutGds, layer.name);
      if (gdsLayer === undefined) throw missing(layer.name, k);
      return { ...layer, gdsLayer };
    }
    const metal = own(facts.metals, layer.name);
    if (!metal) throw missing(layer.name, k);
    return {
      ...layer,
      capacitanceFfPerUm: metal.ffPerUm,
      resistanceOhmPerUm: metal.ohmPerUm,
      gdsLayer: metal.gds,
    };
  });
  layers.forEach((layer, i) => {
    if ((layer.kind === 'routing') !== (i % 2 === 0))
      throw mismatch(
        'KIT-003',
        `layers do not alternate between metal and cut at ${layer.name}`,
        lef.layerPlaces[i]!,
      );
  });
  const site = lef.site!;
  return {
    dbuPerUm: lef.dbuPerUm,
    gridDbu: Math.max(1, Math.round(lef.gridUm * lef.dbuPerUm)),
    layers,
    vias: lef.vias.map((via) => makeVia(via, layers)),
    viaRules: lef.viaRules.map((rule) => makeViaRule(rule, layers)),
    siteName: site.name,
    siteWidthDbu: site.widthDbu,
    rowHeightDbu: site.heightDbu,
  };
}

/** The cut layer among `names` and the metals right below and above it. */
function stack(
  owner: string,
  place: string,
  names: readonly string[],
  layers: readonly Layer[],
): [number, number, number] {
  const indices = [...new Set(names.map((name) => layers.findIndex((l) => l.name === name)))].sort(
    (a, b) => a - b,
  );
  const [below, cut, above] = indices;
  if (indices.length !== 3 || layers[cut!]?.kind !== 'cut' || below !== cut! - 1 || above !== cut! + 1)
    throw mismatch('KIT-005', `${owner} does not join two neighbouring metals`, place);
  return [below, cut!, above];
}

function makeVia({ name, place, shapes }: LefVia, layers: readonly Layer[]): ViaDef {
  const [below, cut, above] = stack(
    `via ${name}`,
    place,
    shapes.map((s) => s.layer),
    layers,
  );
  const on = (layer: number) => shapes.filter((s) => s.layer === layers[layer]!.name).map((s) => s.rect);
  const [belowRects, aboveRects] = [on(below), on(above)];
  if (belowRects.length !== 1 || aboveRects.length !== 1)
    throw mismatch('KIT-002', `via ${name} has more than one rectangle on a metal`, place);
  return { name, below, cut, above, belowRect: belowRects[0]!, aboveRect: aboveRects[0]!, cutRects: on(cut) };
}

function makeViaRule(rule: LefViaRule, layers: readonly Layer[]): ViaRule {
  const cutOf = rule.cut;
  if (cutOf === null) throw mismatch('KIT-003', `via rule ${rule.name} has no cut`, rule.place);
  const [below, cut, above] = stack(
    `via rule ${rule.name}`,
    rule.place,
    [cutOf.layer, ...rule.enclosures.map((e) => e.layer)],
    layers,
  );
  const enclosure = (layer: number): [number, number] => {
    const found = rule.enclosures.find((e) => e.layer === layers[layer]!.name);
    if (!found) throw mismatch('KIT-003', `via rule ${rule.name} has no ENCLOSURE on a metal`, rule.place);
    return found.overhangs;
  };
  return {
    name: rule.name,
    below,
    cut,
    above,
    cutRect: cutOf.rect,
    cutPitchXDbu: cutOf.pitchX,
    cutPitchYDbu: cutOf.pitchY,
    belowEnclosureDbu: enclosure(below),
    aboveEnclosureDbu: enclosure(above),
  };
}
