// `npm run dist [-- options of electron-builder]`: packages what `npm run build` made. On Linux it uses the system's
// 7za and dpkg-deb where they are there; electron-builder would otherwise download programs of its own for both.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const given = process.argv.slice(2);

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // in a later folder, perhaps
    }
  }
  return undefined;
}

const env = { ...process.env };
const args = ['--config', 'resources/packaging/builder.mjs', '--publish', 'never'];
if (process.platform === 'linux') {
  const zip = onPath('7za');
  if (zip) env.ELECTRON_BUILDER_7ZIP_PATH ??= zip;
  if (onPath('dpkg-deb')) env.CUSTOM_FPM_PATH ??= join(import.meta.dirname, 'deb.mjs');
  // The AppImage's runtime is always a download: only when asked for.
  if (!given.some((arg) => !arg.startsWith('-'))) args.push('--linux', 'deb', 'tar.gz');
}

const builder = createRequire(import.meta.url).resolve('electron-builder/cli.js');
const { status } = spawnSync(process.execPath, [builder, ...args, ...given], {
  cwd: root,
  env,
  stdio: 'inherit',
});
if (status === 0) {
  const made = readdirSync(join(root, 'dist'), { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /\.(deb|gz|AppImage|exe|dmg)$/.test(entry.name),
  );
  for (const { name } of made)
    console.log(`${name}: ${(statSync(join(root, 'dist', name)).size / 1e6).toFixed(1)} MB`);
}
process.exitCode = status ?? 1;
