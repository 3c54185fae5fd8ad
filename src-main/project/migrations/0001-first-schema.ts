import type { Migration } from './index.ts';

export const firstSchema: Migration = {
  version: 1,
  purpose: 'project, files, runs and what their steps made, said, measured and proved',
  sql: `
    CREATE TABLE project (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      name TEXT NOT NULL,
      settings TEXT NOT NULL,           -- JSON: values that differ from the defaults
      createdAtMs INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE files (
      role TEXT PRIMARY KEY,            -- model, calibration, test.images ...
      name TEXT NOT NULL,               -- base name at import
      digest TEXT NOT NULL,
      sizeBytes INTEGER NOT NULL,
      importedAtMs INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE runs (
      id INTEGER PRIMARY KEY,
      status TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
      settings TEXT NOT NULL,           -- JSON: all settings of the run
      toolVersions TEXT NOT NULL,       -- JSON
      startedAtMs INTEGER NOT NULL,
      finishedAtMs INTEGER
    ) STRICT;

    CREATE TABLE steps (
      id INTEGER PRIMARY KEY,
      runId INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      name TEXT NOT NULL,
      title TEXT NOT NULL,
      key TEXT,                         -- digest of all that can change the result
      status TEXT NOT NULL CHECK (status IN
        ('planned', 'running', 'done', 'cached', 'failed', 'cancelled', 'interrupted', 'skipped')),
      sourceId INTEGER REFERENCES steps (id),  -- of a cached step: the execution that is reused
      startedAtMs INTEGER,
      finishedAtMs INTEGER,
      wallS REAL,
      cpuS REAL,
      peakMiB REAL,
      error TEXT,                       -- JSON: the diagnostic that ended it
      UNIQUE (runId, name),
      UNIQUE (runId, position)
    ) STRICT;
    CREATE INDEX stepsByKey ON steps (key, status);
    CREATE INDEX stepsByName ON steps (name, status);

    CREATE TABLE artefacts (
      stepId INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      digest TEXT NOT NULL,
      sizeBytes INTEGER NOT NULL,
      PRIMARY KEY (stepId, name)
    ) STRICT;

    CREATE TABLE log (
      id INTEGER PRIMARY KEY,
      stepId INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
      code TEXT NOT NULL,
      severity TEXT NOT NULL CHECK (severity IN ('error', 'warning', 'info')),
      message TEXT NOT NULL,
      place TEXT,
      remedy TEXT,
      atMs INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX logByStep ON log (stepId);

    CREATE TABLE metrics (
      id INTEGER PRIMARY KEY,
      stepId INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      value REAL NOT NULL,
      unit TEXT NOT NULL,
      UNIQUE (stepId, name)
    ) STRICT;

    CREATE TABLE proofs (
      id INTEGER PRIMARY KEY,
      stepId INTEGER NOT NULL REFERENCES steps (id) ON DELETE CASCADE,
      name TEXT NOT NULL,
      judge TEXT NOT NULL,
      result TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'skipped')),
      detail TEXT NOT NULL
    ) STRICT;
    CREATE INDEX proofsByStep ON proofs (stepId);
  `,
};
