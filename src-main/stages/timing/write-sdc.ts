/** Constraints as Synopsys Design Constraints, in the units of NanGate45's Liberty: ns and fF. */
import type { PortNames } from './sdc-objects.ts';
import type { ClockDefinition, Constraints, PathException, PathPoints, PortDelay } from './types.ts';

const PS_PER_NS = 1000;

/**
 * The constraints as SDC. Without `names`, delays of all inputs are set on `[all_inputs]`, the clock's port
 * included, which tools ignore with a warning; with names every port is named and the clock's left out.
 */
export function writeSdc(c: Constraints, names: PortNames | null = null): string {
  const isClockPort = (name: string): boolean =>
    name === c.clockPort || (c.moreClocks ?? []).some((k) => k.sources.includes(name));
  const list = (ports: readonly string[] | null, all: 'inputs' | 'outputs', isDelay = false): string => {
    if (!ports && !names) return `[all_${all}]`;
    const chosen = ports ?? names![all].filter((name) => !(isDelay && isClockPort(name)));
    return `[get_ports {${chosen.join(' ')}}]`;
  };
  const hasPorts = (ports: readonly string[] | null, all: 'inputs' | 'outputs'): boolean =>
    ports ? ports.length > 0 : !names || names[all].length > 0;
  const clock = `[get_clocks {${c.clockName}}]`;
  const wave = c.waveform ? ` -waveform {${ns(c.waveform.risePs)} ${ns(c.waveform.fallPs)}}` : '';
  const lines = [
    `create_clock -name {${c.clockName}} -period ${ns(c.periodPs)}${wave} [get_ports {${c.clockPort}}]`,
  ];
  if (!c.isClockPropagated && c.clockSlewPs > 0)
    lines.push(`set_clock_transition ${ns(c.clockSlewPs)} ${clock}`);
  if (c.clockLatencyPs !== 0) lines.push(`set_clock_latency ${ns(c.clockLatencyPs)} ${clock}`);
  if (c.clockSourceLatencyPs !== 0)
    lines.push(`set_clock_latency -source ${ns(c.clockSourceLatencyPs)} ${clock}`);
  // Last, as a latency makes the clock ideal again.
  if (c.isClockPropagated) lines.push(`set_propagated_clock ${clock}`);
  const virtual = virtualClocks(c);
  for (const [latencyPs, name] of virtual) {
    lines.push(`create_clock -name {${name}} -period ${ns(c.periodPs)}`);
    if (latencyPs !== 0) lines.push(`set_clock_latency ${ns(latencyPs)} [get_clocks {${name}}]`);
    // The reader puts what a virtual clock lacks of the chip's uncertainty into its delays.
    if (c.setupUncertaintyPs !== 0)
      lines.push(`set_clock_uncertainty -setup ${ns(c.setupUncertaintyPs)} [get_clocks {${name}}]`);
    if (c.holdUncertaintyPs !== 0)
      lines.push(`set_clock_uncertainty -hold ${ns(c.holdUncertaintyPs)} [get_clocks {${name}}]`);
  }
  if (c.setupUncertaintyPs !== 0)
    lines.push(`set_clock_uncertainty -setup ${ns(c.setupUncertaintyPs)} ${clock}`);
  if (c.holdUncertaintyPs !== 0)
    lines.push(`set_clock_uncertainty -hold ${ns(c.holdUncertaintyPs)} ${clock}`);
  const taken = new Set([c.clockPort]);
  for (const k of c.moreClocks ?? []) {
    lines.push(
      ...clockLines(
        k,
        k.sources.some((s) => taken.has(s)),
        c,
      ),
    );
    for (const s of k.sources) taken.add(s);
  }
  for (const groups of c.clockGroups ?? [])
    lines.push(`set_clock_groups -asynchronous${groups.map((g) => ` -group {${g.join(' ')}}`).join('')}`);
  const delays = (command: string, given: readonly PortDelay[], all: 'inputs' | 'outputs'): void => {
    for (const d of given) {
      if (!hasPorts(d.ports, all)) continue;
      const name =
        d.clock ?? (d.virtualLatencyPs === undefined ? c.clockName : virtual.get(d.virtualLatencyPs)!);
      const fall = d.isClockFall ? ' -clock_fall' : '';
      for (const [option, value] of [
        ['-max', d.maxPs],
        ['-min', d.minPs],
      ] as const)
        lines.push(
          `${command} ${option} ${ns(value)} -clock [get_clocks {${name}}]${fall}${
            d.isAdded ? ' -add_delay' : ''
          } ${list(d.ports, all, true)}`,
        );
    }
  };
  delays('set_input_delay', c.inputDelays, 'inputs');
  delays('set_output_delay', c.outputDelays, 'outputs');
  for (const v of c.inputSlewsPs)
    if (hasPorts(v.ports, 'inputs'))
      lines.push(`set_input_transition ${ns(v.value)} ${list(v.ports, 'inputs')}`);
  for (const v of c.outputLoadsFf)
    if (hasPorts(v.ports, 'outputs')) lines.push(`set_load ${v.value} ${list(v.ports, 'outputs')}`);
  for (const d of c.drivingCells)
    if (hasPorts(d.ports, 'inputs'))
      lines.push(`set_driving_cell -lib_cell ${d.master} -pin ${d.pin} ${list(d.ports, 'inputs')}`);
  if (c.falsePathsFrom.length > 0) lines.push(`set_false_path -from ${list(c.falsePathsFrom, 'inputs')}`);
  const endpoints = (all: readonly string[]): string[] => {
    const pins = all.filter((name) => name.includes('/'));
    const ports = all.filter((name) => !name.includes('/'));
    return [
      ...(ports.length > 0 ? [`[get_ports {${ports.join(' ')}}]`] : []),
      ...(pins.length > 0 ? [`[get_pins {${pins.join(' ')}}]`] : []),
    ];
  };
  for (const to of endpoints(c.falsePathsTo)) lines.push(`set_false_path -to ${to}`);
  for (const m of c.multicycles)
    for (const to of endpoints(m.to)) {
      if (m.setup !== null) lines.push(`set_multicycle_path -setup ${m.setup} -to ${to}`);
      if (m.hold !== null) lines.push(`set_multicycle_path -hold ${m.hold} -to ${to}`);
    }
  for (const e of c.exceptions ?? []) lines.push(exceptionLine(e));
  const { maxSlewPs, maxLoadFf, maxFanout } = c.limits;
  if (maxSlewPs !== null) lines.push(`set_max_transition ${ns(maxSlewPs)} [current_design]`);
  if (maxLoadFf !== null) lines.push(`set_max_capacitance ${maxLoadFf} [current_design]`);
  if (maxFanout !== null) lines.push(`set_max_fanout ${maxFanout} [current_design]`);
  return lines.join('\n') + '\n';
}

const ns = (ps: number): string => String(ps / PS_PER_NS);

const pinsAs = (names: readonly string[]): string[] => {
  const [pins, ports] = [names.filter((n) => n.includes('/')), names.filter((n) => !n.includes('/'))];
  return [
    ...(ports.length > 0 ? [`[get_ports {${ports.join(' ')}}]`] : []),
    ...(pins.length > 0 ? [`[get_pins {${pins.join(' ')}}]`] : []),
  ];
};

/** One collection, or a list of several. */
const together = (parts: readonly string[]): string =>
  parts.length === 1 ? parts[0]! : `[list ${parts.join(' ')}]`;

function clockLines(k: ClockDefinition, isShared: boolean, c: Constraints): string[] {
  const at = k.sources.length > 0 ? ` ${together(pinsAs(k.sources))}` : '';
  const name = `[get_clocks {${k.name}}]`;
  const add = isShared ? ' -add' : '';
  const g = k.generated;
  const lines: string[] = [];
  if (g) {
    const master = g.master ?? (isShared ? c.clockName : null);
    lines.push(
      `create_generated_clock -name {${k.name}} -source ${together(pinsAs([g.source]))}${
        master === null ? '' : ` -master_clock [get_clocks {${master}}]`
      }${g.multiplyBy > 1 ? ` -multiply_by ${g.multiplyBy}` : ` -divide_by ${g.divideBy}`}${
        g.isInverted ? ' -invert' : ''
      }${g.isCombinational ? ' -combinational' : ''}${add}${at}`,
    );
  } else {
    const isPlain = k.risePs === 0 && k.fallPs === k.periodPs! / 2;
    const wave = isPlain ? '' : ` -waveform {${ns(k.risePs)} ${ns(k.fallPs)}}`;
    lines.push(`create_clock -name {${k.name}} -period ${ns(k.periodPs!)}${wave}${add}${at}`);
  }
  if (k.slewPs > 0) lines.push(`set_clock_transition ${ns(k.slewPs)} ${name}`);
  if (k.latencyPs !== 0) lines.push(`set_clock_latency ${ns(k.latencyPs)} ${name}`);
  if (k.sourceLatencyPs !== null) lines.push(`set_clock_latency -source ${ns(k.sourceLatencyPs)} ${name}`);
  if (k.isPropagated) lines.push(`set_propagated_clock ${name}`);
  if (k.setupUncertaintyPs !== 0)
    lines.push(`set_clock_uncertainty -setup ${ns(k.setupUncertaintyPs)} ${name}`);
  if (k.holdUncertaintyPs !== 0) lines.push(`set_clock_uncertainty -hold ${ns(k.holdUncertaintyPs)} ${name}`);
  return lines;
}

function pointsText(p: PathPoints): string {
  return together([
    ...(p.clocks.length > 0 ? [`[get_clocks {${p.clocks.join(' ')}}]`] : []),
    ...pinsAs(p.pins),
    ...(p.cells.length > 0 ? [`[get_cells {${p.cells.join(' ')}}]`] : []),
  ]);
}

function exceptionLine(e: PathException): string {
  const check = e.check === 'both' || e.kind.endsWith('Delay') ? '' : ` -${e.check}`;
  const clock = e.kind === 'multicycle' ? (e.isByLaunch ? ' -start' : ' -end') : '';
  const head = {
    false: `set_false_path${check}`,
    multicycle: `set_multicycle_path ${e.value}${check}${clock}`,
    maxDelay: `set_max_delay ${ns(e.value)}`,
    minDelay: `set_min_delay ${ns(e.value)}`,
  }[e.kind];
  const from = e.from ? ` -from ${pointsText(e.from)}` : '';
  const through = e.through.map((p) => ` -through ${pointsText(p)}`).join('');
  return `${head}${from}${through}${e.to ? ` -to ${pointsText(e.to)}` : ''}`;
}

/** Names of the virtual clocks that port delays refer to, by their latency in ps. */
function virtualClocks(c: Constraints): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { virtualLatencyPs } of [...c.inputDelays, ...c.outputDelays])
    if (virtualLatencyPs !== undefined && !names.has(virtualLatencyPs))
      names.set(virtualLatencyPs, `${c.clockName}_virtual${names.size === 0 ? '' : names.size + 1}`);
  return names;
}
