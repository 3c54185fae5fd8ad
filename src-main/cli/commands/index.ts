/** All commands, in the order of the help. */
import type { Command } from '../command.ts';
import { cancelCommand } from './cancel.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { inferCommand } from './infer.ts';
import { newCommand } from './new.ts';
import { openCommand } from './open.ts';
import { pnrCommand } from './pnr.ts';
import { reportCommand } from './report.ts';
import { runCommand } from './run.ts';
import { settingsCommand } from './settings.ts';
import { statusCommand } from './status.ts';

export const COMMANDS: readonly Command[] = [
  newCommand,
  importCommand,
  runCommand,
  inferCommand,
  pnrCommand,
  statusCommand,
  reportCommand,
  exportCommand,
  openCommand,
  cancelCommand,
  settingsCommand,
  doctorCommand,
  demoCommand,
];
