/** Average power over a workload. Powers mW (fJ per ps), energies fJ. */

export interface PowerInput {
  /** [nets] mean transitions per clock cycle, from a gate-level replay. Clock nets (netIsClock) count 2 whatever stands here. */
  readonly togglesPerCycle: Float64Array;
  /** [nets] share of time at 1; null = 0.5 everywhere (tie cells excepted). */
  readonly probabilityOne: Float64Array | null;
  readonly clockPeriodPs: number;
  /** [2 * (pins + ports)] slews, TimingReport.pinSlewPs. */
  readonly pinSlewPs: Float64Array;
  /** Capacitance outside of output ports, fF. */
  readonly outputLoadFf: number;
}

export type PowerGroupName = 'clock' | 'sequential' | 'combinational';

export interface PowerGroup {
  readonly name: PowerGroupName;
  readonly cells: number;
  readonly switchingMw: number;
  readonly internalMw: number;
  readonly leakageMw: number;
  readonly totalMw: number;
}

export interface PowerReport {
  readonly voltageV: number;
  readonly clockPeriodPs: number;
  readonly parasitics: 'none' | 'placement' | 'routed';
  /** Of the chip's own supply: all cells, without what drives its inputs. */
  readonly totalMw: number;
  readonly switchingMw: number;
  readonly internalMw: number;
  readonly leakageMw: number;
  /** Charging of nets that input ports drive; paid by whoever drives them, not in the total. */
  readonly inputPortsMw: number;
  /** clock = cells that drive clock nets; sequential = other registers; combinational = the rest. */
  readonly groups: readonly PowerGroup[];
  /** [insts] */
  readonly instSwitchingMw: Float64Array;
  readonly instInternalMw: Float64Array;
  readonly instLeakageMw: Float64Array;
  /** Energy per clock cycle, leakage included, fJ. */
  readonly energyPerCycleFj: number;
  /** What is modelled rather than known, in sentences for the report. */
  readonly modelled: readonly string[];
}
