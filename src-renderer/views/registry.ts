/**
 * THE LIST of views in the main area, in the order of their tabs. A view gets the desk, and shows when what it needs is
 * there; until then the desk says what is missing. It is loaded when it is first shown.
 */
import type { Component } from 'svelte';
import type { Desk } from '../state/desk.svelte.ts';
import type { TextKey } from '../texts/index.svelte.ts';

export interface View {
  readonly id: string;
  readonly label: TextKey;
  readonly component: () => Promise<{ default: Component<{ desk: Desk }> }>;
  /** `run`: a run; `artefacts`: of the run that is shown, all of these. */
  readonly needs: { readonly run?: boolean; readonly artefacts?: readonly string[] };
}

export const VIEWS: readonly View[] = [
  { id: 'steps', label: 'view.steps', component: () => import('./StepsView.svelte'), needs: { run: true } },
  {
    id: 'model',
    label: 'view.model',
    component: () => import('./ModelView.svelte'),
    needs: { run: true, artefacts: ['model.bin'] },
  },
  { id: 'chip', label: 'view.chip', component: () => import('./ChipView.svelte'), needs: {} },
  {
    id: 'performance',
    label: 'view.performance',
    component: () => import('./PerformanceView.svelte'),
    needs: { run: true, artefacts: ['program.bin', 'quantized.bin'] },
  },
  {
    id: 'layout',
    label: 'view.layout',
    component: () => import('./layout/LayoutView.svelte'),
    needs: { run: true },
  },
  {
    id: 'timing',
    label: 'view.timing',
    component: () => import('./timing/TimingView.svelte'),
    needs: { run: true, artefacts: ['timing.view'] },
  },
  { id: 'proof', label: 'view.proof', component: () => import('./ProofView.svelte'), needs: { run: true } },
  {
    id: 'report',
    label: 'view.report',
    component: () => import('./ReportView.svelte'),
    needs: { run: true },
  },
  {
    id: 'compare',
    label: 'view.compare',
    component: () => import('./CompareView.svelte'),
    needs: { run: true },
  },
  { id: 'settings', label: 'view.settings', component: () => import('./SettingsView.svelte'), needs: {} },
];
