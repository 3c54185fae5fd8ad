/**
 * Entry of the process that runs Yosys as WebAssembly (npm packages @yowasp/yosys and, with slang, yosys-slang), started
 * by tools/yosys-engine.ts: `yosys-process FOLDER`. Reads FOLDER/job.json, loads the inputs into the package's virtual file system, runs
 * the script with output to stdout, and writes the outputs back to FOLDER. Exit code as Yosys gives it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from 'yosys-slang';
import type { YosysJob } from './tools/yosys-engine.ts';

const folder = process.argv[2]!;
const job = JSON.parse(readFileSync(join(folder, 'job.json'), 'utf8')) as YosysJob;
const { Exit, runYosys } =
  job.build === 'slang' ? await import('yosys-slang') : await import('@yowasp/yosys');
const files: Tree = Object.fromEntries(job.inputs.map((name) => [name, readFileSync(join(folder, name))]));
const print = (bytes: Uint8Array | null): void => {
  if (bytes) process.stdout.write(bytes);
};

try {
  const result = await runYosys([...job.args], files, {
    stdout: print,
    stderr: print,
    decodeASCII: false,
    fetchProgress: () => undefined,
  });
  for (const name of job.outputs) {
    const content = result?.[name];
    if (content instanceof Uint8Array) writeFileSync(join(folder, name), content);
    else if (typeof content === 'string') writeFileSync(join(folder, name), content);
  }
} catch (error) {
  if (!(error instanceof Exit)) process.stderr.write(`ERROR: ${String(error)}\n`);
  process.exitCode = error instanceof Exit && error.code !== 0 ? error.code : 1;
}
