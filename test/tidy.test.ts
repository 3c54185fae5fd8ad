/**
 * The repository's own rules: who may import whom, what a pure stage may not touch, and that documents tell
 * the truth. The table below is the architecture; resources/docs/architecture.md explains it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const STAGES = 'src-main/stages';

/** The pipeline's order. A stage may import base and any stage before it, never a later one. */
const STAGE_ORDER = [
  'model',
  'quantize',
  'passes',
  'chip',
  'compiler',
  'simulator',
  'rtl',
  'kit',
  'netlist',
  'floorplan',
  'placement',
  'clock',
  'routing',
  'fill',
  'extraction',
  'timing',
  'timing-repair',
  'power',
  'layout',
  'check',
  'report',
  'view',
];

/** Judges that must not see how the result was made: these stages may import only what is named. */
const INDEPENDENT: Record<string, readonly string[]> = {
  check: ['kit', 'netlist', 'layout', 'check'],
  simulator: ['chip', 'compiler', 'simulator'],
};

/** Folder of src-main -> folders of src-main it may import. */
const SHELL: Record<string, readonly string[]> = {
  base: ['base'],
  stages: ['base', 'stages'],
  tools: ['base', 'stages', 'tools'],
  project: ['base', 'project'],
  flow: ['base', 'stages', 'tools', 'project', 'flow'],
  ipc: ['base', 'ipc'],
  cli: ['base', 'project', 'flow', 'tools', 'cli'],
};

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((f) => f !== '' && existsSync(join(root, f)));
const sources = tracked.filter((f) => f.startsWith('src-') && /\.(ts|svelte)$/.test(f));

/** Repository paths of the files that `file` imports, and the bare packages it names. */
function importsOf(file: string): { paths: string[]; packages: string[] } {
  const text = readFileSync(join(root, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:from\s+|import\s*\(\s*|import\s+)'([^']+)'/g)].map((m) => m[1]!);
  const paths = specifiers
    .filter((s) => s.startsWith('.'))
    .map((s) => relative(root, resolve(root, dirname(file), s)));
  return { paths, packages: specifiers.filter((s) => !s.startsWith('.')) };
}

const stageOf = (file: string): string | undefined =>
  file.startsWith(`${STAGES}/`) ? file.split('/')[2] : undefined;

describe('layers', () => {
  test('every stage folder stands in the order', () => {
    const folders = readdirSync(join(root, STAGES), { withFileTypes: true }).filter((d) => d.isDirectory());
    const filled = folders.filter((d) => tracked.some((f) => f.startsWith(`${STAGES}/${d.name}/`)));
    expect(filled.map((d) => d.name).filter((name) => !STAGE_ORDER.includes(name))).toEqual([]);
  });

  test('no stage imports a later one, and judges import only what they may', () => {
    const wrong: string[] = [];
    for (const file of sources) {
      const from = stageOf(file);
      if (from === undefined) continue;
      for (const path of importsOf(file).paths) {
        const to = stageOf(path);
        if (to === undefined) {
          if (!path.startsWith('src-main/base/')) wrong.push(`${file} imports ${path}`);
        } else if (STAGE_ORDER.indexOf(to) > STAGE_ORDER.indexOf(from))
          wrong.push(`${file} imports later ${path}`);
        else if (INDEPENDENT[from] && !INDEPENDENT[from].includes(to))
          wrong.push(`${file} must not see ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the shell imports one way', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((f) => f.startsWith('src-main/'))) {
      const from = file.split('/')[1]!;
      const allowed = SHELL[from];
      if (!allowed) continue;
      for (const path of importsOf(file).paths) {
        const to = path.split('/')[1]!;
        if (path.startsWith('src-main/') && !allowed.includes(to)) wrong.push(`${file} imports ${path}`);
        if (!path.startsWith('src-main/') && !path.startsWith('package.json'))
          wrong.push(`${file} imports ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('the renderer sees of src-main only the contract and base', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((f) => f.startsWith('src-renderer/'))) {
      for (const path of importsOf(file).paths)
        if (path.startsWith('src-main/') && !/^src-main\/(ipc\/contract\.ts|base\/)/.test(path))
          wrong.push(`${file} imports ${path}`);
    }
    expect(wrong).toEqual([]);
  });

  test('a verifier shares no code with the algorithm it judges', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((f) => /\/verify[^/]*\.ts$/.test(f) && f.startsWith(STAGES))) {
      const folder = dirname(file);
      for (const path of importsOf(file).paths) {
        const own = path.startsWith(`${folder}/`);
        if (own && !/\/(types|verify[^/]*|index)\.ts$/.test(path) && !VERIFIER_MAY_SHARE.includes(path))
          wrong.push(`${file} imports ${path}`);
        if (own && path.endsWith('/index.ts')) wrong.push(`${file} imports ${path}`);
      }
    }
    expect(wrong).toEqual([]);
  });
});

/** Tables of facts (not algorithms) that a stage and its verifier both read. */
const VERIFIER_MAY_SHARE: readonly string[] = [];

describe('purity', () => {
  const banned: readonly [RegExp, string][] = [
    [/from\s+'node:/, 'node modules (effects belong in tools, project, flow)'],
    [/\bDate\.now\b|\bnew Date\(/, 'the clock'],
    [/\bMath\.random\b/, 'Math.random (pass a seeded generator)'],
    [/\bprocess\./, 'process'],
    [/\bconsole\./, 'console (return diagnostics)'],
  ];
  test('base and stages have no effects', () => {
    const wrong: string[] = [];
    for (const file of sources.filter((f) => f.startsWith(`${STAGES}/`) || f.startsWith('src-main/base/'))) {
      if (file.includes('/generated/')) continue;
      const code = readFileSync(join(root, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      for (const [pattern, what] of banned) if (pattern.test(code)) wrong.push(`${file} uses ${what}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('documents', () => {
  test('every stage has a README and an index', () => {
    const missing = STAGE_ORDER.filter((s) => tracked.some((f) => f.startsWith(`${STAGES}/${s}/`))).flatMap(
      (s) =>
        ['README.md', 'index.ts']
          .filter((f) => !existsSync(join(root, STAGES, s, f)))
          .map((f) => `${s}/${f}`),
    );
    expect(missing).toEqual([]);
  });

  test('links between documents resolve', () => {
    const broken: string[] = [];
    for (const file of tracked.filter((f) => f.endsWith('.md'))) {
      const text = readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```/g, '');
      for (const [, link] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g))
        if (!/^[a-z]+:/.test(link!) && !existsSync(resolve(root, dirname(file), link!)))
          broken.push(`${file}: ${link}`);
    }
    expect(broken).toEqual([]);
  });

  test('every dependency has a decision', () => {
    const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const folder = join(root, 'resources/docs/decisions');
    const text = readdirSync(folder)
      .map((f) => readFileSync(join(folder, f), 'utf8'))
      .join('\n');
    const names = Object.keys({ ...pkg.dependencies, ...pkg.devDependencies, ...pkg.optionalDependencies });
    expect(names.filter((n) => !text.includes(`\`${n}\``))).toEqual([]);
  });

  test('no machine paths and no registry hosts in what is committed', () => {
    const wrong: string[] = [];
    for (const file of tracked) {
      if (!/\.(ts|js|mjs|json|md|svelte|html|py|sh|yml)$/.test(file)) continue;
      const text = readFileSync(join(root, file), 'utf8');
      if (/\/(?:work|root|home\/\w+)\//.test(text) && !file.endsWith('tidy.test.ts'))
        wrong.push(`${file}: machine path`);
      if (/"resolved":\s*"http/.test(text)) wrong.push(`${file}: registry host`);
    }
    expect(wrong).toEqual([]);
  });
});
