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

/** One supply net as resistors. */
export interface PowerMesh {
  readonly net: 'power' | 'ground';
  /** [nodes] */
  readonly xDbu: Float64Array;
  readonly yDbu: Float64Array;
  /** Index into Tech.layers. */
  readonly layer: Uint8Array;
  /** 1 = ideal supply */
  readonly isPad: Uint8Array;
  /** Current that cells draw at the node. */
  readonly drawMa: Float64Array;
  /** [resistors] */
  readonly edgeA: Int32Array;
  readonly edgeB: Int32Array;
  readonly edgeOhm: Float64Array;
  /** [insts] node of each cell that draws current, -1 for the others */
  readonly instNode: Int32Array;
  /** Current of cells that touch no rail. */
  readonly unplacedMa: number;
}

export interface SupplyDrop {
  readonly mesh: PowerMesh;
  /** [nodes] below the supply, or above ground, mV */
  readonly dropMv: Float64Array;
  readonly worstMv: number;
  readonly iterations: number;
  readonly residual: number;
}

export interface IrDropReport {
  readonly voltageV: number;
  /** Supply and ground together, of the cell that loses most. */
  readonly worstMv: number;
  /** -1 if no cell draws current. */
  readonly worstInst: number;
  /** [insts] */
  readonly instDropMv: Float32Array;
  /** Worst cell of each tile, rows from the bottom, from the die's lower left corner. */
  readonly map: {
    readonly columns: number;
    readonly rows: number;
    readonly tileDbu: number;
    /** [rows * columns] */
    readonly mv: Float32Array;
  };
  readonly supply: SupplyDrop;
  readonly ground: SupplyDrop;
  readonly modelled: readonly string[];
}
