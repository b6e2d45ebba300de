#!/bin/sh
# A file includes its own floor or a lower one, never upward (HACKING.md lists
# the floors), and each library stays in its own room.
cd "$TEST_SRCDIR/.." || exit 1
n=0 bad=0

floor() {
    case $1 in
    engine/err.*|engine/rng.*|engine/file.*) echo 0 ;;
    engine/*) echo 1 ;;
    render/*) echo 2 ;;
    model/*) echo 3 ;;
    gtp/player*|gtp/numbers.*) echo 4 ;;
    gtp/main.c|gtp/tool*|gtp/bench*) echo 6 ;;
    gtp/*) echo 5 ;;
    *) echo 7 ;;
    esac
}

check() { # check DESCRIPTION OFFENDERS
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        bad=1
    fi
}

upward=$(for f in engine/*.[ch] render/*.[ch] model/*.[ch] model/*.cu gtp/*.[ch]; do
    [ -f "$f" ] || continue
    mine=$(floor "$f")
    sed -n 's/^#include "\([^"]*\)".*/\1/p' "$f" | while read -r inc; do
        [ "$inc" = config.h ] && continue
        [ -f "$inc" ] || { echo "$f includes $inc, which is no file of ours"; continue; }
        [ "$(floor "$inc")" -le "$mine" ] || echo "$f (floor $mine) includes $inc"
        case $f:$inc in
        render/*:model/*) echo "$f: render/ knows nothing of networks" ;;
        model/*:render/*) echo "$f: model/ knows no pictures of boards" ;;
        model/*:engine/err.h|model/*:engine/rng.h|model/*:engine/file.h) ;;
        model/*:engine/*) echo "$f: model/ knows no Go" ;;
        esac
    done
done)
check "no file includes a higher floor" "$upward"
check "SDL2 and libpng only in render/" \
    "$(grep -lE '#include <(SDL|png)' engine/* model/* gtp/* 2>/dev/null)"
check "CUDA only in model/cuda*" \
    "$(grep -lE '#include <(cuda|cublas)' engine/* render/* gtp/* model/* 2>/dev/null | grep -v '^model/cuda')"
check "oneDNN only in model/ops_cpu*" \
    "$(grep -lE '#include <(oneapi|dnnl)' engine/* render/* gtp/* model/* 2>/dev/null | grep -v '^model/ops_cpu')"
check "MPI only in model/parallel_mpi*" \
    "$(grep -lE '#include <mpi' engine/* render/* gtp/* model/* 2>/dev/null | grep -v '^model/parallel_mpi')"
check "libraries neither print nor exit" \
    "$(grep -nE '(^|[^a-z_])(printf|puts|exit|abort|perror) ?\(' engine/*.c render/*.c model/*.c 2>/dev/null)"
echo "1..$n"
exit $bad
