import type { Migration } from './index.ts';

export const runLock: Migration = {
  version: 2,
  purpose: 'one run at a time over all processes, and its progress for those who only watch',
  sql: `
    CREATE TABLE runLock (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      runId INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      pid INTEGER NOT NULL,
      processStart TEXT NOT NULL,       -- tells a reused process id from the holder
      childPid INTEGER,                 -- the step process at work, leader of its group
      childStart TEXT,
      isCancelRequested INTEGER NOT NULL DEFAULT 0 CHECK (isCancelRequested IN (0, 1))
    ) STRICT;
    ALTER TABLE steps ADD COLUMN fraction REAL NOT NULL DEFAULT 0;
    ALTER TABLE steps ADD COLUMN activity TEXT NOT NULL DEFAULT '';
    UPDATE steps SET fraction = 1 WHERE status IN ('done', 'cached');
  `,
};
