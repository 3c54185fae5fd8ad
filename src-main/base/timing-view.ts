/** What the window's timing view shows; made by stages/view, stored as the artefact `timing.view`. Times ps. */
export interface TimingView {
  readonly periodPs: number;
  readonly clockName: string;
  readonly parasitics: string;
  readonly clockMhz: number;
  readonly skewPs: number;
  readonly setup: TimingTotals;
  readonly hold: TimingTotals;
  /** Names of the path groups; endpoints refer to them. */
  readonly groups: readonly string[];
  /** Names of the endpoints, one a line, UTF-8. */
  readonly endpointNames: Uint8Array;
  /** [endpoints] NaN where the check has no path */
  readonly setupSlackPs: Float32Array;
  readonly holdSlackPs: Float32Array;
  /** [endpoints] index into groups, by the worst path of each check */
  readonly setupGroup: Uint8Array;
  readonly holdGroup: Uint8Array;
  /** Worst first, setup and then hold. */
  readonly paths: readonly ViewPath[];
}

export interface TimingTotals {
  readonly worstPs: number;
  readonly tnsPs: number;
  readonly violations: number;
}

/** Why a path is slow: what most of the time above its plain logic goes into. */
export type PathCause = 'wire' | 'fan-out' | 'depth' | 'skew' | 'cells' | 'port';

export interface ViewPath {
  readonly check: 'setup' | 'hold';
  readonly start: string;
  readonly endpoint: string;
  readonly group: number;
  readonly slackPs: number;
  readonly arrivalPs: number;
  readonly requiredPs: number;
  readonly checkPs: number;
  readonly capturePs: number;
  readonly uncertaintyPs: number;
  /** Clock at the start, capture less the period less this = the skew that helps (positive) or hurts setup. */
  readonly launchPs: number;
  readonly skewPs: number;
  readonly cellPs: number;
  readonly wirePs: number;
  readonly levels: number;
  readonly fanoutMax: number;
  readonly lengthUm: number;
  readonly cause: PathCause;
  /** First stage of the data path: clock network before it. */
  readonly firstData: number;
  readonly stages: readonly ViewStage[];
}

export interface ViewStage {
  readonly name: string;
  readonly master: string | null;
  readonly kind: 'start' | 'cell' | 'net';
  readonly edge: 'rise' | 'fall';
  readonly delayPs: number;
  readonly arrivalPs: number;
  readonly slewPs: number;
  readonly loadFf: number;
  readonly fanout: number;
  readonly lengthUm: number | null;
  /** Index into the layout's cells, -1 for a port. */
  readonly cell: number;
  /** Index into the layout's nets, -1 where none. */
  readonly net: number;
}
