/** vitest globalSetup: on Linux without a display, start a private Xvfb for the tests that open a window. */
import { spawn } from 'node:child_process';

export default async function setup(): Promise<(() => void) | undefined> {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return undefined;
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const display = await new Promise<string | null>((done) => {
    server.once('error', () => done(null));
    server.stdio[3]?.once('data', (d: Buffer) => done(d.toString().trim()));
  });
  // The tests themselves skip, or fail where foreign tools are required, when there is no display.
  if (display === null) {
    console.warn('no display, and Xvfb was not found: the tests of the window are skipped');
    return undefined;
  }
  process.env.DISPLAY = `:${display}`;
  return () => {
    server.kill();
  };
}
