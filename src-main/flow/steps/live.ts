/** Pictures of placement and routing at work, out of what the stages tell their observers. */
import { pack } from '../../base/pack.ts';
import type { LiveCurve, LivePicture } from '../../base/live-picture.ts';
import type { Floorplan, Placement } from '../../stages/floorplan/index.ts';
import type { Kit } from '../../stages/kit/index.ts';
import type { Netlist } from '../../stages/netlist/index.ts';

/** Points of a curve that are kept; more are thinned by half. */
const POINTS_MAX = 2000;

/** Measures over time and the phases in them. */
export class Curves {
  readonly #names: readonly (readonly [name: string, unit: string])[];
  #rows: number[][] = [];
  #marks: { at: number; name: string }[] = [];
  #stride = 1;
  #seen = 0;
  #phase = '';

  constructor(...names: readonly (readonly [name: string, unit: string])[]) {
    this.#names = names;
  }

  add(phase: string, ...values: readonly number[]): void {
    if (phase !== this.#phase) this.#marks.push({ at: this.#rows.length, name: phase });
    this.#phase = phase;
    if (this.#seen++ % this.#stride !== 0) return;
    this.#rows.push([...values]);
    if (this.#rows.length <= POINTS_MAX) return;
    this.#rows = this.#rows.filter((_, k) => k % 2 === 0);
    this.#marks = this.#marks.map(({ at, name }) => ({ at: Math.ceil(at / 2), name }));
    this.#stride *= 2;
  }

  get curves(): LiveCurve[] {
    return this.#names.map(([name, unit], k) => ({
      name,
      unit,
      values: Float64Array.from(this.#rows, (row) => row[k]!),
    }));
  }

  get marks(): LivePicture['marks'] {
    return this.#marks;
  }
}

interface Shown {
  readonly step: string;
  readonly phase: string;
  readonly kit: Kit;
  readonly floorplan: Floorplan;
  readonly netlist: Netlist;
  readonly placement: Placement;
  /** [wires * 5] as in LivePicture. */
  readonly wires: Int32Array;
  readonly curves: Curves;
}

/** Packed. Fillers and taps are left out. */
export function livePicture({
  step,
  phase,
  kit,
  floorplan,
  netlist,
  placement,
  wires,
  curves,
}: Shown): Uint8Array {
  const cells: number[] = [];
  for (let i = 0; i < netlist.instMaster.length; i++) {
    const { kind, widthDbu, heightDbu } = kit.masters[netlist.instMaster[i]!]!;
    if (kind === 'filler' || kind === 'tap') continue;
    const [x, y] = [placement.xDbu[i]!, placement.yDbu[i]!];
    cells.push(x, y, x + widthDbu, y + heightDbu);
  }
  const { die, core } = floorplan;
  const picture: LivePicture = {
    step,
    phase,
    dbuPerUm: kit.tech.dbuPerUm,
    die: Int32Array.of(die.x1, die.y1, die.x2, die.y2),
    core: Int32Array.of(core.x1, core.y1, core.x2, core.y2),
    cells: Int32Array.from(cells),
    wires,
    layerNames: kit.tech.layers.map((l) => l.name),
    layerWidthDbu: Int32Array.from(kit.tech.layers, (l) => (l.kind === 'routing' ? l.widthDbu : 0)),
    curves: curves.curves,
    marks: curves.marks,
  };
  return pack(picture);
}
