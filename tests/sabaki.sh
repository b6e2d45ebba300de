#!/bin/sh
# Sabaki's own GTP module plays against the engine.  quickstart installs it
# with npm and tells where in SABAKI_MODULES.
if ! command -v node >/dev/null; then
    echo "ok 1 - sabaki # SKIP no node"
    echo "1..1"
    exit 0
fi
NODE_PATH=${SABAKI_MODULES-}
export NODE_PATH
if ! node -e 'require("@sabaki/gtp")' 2>/dev/null; then
    echo "ok 1 - sabaki # SKIP no npm module @sabaki/gtp"
    echo "1..1"
    exit 0
fi
exec node "$TEST_SRCDIR/sabaki.js"
