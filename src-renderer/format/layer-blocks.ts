/**
 * Which blocks of the generated hardware carry out a layer: the instances in its top module (src-main/stages/rtl/top.ts)
 * that every EXEC instruction passes through. All layers, pools and additions too, take turns on this one engine; what
 * moves inputs and outputs (`load`, `store`) and issues instructions (`sequencer`, `control`, `program_store`) belongs
 * to no layer.
 */
const OF_LAYERS = /^(?:core\.)?(walker|activation|weights|biases|scales|array|drain|lane_\d+|writeback)$/;

/** Paths of the blocks, among those that the layout has, that work in layers. */
export const blocksOfLayers = (paths: readonly string[]): readonly string[] =>
  paths.filter((path) => OF_LAYERS.test(path));

/** Whether a block, or one that it is in, works in layers. */
export const worksInLayers = (path: string): boolean =>
  path.split('.').some((_, i, parts) => OF_LAYERS.test(parts.slice(0, i + 1).join('.')));
