/**
 * The package that `npm run dist` made: its fuses, what it needs, and the demo in it, from an empty machine to a chip and
 * back into its database. Skips loudly where no package was built; INGOT_REQUIRE_PACKAGE=1 makes that a failure.
 * INGOT_LONG=1 as root, with debootstrap: installed by dpkg in a Debian root that holds nothing else.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  accessSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listRuns, openProject, readRunDetail } from '../../src-main/flow/index.ts';
import { kitsFolder } from '../../src-main/tools/kit-store.ts';
import { kitFiles, kitNote } from '../support/kit.ts';
import { temporaryFolder } from '../support/toy-project.ts';
import startDisplay from '../ui/display.ts';
import { makeCleanRoot, type CleanRoot } from './clean-root.ts';

const root = resolve(import.meta.dirname, '../..');
const dist = join(root, 'dist');
const deb = existsSync(dist) ? readdirSync(dist).find((name) => name.endsWith('.deb')) : undefined;
const isRequired = process.env.INGOT_REQUIRE_PACKAGE === '1';
const isSkipped = deb === undefined && !isRequired;
const note = isSkipped ? ' (skipped: no package in dist/; npm run dist makes one)' : '';

let stopDisplay: (() => void) | undefined;
beforeAll(async () => {
  if (!isSkipped) stopDisplay = await startDisplay();
});
afterAll(() => stopDisplay?.());

/** What stands in the binary behind the sentinel: version, number of fuses, a character for each. */
function fuseWire(binary: string): string {
  const bytes = readFileSync(binary);
  const sentinel = Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX');
  const at = bytes.indexOf(sentinel) + sentinel.length;
  expect(at).toBeGreaterThan(sentinel.length);
  expect(bytes[at]).toBe(1);
  return bytes.subarray(at + 2, at + 2 + bytes[at + 1]!).toString('latin1');
}

/** A machine with the package and next to nothing else: how its programs are started there. */
interface Machine {
  readonly where: string;
  /** Of the machine's file system, as seen from here. */
  readonly root: string;
  /** Starts a program; paths in it are the machine's. */
  start(program: 'ingot' | 'ingot-desk', args: readonly string[]): ChildProcess;
}

/** The package's files in a folder, and of the system's programs only those that its launcher names. */
function unpacked(): Machine {
  const folder = temporaryFolder();
  execFileSync('dpkg-deb', ['-x', join(dist, deb!), folder]);
  const bin = join(folder, 'empty-bin');
  mkdirSync(bin);
  for (const program of ['sh', 'readlink', 'dirname']) symlinkSync(`/usr/bin/${program}`, join(bin, program));
  const home = join(folder, 'home');
  mkdirSync(home);
  return {
    where: 'unpacked in a folder',
    root: '',
    start: (program, args) =>
      spawn(join(folder, 'opt/Ingot', program), args, {
        cwd: home,
        env: {
          PATH: bin,
          HOME: home,
          DISPLAY: process.env.DISPLAY ?? '',
          INGOT_CACHE: dirname(kitsFolder()),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
  };
}

/** Its whole output when it ends well. */
function finish(child: ChildProcess): Promise<string> {
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text: Buffer) => (said += text.toString()));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => (code === 0 ? done(said) : failed(new Error(`exit ${code}: ${said}`))));
  });
}

interface Opened {
  readonly page: Page;
  close(): Promise<void>;
}

/** The window of the package. It takes no debugger of Node (its fuses), so the page is reached as in a browser. */
async function openPackage(machine: Machine, user: string): Promise<Opened> {
  // Chromium's sandbox refuses to start as root; the window's own stays on elsewhere.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const args = [...sandbox, '--disable-gpu', `--user-data-dir=${user}`, '--remote-debugging-port=0'];
  const child = machine.start('ingot-desk', args);
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const address = await new Promise<string>((done, failed) => {
    let said = '';
    child.stderr!.on('data', (text: Buffer) => {
      said += text.toString();
      const found = /DevTools listening on (ws:\/\/\S+)/.exec(said);
      if (found) done(found[1]!);
    });
    child.once('error', failed);
    child.once('exit', (code) => failed(new Error(`the app ended with ${code}: ${said}`)));
  });
  let browser: Browser | null = null;
  const close = async (): Promise<void> => {
    await browser?.close().catch(() => undefined);
    child.kill('SIGTERM');
    await ended;
  };
  onTestFinished(close);
  browser = await chromium.connectOverCDP(address.replace(/^ws:\/\/([^/]+)\/.*$/, 'http://$1'));
  const [context] = browser.contexts();
  const page = context!.pages()[0] ?? (await context!.waitForEvent('page'));
  await page.getByTestId('sidebar').waitFor();
  return { page, close };
}

/** From an example to a chip in the window, and back into what it wrote. */
async function demo(machine: Machine): Promise<void> {
  const folder = machine.root === '' ? temporaryFolder() : '/tmp/demo';
  const user = join(folder, 'user');
  const project = join(folder, 'digits');
  mkdirSync(machine.root + user, { recursive: true });
  await finish(machine.start('ingot', ['new', project, '--from', 'digits']));
  writeFileSync(join(machine.root + user, 'recent-projects.json'), JSON.stringify([project]));
  const beganMs = performance.now();
  const first = await openPackage(machine, user);
  const startedS = (performance.now() - beganMs) / 1000;
  await first.page.getByTestId('run').click();
  await first.page
    .getByTestId('run-facts')
    .getByText(/done|failed/)
    .waitFor({ timeout: 900_000 });
  const ranS = (performance.now() - beganMs) / 1000 - startedS;
  await first.close();

  const again = await openPackage(machine, user);
  await again.page.getByTestId('run-facts').getByText('done').waitFor();
  await again.page.getByRole('tab', { name: 'Layout' }).click();
  await again.page.locator('canvas').first().waitFor();
  expect(await again.page.getByTestId('session-note').count()).toBe(0);
  await again.close();

  const opened = openProject(machine.root + project);
  onTestFinished(() => opened.close());
  expect(listRuns(opened.db).map((run) => run.status)).toEqual(['done']);
  const steps = readRunDetail(opened).steps;
  const gds = steps.flatMap((step) => step.artefacts).find(({ name }) => name.endsWith('.gds'));
  expect(gds?.sizeBytes).toBeGreaterThan(100_000);
  expect(steps.flatMap((step) => step.proofs).filter(({ result }) => result === 'fail')).toEqual([]);
  const commands = steps.flatMap((step) => step.log).filter(({ code }) => code === 'COMMAND');
  expect(commands.every(({ message }) => message.includes('/ingot-desk '))).toBe(true);
  console.log(
    `${machine.where}: window in ${startedS.toFixed(1)} s, demo in ${ranS.toFixed(0)} s, GDS ${gds!.sizeBytes} bytes`,
  );
}

describe.skipIf(isSkipped)(`the package${note}`, () => {
  test('is there, of a size that can be told, with the fuses that were decided', () => {
    expect(deb, 'npm run dist makes it').toBeDefined();
    console.log(`${deb}: ${(statSync(join(dist, deb!)).size / 1e6).toFixed(1)} MB`);
    const folder = temporaryFolder();
    execFileSync('dpkg-deb', ['-x', join(dist, deb!), folder]);
    const app = join(folder, 'opt/Ingot');
    // RunAsNode on, cookies encrypted, NODE_OPTIONS off, inspector off, asar checked, asar only, no snapshot, no file rights.
    expect(fuseWire(join(app, 'ingot-desk')).slice(0, 8)).toBe('11001100');
    expect(existsSync(join(app, 'resources/default_app.asar'))).toBe(false);
    accessSync(join(folder, 'usr/bin/ingot'));
    const outside = readdirSync(join(app, 'resources/app.asar.unpacked'), { recursive: true });
    expect(outside.filter((name) => String(name).endsWith('.node'))).toHaveLength(1);
  });

  test('has a command line that needs no Node', async () => {
    const said = await finish(unpacked().start('ingot', ['doctor']));
    expect(said).toMatch(/found +node +Electron/);
    expect(said).toMatch(/found +yosys \(WebAssembly\)/);
  });

  test.skipIf(!kitFiles)(
    `makes the chip of the demo with nothing else installed, and opens it again${kitNote}`,
    { timeout: 1_200_000 },
    () => demo(unpacked()),
  );

  const isClean = process.env.INGOT_LONG === '1' && process.getuid?.() === 0;
  test.skipIf(!isClean || !kitFiles)(
    `is installed in a clean Debian root, and does the same there${isClean ? '' : ' (skipped: INGOT_LONG=1 as root)'}`,
    { timeout: 2_400_000 },
    async () => {
      const clean: CleanRoot = makeCleanRoot(join(dist, deb!));
      onTestFinished(() => clean.remove());
      cpSync(kitsFolder(), join(clean.root, 'cache/kits'), { recursive: true });
      await demo({ where: 'installed in a clean root', root: clean.root, start: clean.start });
    },
  );
});
