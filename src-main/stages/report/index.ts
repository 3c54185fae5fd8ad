export { reportHtml } from './html.ts';
export { reportCsv, reportJson } from './json.ts';
export type * from './types.ts';
export { verifyReport } from './verify.ts';
export { detailWindow, layoutLegend, renderLayout, type PictureOptions } from './layout-picture.ts';
