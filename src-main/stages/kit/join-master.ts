/** One LEF macro and its Liberty cell become one master. */
import { IngotError, type Diagnostic } from '../../base/diagnostic.ts';
import type { LefMacro, LefPin, LefShape } from './lef-macros.ts';
import type { Liberty, LibertyCell, LibertyPin } from './liberty.ts';
import type { KitFacts } from './nangate45.ts';
import { FRESH_KIT } from './source-place.ts';
import type { Master, MasterPin, PowerArc, Tech, TimingArc } from './types.ts';

export function joinMaster(
  macro: LefMacro,
  liberty: Liberty,
  tech: Tech,
  facts: KitFacts,
  diagnostics: Diagnostic[],
): Master {
  const cell = liberty.cells.get(macro.name);
  if (!cell) throw refusal('KIT-020', `macro ${macro.name} has no Liberty cell`, macro.place);
  const areaUm2 = (macro.widthDbu * macro.heightDbu) / tech.dbuPerUm ** 2;
  if (Math.abs(areaUm2 - cell.areaUm2) > 1e-3)
    diagnostics.push({
      code: 'KIT-022',
      severity: 'warning',
      message: `area of ${macro.name} is ${areaUm2.toFixed(3)} um2 in LEF and ${cell.areaUm2} in Liberty; LEF is used`,
      place: cell.place,
    });
  const pinNames = macro.pins.map((pin) => pin.name);
  for (const pin of cell.pins.values())
    if (pin.direction !== 'internal' && !pinNames.includes(pin.name))
      throw refusal('KIT-021', `pin ${macro.name}/${pin.name} is not in LEF`, cell.place);
  return {
    name: macro.name,
    kind: facts.kinds.find((rule) => rule.pattern.test(macro.name))?.kind ?? 'core',
    widthDbu: macro.widthDbu,
    heightDbu: macro.heightDbu,
    pins: macro.pins.map((pin) => joinPin(macro, pin, pinNames, cell, liberty, tech, facts)),
    obstructions: indexShapes(macro.obstructions, tech),
    areaUm2,
    leakageNw: cell.leakageNw,
    leakageStates: cell.leakageStates,
    sequential: cell.sequential,
    dontUse: cell.dontUse || facts.dontUse.includes(macro.name),
  };
}

function joinPin(
  macro: LefMacro,
  pin: LefPin,
  pinNames: readonly string[],
  cell: LibertyCell,
  liberty: Liberty,
  tech: Tech,
  facts: KitFacts,
): MasterPin {
  const isSupply = pin.use === 'power' || pin.use === 'ground';
  const electrical = cell.pins.get(pin.name);
  if (!isSupply && !electrical)
    throw refusal('KIT-021', `pin ${macro.name}/${pin.name} is not in Liberty`, macro.place);
  if (electrical && electrical.direction !== pin.direction)
    throw refusal(
      'KIT-021',
      `pin ${macro.name}/${pin.name} is ${pin.direction} in LEF, ${electrical.direction} in Liberty`,
      cell.place,
    );
  const related = (name: string, offset: number): number => {
    const index = pinNames.indexOf(name);
    if (index === -1)
      liberty.source.refuse('KIT-021', `related pin ${name} is no pin of ${macro.name}`, offset, FRESH_KIT);
    return index;
  };
  return {
    name: pin.name,
    direction: pin.direction,
    use: pin.use,
    shapes: pinShapes(macro, pin, tech, facts),
    ...electricalOf(electrical, liberty, related),
    antennaGateAreaUm2: pin.antennaGateAreaUm2,
  };
}

function electricalOf(
  pin: LibertyPin | undefined,
  liberty: Liberty,
  related: (name: string, offset: number) => number,
): Omit<MasterPin, 'name' | 'direction' | 'use' | 'shapes' | 'antennaGateAreaUm2'> {
  return {
    capacitanceFf: pin?.capacitanceFf ?? 0,
    riseCapacitanceFf: pin?.riseCapacitanceFf ?? 0,
    fallCapacitanceFf: pin?.fallCapacitanceFf ?? 0,
    maxCapacitanceFf: pin?.maxCapacitanceFf ?? 0,
    maxSlewPs: pin ? (pin.maxSlewPs ?? liberty.defaultMaxSlewPs) : 0,
    function: pin?.function ?? null,
    threeState: pin?.threeState ?? null,
    isClock: pin?.isClock ?? false,
    arcs: (pin?.arcs ?? []).map(({ related: name, offset, ...arc }): TimingArc => {
      return { ...arc, relatedPin: related(name, offset) };
    }),
    power: (pin?.power ?? []).map(({ related: name, offset, ...arc }): PowerArc => {
      return { ...arc, relatedPin: name === null ? null : related(name, offset) };
    }),
  };
}

function pinShapes(macro: LefMacro, pin: LefPin, tech: Tech, facts: KitFacts): MasterPin['shapes'] {
  const replaced = facts.shapes.find((s) => s.master === macro.name && s.pin === pin.name);
  if (!replaced) return indexShapes(pin.shapes, tech);
  const dbu = (um: number): number => Math.round(um * tech.dbuPerUm);
  return indexShapes(
    replaced.rectsUm.map(([x1, y1, x2, y2]) => ({
      layer: replaced.layer,
      rect: { x1: dbu(x1), y1: dbu(y1), x2: dbu(x2), y2: dbu(y2) },
    })),
    tech,
  );
}

/** Shapes on layers that carry no wires (poly, active) are dropped. */
function indexShapes(shapes: readonly LefShape[], tech: Tech): MasterPin['shapes'] {
  return shapes.flatMap(({ layer, rect }) => {
    const index = tech.layers.findIndex((l) => l.name === layer);
    return index === -1 ? [] : [{ layer: index, rect }];
  });
}

function refusal(code: string, message: string, place: string): IngotError {
  return new IngotError(code, message, { place, remedy: FRESH_KIT });
}
