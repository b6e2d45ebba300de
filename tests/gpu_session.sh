#!/bin/sh
# gpu_session.sh [DIR]: everything that needs a GPU, in one go and in under ten
# minutes: builds for this machine's GPU alone, compares every operation with
# the CPU, and looks for wild accesses and races on the small shapes.  Logs go to
# DIR (default: a new one, whose name is printed).  The table at the end says
# it all; exits 0 only if nothing failed.
#
# Needs nvcc and a C compiler; what else is missing is done without: where
# configure cannot run, the few files are compiled by hand.
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
logs=${1:-$(mktemp -d)}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$logs" || exit 1
PATH=$PATH:/usr/local/cuda/bin
failed=0
table=

row() { # row NAME STATUS TEXT
    table="$table$(printf '%-12s %-7s %s' "$1" "$2" "$3")
"
    [ "$2" = failed ] && failed=1
}

arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
gencode="-gencode=arch=compute_${arch:=90},code=sm_$arch"
jobs=$(nproc 2>/dev/null || echo 2)

by_configure() {
    cd "$work" &&
        { [ -x "$top/configure" ] || (cd "$top" && autoreconf -i); } &&
        "$top/configure" --without-render --without-onednn --with-cuda \
            NVCCFLAGS="-O3 -lineinfo $gencode" &&
        make -j"$jobs" libengine.a libmodel.a &&
        make -j"$jobs" tests/test_parity && mv tests/test_parity parity
}

by_hand() {
    cd "$work" || return 1
    : >config.h
    home=$(dirname "$(dirname "$(command -v nvcc)")")
    for f in "$top"/model/cuda_*.cu; do
        case $f in *nccl*) continue ;; esac
        echo "nvcc -std=c++17 -O3 -lineinfo $gencode -I$top -c $f"
    done | xargs -P "$jobs" -I{} sh -c '{}' || return 1
    for f in "$top"/model/ops.c "$top"/model/ops_cpu*.c "$top"/model/block.c \
        "$top"/model/params.c "$top"/model/slots.c "$top"/engine/err.c \
        "$top"/tests/test_parity.c; do
        echo "${CC:-cc} -std=gnu11 -g -O3 -fopenmp -fno-math-errno -I$top -I$work -c $f"
    done | xargs -P "$jobs" -I{} sh -c '{}' || return 1
    ${CC:-cc} -o parity ./*.o -fopenmp -L"$home/lib64" -Wl,-rpath,"$home/lib64" -lcublasLt \
        -lcudart_static -lstdc++ -lrt -ldl -lpthread -lm
}

count() { # count LOG: "N ok, M not ok, K skipped, worst error E"
    awk '/^ok.*# SKIP/ { skip++; next } /^ok/ { ok++; if ($NF + 0 > worst) worst = $NF + 0 }
        /^not ok/ { bad++ }
        END { printf "%d ok, %d not ok, %d skipped, ", ok, bad, skip
              printf "worst error %.1e\n", worst }' "$1"
}

parity() { # parity NAME COMMAND...
    name=$1 status=ok start=$(date +%s)
    shift
    "$@" >"$logs/$name.log" 2>&1 || status=failed
    grep -q '# SKIP no CUDA' "$logs/$name.log" && status=failed
    grep -q -e 'Device not supported' -e 'Unable to find' "$logs/$name.log" && status=unable
    row "$name" $status "$(count "$logs/$name.log"), $(($(date +%s) - start)) s"
}

# "unable": some machines lend a GPU on which the tool does not work.
sanitizer() { # sanitizer TOOL OPTION...
    if command -v compute-sanitizer >/dev/null; then
        parity "$1" timeout 200 compute-sanitizer --error-exitcode 9 --tool "$@" \
            "$work/parity" small
    else
        row "$1" skipped "no compute-sanitizer"
    fi
}

nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>&1 | tee "$logs/gpu.log"
if (by_configure) >"$logs/build.log" 2>&1; then
    row build ok "configure, sm_$arch"
elif (by_hand) >"$logs/build_by_hand.log" 2>&1; then
    row build ok "by hand, sm_$arch (configure failed: build.log)"
else
    row build failed "see build.log, build_by_hand.log"
    tail -n 20 "$logs/build.log" "$logs/build_by_hand.log"
fi
if [ -x "$work/parity" ]; then
    parity parity timeout 200 "$work/parity"
    parity again timeout 200 "$work/parity"
    sanitizer memcheck --report-api-errors no # one case asks for too much memory
    sanitizer racecheck
    grep -h '^not ok' "$logs"/*.log | head -n 20
fi
printf '%s\nlogs: %s\n' "$table" "$logs"
exit $failed
