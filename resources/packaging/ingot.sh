#!/bin/sh
# The command line of the installed Ingot: the app's own binary, as Node, on the package's own entry.
here=$(dirname "$(readlink -f "$0")")
export ELECTRON_RUN_AS_NODE=1
if [ -x "$here/ingot-desk" ]; then
  exec "$here/ingot-desk" "$here/resources/app.asar/out/main/cli.js" "$@"
fi
exec "$here/../MacOS/Ingot" "$here/app.asar/out/main/cli.js" "$@"
