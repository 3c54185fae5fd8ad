import type { Kit, Lut, Master } from '../../kit/types.ts';

/** Bilinear within, linear beyond the table, as Liberty's NLDM asks for. */
export function lookUpLut(lut: Lut, x: number, y: number): number {
  const span = (axis: Float64Array, v: number): [number, number] => {
    if (axis.length < 2) return [0, 0];
    let i = 0;
    while (i + 2 < axis.length && axis[i + 1] <= v) i++;
    return [i, (v - axis[i]) / (axis[i + 1] - axis[i])];
  };
  const columns = Math.max(1, lut.index2.length);
  const [i, fx] = span(lut.index1, x);
  const [j, fy] = span(lut.index2, y);
  const at = (r: number, c: number): number => lut.values[r * columns + c];
  const di = lut.index1.length > 1 ? 1 : 0;
  const dj = lut.index2.length > 1 ? 1 : 0;
  const low = at(i, j) + fy * (at(i, j + dj) - at(i, j));
  const high = at(i + di, j) + fy * (at(i + di, j + dj) - at(i + di, j));
  return low + fx * (high - low);
}

/** Slowest output slew of a pin over its arcs, ps, for one input slew and load. */
function outputSlewPs(master: Master, pin: number, inputSlewPs: number, loadFf: number): number {
  let slew = 0;
  for (const arc of master.pins[pin].arcs)
    for (const lut of [arc.riseSlewPs, arc.fallSlewPs])
      if (lut) slew = Math.max(slew, lookUpLut(lut, inputSlewPs, loadFf));
  return slew;
}

/**
 * Largest load, fF, that keeps the pin's slew within `slewLimitPs` for an input slew of the same size, and within
 * the pin's own max_capacitance.
 */
export function loadLimitFf(master: Master, pin: number, slewLimitPs: number): number {
  const most = master.pins[pin].maxCapacitanceFf > 0 ? master.pins[pin].maxCapacitanceFf : 1e4;
  if (master.pins[pin].arcs.length === 0 || outputSlewPs(master, pin, slewLimitPs, most) <= slewLimitPs)
    return most;
  let low = 0;
  let high = most;
  for (let k = 0; k < 30; k++) {
    const mid = (low + high) / 2;
    if (outputSlewPs(master, pin, slewLimitPs, mid) <= slewLimitPs) low = mid;
    else high = mid;
  }
  return low;
}

/** A buffer master with its two pins. */
export interface BufferCell {
  readonly master: number;
  readonly input: number;
  readonly output: number;
  readonly inputCapFf: number;
  readonly limitFf: number;
  readonly widthDbu: number;
}

/** The named buffers of the kit, weakest first, with their load limits. */
export function bufferCells(kit: Kit, names: readonly string[], slewLimitPs: number): BufferCell[] {
  const cells: BufferCell[] = [];
  for (const name of names) {
    const master = kit.masters.findIndex((m) => m.name === name);
    const m = kit.masters[master];
    if (!m) continue;
    const input = m.pins.findIndex((p) => p.direction === 'input');
    const output = m.pins.findIndex((p) => p.direction === 'output');
    if (input < 0 || output < 0) continue;
    cells.push({
      master,
      input,
      output,
      inputCapFf: m.pins[input].capacitanceFf,
      limitFf: loadLimitFf(m, output, slewLimitPs),
      widthDbu: m.widthDbu,
    });
  }
  return cells.sort((a, b) => a.limitFf - b.limitFf);
}

/**
 * Larger drives of each master: same pins and functions, more drive, by rising width. Found by structure and not
 * by name. [masters] indices of the family members wider than the master.
 */
export function largerDrives(kit: Kit): readonly (readonly number[])[] {
  const signature = (m: Master): string =>
    m.kind !== 'core'
      ? ''
      : JSON.stringify([
          m.pins.map((p) => [p.name, p.direction, p.function, p.isClock]),
          m.sequential && [
            m.sequential.kind,
            m.sequential.clockedOn,
            m.sequential.nextState,
            m.sequential.clear,
            m.sequential.preset,
          ],
        ]);
  const signatures = kit.masters.map(signature);
  const stem = (name: string): string => name.replace(/_X\d+$/, '');
  return kit.masters.map((m, i) => {
    if (signatures[i] === '') return [];
    return kit.masters
      .map((_, j) => j)
      .filter((j) => {
        const other = kit.masters[j];
        return (
          signatures[j] === signatures[i] &&
          stem(other.name) === stem(m.name) &&
          other.widthDbu > m.widthDbu &&
          !other.dontUse
        );
      })
      .sort((a, b) => kit.masters[a].widthDbu - kit.masters[b].widthDbu);
  });
}
