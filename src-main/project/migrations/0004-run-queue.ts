import type { Migration } from './index.ts';

export const runQueue: Migration = {
  version: 4,
  purpose: 'runs wait for those before them',
  sql: `
    CREATE TABLE queue (
      id INTEGER PRIMARY KEY,            -- the order in which they run
      settings TEXT NOT NULL,                -- JSON: all settings, as they were when it was queued
      queuedAtMs INTEGER NOT NULL,
      error TEXT                             -- JSON: the diagnostic that refused it; it is left out until it is removed
    ) STRICT;
  `,
};
