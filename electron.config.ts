import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

// electron-vite starts Electron from ELECTRON_EXEC_PATH or node_modules/electron/path.txt only. The
// electron package itself also honours ELECTRON_OVERRIDE_DIST_PATH and downloads a missing binary.
if (!process.argv.includes('build')) {
  process.env.ELECTRON_EXEC_PATH ??= createRequire(import.meta.url)('electron') as unknown as string;
  // Chromium's sandbox refuses to start as root (containers, CI).
  if (process.getuid?.() === 0) process.env.NO_SANDBOX ??= '1';
}

const root = import.meta.dirname ?? __dirname;

export default defineConfig({
  main: {
    build: {
      outDir: 'out/main',
      rolldownOptions: {
        input: {
          main: resolve(root, 'src-main/main.ts'),
          cli: resolve(root, 'src-main/cli.ts'),
          'step-process': resolve(root, 'src-main/step-process.ts'),
          'view-process': resolve(root, 'src-main/view-process.ts'),
          'yosys-process': resolve(root, 'src-main/yosys-process.ts'),
          'route-worker': resolve(root, 'src-main/route-worker.ts'),
          'job-guard': resolve(root, 'src-main/job-guard.ts'),
        },
      },
    },
  },
  preload: {
    build: {
      outDir: 'out/preload',
      rolldownOptions: {
        input: { preload: resolve(root, 'src-main/preload.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: resolve(root, 'src-renderer'),
    plugins: [svelte({ configFile: false })],
    build: {
      outDir: resolve(root, 'out/renderer'),
      rolldownOptions: { input: resolve(root, 'src-renderer/index.html') },
    },
  },
});
