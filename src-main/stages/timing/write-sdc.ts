/** Constraints as Synopsys Design Constraints, in the units of NanGate45's Liberty: ns and fF. */
import type { PortNames } from './sdc-objects.ts';
import type { Constraints, PortDelay } from './types.ts';

const PS_PER_NS = 1000;

/**
 * The constraints as SDC. Without `names`, delays of all inputs are set on `[all_inputs]`, the clock's port
 * included, which tools ignore with a warning; with names every port is named and the clock's left out.
 */
export function writeSdc(c: Constraints, names: PortNames | null = null): string {
  const list = (ports: readonly string[] | null, all: 'inputs' | 'outputs', isDelay = false): string => {
    if (!ports && !names) return `[all_${all}]`;
    const chosen = ports ?? names![all].filter((name) => !(isDelay && name === c.clockPort));
    return `[get_ports {${chosen.join(' ')}}]`;
  };
  const hasPorts = (ports: readonly string[] | null, all: 'inputs' | 'outputs'): boolean =>
    ports ? ports.length > 0 : !names || names[all].length > 0;
  const ns = (ps: number): string => String(ps / PS_PER_NS);
  const clock = `[get_clocks {${c.clockName}}]`;
  const lines = [
    `create_clock -name {${c.clockName}} -period ${ns(c.periodPs)} [get_ports {${c.clockPort}}]`,
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
  const delays = (command: string, given: readonly PortDelay[], all: 'inputs' | 'outputs'): void => {
    for (const d of given) {
      if (!hasPorts(d.ports, all)) continue;
      const dating =
        d.virtualLatencyPs === undefined ? clock : `[get_clocks {${virtual.get(d.virtualLatencyPs)!}}]`;
      for (const [option, value] of [
        ['-max', d.maxPs],
        ['-min', d.minPs],
      ] as const)
        lines.push(`${command} ${option} ${ns(value)} -clock ${dating} ${list(d.ports, all, true)}`);
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
  const { maxSlewPs, maxLoadFf, maxFanout } = c.limits;
  if (maxSlewPs !== null) lines.push(`set_max_transition ${ns(maxSlewPs)} [current_design]`);
  if (maxLoadFf !== null) lines.push(`set_max_capacitance ${maxLoadFf} [current_design]`);
  if (maxFanout !== null) lines.push(`set_max_fanout ${maxFanout} [current_design]`);
  return lines.join('\n') + '\n';
}

/** Names of the virtual clocks that port delays refer to, by their latency in ps. */
function virtualClocks(c: Constraints): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const { virtualLatencyPs } of [...c.inputDelays, ...c.outputDelays])
    if (virtualLatencyPs !== undefined && !names.has(virtualLatencyPs))
      names.set(virtualLatencyPs, `${c.clockName}_virtual${names.size === 0 ? '' : names.size + 1}`);
  return names;
}
