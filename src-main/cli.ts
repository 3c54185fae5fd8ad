#!/usr/bin/env node
/** Entry of the command line. The engine is the same as the app's; see cli/main.ts. */
import { enableCompileCache } from 'node:module';
import { compileCacheDir } from './tools/cache-dir.ts';

const NODE_MAJOR_MIN = 22;

if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
  // Before anything else is loaded: the database's binary crashes older versions.
  process.stderr.write(
    `error CLI-006: Node ${NODE_MAJOR_MIN} or newer is needed, this is ${process.version}\n`,
  );
  process.exitCode = 4;
} else {
  enableCompileCache(compileCacheDir());
  const { main } = await import('./cli/main.ts');
  process.exitCode = await main(process.argv.slice(2));
}
