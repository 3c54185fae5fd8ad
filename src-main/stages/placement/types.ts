export type { Placement } from '../floorplan/types.ts';
