#!/usr/bin/env node
// Stands in for fpm, which electron-builder would download: builds the .deb with Debian's own dpkg-deb. electron-builder
// calls it when CUSTOM_FPM_PATH points here (dist.mjs). Only the options that electron-builder uses are known.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SCRIPTS = {
  'before-install': 'preinst',
  'after-install': 'postinst',
  'before-remove': 'prerm',
  'after-remove': 'postrm',
};
const COMPRESSIONS = { gz: 'gzip', xz: 'xz', bzip2: 'xz', zst: 'zstd' };

const options = {};
const depends = [];
const recommends = [];
/** [file or folder, its path in the package] */
const contents = [];
const argv = process.argv.slice(2);
while (argv.length > 0) {
  const arg = argv.shift();
  if (arg === '--force') continue;
  else if (arg === '-d') depends.push(argv.shift());
  else if (arg === '--deb-recommends') recommends.push(argv.shift());
  else if (arg.startsWith('-')) options[arg.replace(/^-+/, '')] = argv.shift();
  else contents.push(arg.split(/=(?=\/)/));
}
if (options.t !== 'deb') throw new Error(`only deb is built here, not ${options.t}`);

const folder = mkdtempSync(join(tmpdir(), 'ingot-deb-'));
chmodSync(folder, 0o755);
try {
  for (const [from, to] of contents) {
    const target = join(folder, to);
    mkdirSync(dirname(target), { recursive: true });
    const { mode } = statSync(from);
    if (statSync(from).isDirectory()) cpSync(from, target, { recursive: true, verbatimSymlinks: true });
    else {
      copyFileSync(from, target);
      chmodSync(target, mode & 0o111 ? 0o755 : 0o644);
    }
  }
  const control = join(folder, 'DEBIAN');
  mkdirSync(control, { mode: 0o755 });
  for (const [option, script] of Object.entries(SCRIPTS)) {
    if (!options[option]) continue;
    copyFileSync(options[option], join(control, script));
    chmodSync(join(control, script), 0o755);
  }
  const sizeKiB = execFileSync('du', ['-sk', '--exclude=DEBIAN', folder]).toString().split('\t')[0];
  const [summary, ...more] = options.description.trim().split('\n');
  const fields = [
    `Package: ${options.name}`,
    `Version: ${options.version}`,
    `Architecture: ${options.architecture}`,
    `Maintainer: ${options.maintainer}`,
    `Installed-Size: ${sizeKiB}`,
    depends.length > 0 && `Depends: ${depends.join(', ')}`,
    recommends.length > 0 && `Recommends: ${recommends.join(', ')}`,
    `Section: ${options.category ?? 'default'}`,
    `Priority: ${options['deb-priority'] ?? 'optional'}`,
    options.url && `Homepage: ${options.url}`,
    `Description: ${summary.trim()}`,
    ...more.map((line) => ` ${line.trim() || '.'}`),
  ];
  writeFileSync(join(control, 'control'), `${fields.filter(Boolean).join('\n')}\n`);
  const compression = `-Z${COMPRESSIONS[options['deb-compression']] ?? 'xz'}`;
  const level = process.env.ELECTRON_BUILDER_COMPRESSION_LEVEL;
  execFileSync(
    'dpkg-deb',
    ['--root-owner-group', compression, ...(level ? [`-z${level}`] : []), '--build', folder, options.package],
    {
      stdio: 'inherit',
    },
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
