/** The tools on this machine: see README.md. */
export { findTool, requireTool, toolVersion, type FoundTool } from './find-tool.ts';
export {
  keepToolPreferences,
  toolFolders,
  toolPreferences,
  toolPreferencesFile,
  type ToolPreferences,
} from './preferences.ts';
export { TOOLS, type Tool } from './table.ts';
