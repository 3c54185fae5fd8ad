/** What the window may not do: go elsewhere, open windows, use the network, ask for permissions. */
import { session, type WebContents } from 'electron';
import { DESK_SCHEME, REPORT_SCHEME, deskOrigin, devOrigin } from './addresses.ts';

export function confineContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => {
    const scheme = new URL(event.url).protocol;
    const isReport = !event.isMainFrame && scheme === `${REPORT_SCHEME}:`;
    // The page itself is loaded by main, which this event does not tell of; a reload stays at home.
    const isReload = event.isMainFrame && new URL(event.url).href.startsWith(`${deskOrigin()}/`);
    if (!isReport && !isReload) event.preventDefault();
  });
}

export function confineSession(): void {
  const own = session.defaultSession;
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  own.setPermissionCheckHandler(() => false);
  own.setDevicePermissionHandler(() => false);
  own.on('will-download', (event) => event.preventDefault());
  own.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isOwn(details.url) }));
}

const OWN_SCHEMES = new Set([`${DESK_SCHEME}:`, `${REPORT_SCHEME}:`, 'devtools:', 'data:']);

function isOwn(address: string): boolean {
  const url = new URL(address);
  const dev = devOrigin();
  return OWN_SCHEMES.has(url.protocol) || (dev !== undefined && url.host === new URL(dev).host);
}
