/** All migrations in order. Forward only, consecutive, never edited once released. */
import { firstSchema } from './0001-first-schema.ts';
import { runLock } from './0002-run-lock.ts';
import { runLabels } from './0003-run-labels.ts';
import { runQueue } from './0004-run-queue.ts';
import { runTools } from './0005-run-tools.ts';

export interface Migration {
  /** Version of the database after it, stored as SQLite's `user_version`. */
  readonly version: number;
  readonly purpose: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [firstSchema, runLock, runLabels, runQueue, runTools];
