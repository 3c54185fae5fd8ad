/**
 * Damaged LEF, Liberty, Verilog, DEF, SDC, SPEF and GDS files: each is read, or refused with a typed error that
 * names the place. A reader that crashes, hangs or fills the memory is broken.
 *   node test/fuzz-physical/files.ts --count N --seed S [--format NAME]
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { kitFiles, kitGds, kitText, nangate45 } from '../support/kit.ts';
import { formats, readDamaged, SLOW_SECONDS, type FileEnd } from './damaged-files.ts';

interface Task {
  readonly from: number;
  readonly to: number;
  readonly format: string | undefined;
}

/** Heap of the reading thread; the largest file is a few MB. */
const HEAP_MB = 768;
/** A case that takes this much longer than allowed hangs, however busy the machine. */
const HANG_SECONDS = 4 * SLOW_SECONDS;

if (isMainThread) await main();
else work(workerData as Task);

function work({ from, to, format }: Task): void {
  const texts = { techLef: kitText('techLef'), cellLef: kitText('cellLef'), liberty: kitText('liberty') };
  const all = formats(nangate45(), kitGds(), texts).filter((f) => !format || f.name === format);
  for (let seed = from; seed < to; seed++) {
    const chosen = all[seed % all.length]!;
    parentPort!.postMessage({ starts: seed, format: chosen.name });
    parentPort!.postMessage({ end: readDamaged(chosen, seed) });
  }
  parentPort!.postMessage({ done: true });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      format: { type: 'string' },
    },
  });
  if (!kitFiles) throw new Error('the NanGate45 kit is not here');
  const first = Number(values.seed);
  const last = first + Number(values.count);
  const ends: FileEnd[] = [];
  for (let next = first; next < last;)
    next = await piece({ from: next, to: last, format: values.format }, ends);
  report(ends);
}

/** Runs a thread until it is done or breaks; returns the seed to go on with. */
function piece(task: Task, ends: FileEnd[]): Promise<number> {
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  let at = { seed: task.from, format: '', since: Infinity };
  return new Promise((resolve) => {
    const stop = (detail: string): void => {
      if (at.format === '') throw new Error(detail);
      clearInterval(watch);
      ends.push({ format: at.format, seed: at.seed, end: 'broken', code: '', detail, seconds: 0 });
      void worker.terminate().then(() => resolve(at.seed + 1));
    };
    const watch = setInterval(() => {
      if (Date.now() - at.since > HANG_SECONDS * 1000) stop(`still reading after ${HANG_SECONDS} s`);
    }, 500);
    worker.on('message', (m: { starts?: number; format?: string; end?: FileEnd; done?: boolean }) => {
      if (m.starts !== undefined) at = { seed: m.starts, format: m.format!, since: Date.now() };
      if (m.end) ends.push(m.end);
      if (m.done) {
        clearInterval(watch);
        resolve(task.to);
      }
    });
    worker.on('error', (error) => stop(`the thread died: ${error.message}`));
  });
}

function report(ends: readonly FileEnd[]): void {
  const broken = ends.filter((e) => e.end === 'broken');
  for (const e of broken) console.log(`BROKEN ${e.format} seed ${e.seed} ${e.code}: ${e.detail}`);
  const tally = new Map<string, number>();
  for (const e of ends) {
    const key = `${e.format}\t${e.end} ${e.code}`;
    tally.set(key, (tally.get(key) ?? 0) + 1);
  }
  for (const [key, count] of [...tally].sort()) console.log(`${count}\t${key}`);
  const slowest = ends.reduce((a, b) => (b.seconds > a.seconds ? b : a));
  console.log(
    `${ends.length} files, ${broken.length} broken; slowest ${slowest.seconds.toFixed(2)} s (${slowest.format} seed ${slowest.seed})`,
  );
  process.exitCode = broken.length > 0 ? 1 : 0;
}
