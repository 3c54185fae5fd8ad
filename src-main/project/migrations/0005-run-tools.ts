import type { Migration } from './index.ts';

export const runTools: Migration = {
  version: 5,
  purpose: 'the tools of a run: which program it was and what it could do',
  sql: `
    CREATE TABLE runTools (
      runId INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      path TEXT NOT NULL,
      version TEXT NOT NULL,
      capabilities TEXT NOT NULL,       -- JSON: names
      PRIMARY KEY (runId, name)
    ) STRICT;
  `,
};
