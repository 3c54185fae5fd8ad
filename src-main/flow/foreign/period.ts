/**
 * The clock period of constraints before there is a netlist that their names could be looked up in: the mapper's aim,
 * not a check. What it cannot tell is null; the constraints themselves are read with the netlist's ports afterwards.
 */
import { readSdc } from '../../stages/timing/index.ts';

export function plainPeriodPs(sdc: string): number | null {
  try {
    return readSdc(sdc).periodPs;
  } catch {
    const joined = sdc.replace(/\\\r?\n/g, ' ').replace(/^\s*#.*$/gm, '');
    const period = /\bcreate_clock\b[^\n]*?-period\s+(\S+)/.exec(joined)?.[1];
    const name = /^\$\{?(\w+)\}?$/.exec(period ?? '')?.[1];
    const text =
      name === undefined ? period : new RegExp(`^\\s*set\\s+${name}\\s+(\\S+)`, 'm').exec(joined)?.[1];
    const ns = Number(text);
    return text !== undefined && ns > 0 && Number.isFinite(ns) ? ns * 1000 : null;
  }
}
