import type { Migration } from './index.ts';

export const runLabels: Migration = {
  version: 3,
  purpose: 'runs have names, are pinned, and lie in the trash before they are gone',
  sql: `
    ALTER TABLE runs ADD COLUMN name TEXT NOT NULL DEFAULT '';
    ALTER TABLE runs ADD COLUMN isPinned INTEGER NOT NULL DEFAULT 0 CHECK (isPinned IN (0, 1));
    ALTER TABLE runs ADD COLUMN trashedAtMs INTEGER;
  `,
};
