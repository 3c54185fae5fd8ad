/** Which bytes of activation memory a layer touches. */
import type { Chip } from '../chip/index.ts';
import type { ExecFields } from './machine.ts';
import { addressMask } from './values.ts';
import { atLastPixel, startWalk, stepWalk } from './walk.ts';

/** Address of a tap's first word from that of the pixel. */
export function tapOffsets(f: ExecFields, K: number): number[] {
  const offsets: number[] = [];
  let tap = 0;
  for (let ky = 0; ky <= f.kernelH!; ky++)
    for (let kx = 0; kx <= f.kernelW!; kx++) {
      offsets.push(tap);
      tap = (tap + f.cBlocks! * K + (kx < f.kernelW! ? f.tapDx! : f.tapDy!)) & 0xffff;
    }
  return offsets;
}

type Reach = readonly [from: number, to: number];

/** Bytes of activation memory between the first and the last that a layer reads, and writes. */
export function layerReach(f: ExecFields, chip: Chip): { readonly reads: Reach; readonly writes: Reach } {
  const K = chip.columns;
  const mask = addressMask(chip.activationBytes);
  const offsets = tapOffsets(f, K);
  const whole = f.mode === 1 ? K : f.cBlocks! * K + f.cLast! + 1;
  const walker = startWalk(f);
  const reads: [number, number] = [chip.activationBytes, 0];
  let dest = f.dest!;
  let inWindow = 0;
  const writes: [number, number] = [dest, dest];
  while (walker.block <= f.kBlocks!) {
    const { block } = walker;
    const columns = block === f.kBlocks ? f.kLast! + 1 : K;
    for (let t = 0, ky = 0; ky <= f.kernelH!; ky++)
      for (let kx = 0; kx <= f.kernelW!; kx++, t++) {
        const [x, y] = [walker.x + kx, walker.y + ky];
        if (x < 0 || x >= f.inW! || y < 0 || y >= f.inH!) continue;
        const at = (walker.base + offsets[t]!) & mask;
        reads[0] = Math.min(reads[0], at);
        reads[1] = Math.max(reads[1], at + (f.mode === 1 ? columns : whole));
      }
    const last = atLastPixel(walker, f);
    stepWalk(walker, f);
    if (inWindow++ < f.window!) continue;
    inWindow = 0;
    writes[0] = Math.min(writes[0], dest);
    writes[1] = Math.max(writes[1], dest + columns);
    dest = (dest + (last ? f.dstKb! : f.dstPitch!)) & 0xffff;
  }
  return { reads: reads[0] < reads[1] ? reads : [0, 0], writes };
}
