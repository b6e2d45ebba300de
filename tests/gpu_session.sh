#!/bin/sh
# gpu_session.sh pack: builds what the machine with the GPU is to run into .gpu/ of the
# tree, with the libraries it needs: SDL2, configure's tools and more may be missing there.
# Carry .gpu/ along with the tree.
#
# gpu_session.sh [DIR]: everything that needs a GPU, in one go and in under ten minutes
# ($BUDGET seconds): compares every operation with the CPU, tells how fast they and
# training are, trains and infers, and looks for wild accesses and races on the small
# shapes; what there is no time left for is skipped.  Logs go to DIR (default: a new
# one, whose name is printed).  The table at the end says it all; exits 0 only if nothing failed.
# Without .gpu/, or if the sources are others by now, the comparison alone is built there: by
# configure or, where that cannot run, by hand; that needs nvcc and a C compiler.
top=$(cd "$(dirname "$0")/.." && pwd) || exit 1
pack=$top/.gpu
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
PATH=$PATH:/usr/local/cuda/bin
jobs=$(nproc 2>/dev/null || echo 2)
begun=$(date +%s)
failed=0
table=

sum() { # of the sources: is .gpu/ made of these?
    (cd "$top" && cat engine/*.[ch] render/*.[ch] model/*.[ch] model/*.cu gtp/*.[ch] tests/*parity*) |
        cksum
}

gencode() { # gencode ARCH
    echo "-gencode=arch=compute_$1,code=sm_$1"
}

configured() { # configured ARCH OPTION...: in the current folder
    arch=$1
    shift
    { [ -x "$top/configure" ] || (cd "$top" && autoreconf -i); } &&
        "$top/configure" --without-onednn --with-cuda="$home" "$@" \
            NVCCFLAGS="-O3 -lineinfo $(gencode "$arch")"
}

home=$(readlink -f "$(command -v nvcc)")
home=${home%/bin/*}

pack() { # for the H200, and all that links with it but what every machine has
    rm -rf "$pack" && mkdir -p "$pack/lib" && cd "$work" && configured 90a &&
        make -j"$jobs" videoworld tests/test_parity &&
        strip -o "$pack/videoworld" videoworld && strip -o "$pack/parity" tests/test_parity &&
        ldd videoworld | awk '$3 ~ "^/" && $1 !~ "^lib(c|m|dl|rt|pthread|cublasLt)\\.so" { print $3 }' |
        xargs -I{} cp -L {} "$pack/lib" && sum >"$pack/sum" && du -sh "$pack"
}

if [ "$1" = pack ]; then
    pack
    exit
fi
logs=${1:-$(mktemp -d)}
mkdir -p "$logs" || exit 1
logs=$(cd "$logs" && pwd)

row() { # row NAME STATUS TEXT
    table="$table$(printf '%-12s %-7s %s' "$1" "$2" "$3")
"
    [ "$2" = failed ] && failed=1
}

# --- programs: carried here, or the comparison alone built here

by_configure() {
    cd "$work" && configured "$arch" --without-render &&
        make -j"$jobs" libengine.a libmodel.a &&
        make -j"$jobs" tests/test_parity && mv tests/test_parity parity
}

# The toolkit may lack cuBLASLt, which then came with PyTorch.
cublas() {
    header=$(ls "$home/include/cublasLt.h" 2>/dev/null ||
        find /usr /opt -name cublasLt.h 2>/dev/null | head -n 1)
    library=$(find "$home/" "$(dirname "${header:-/nowhere/include/x}")/../" \
        -name 'libcublasLt.so*' 2>/dev/null | head -n 1)
    [ -n "$header" ] && [ -n "$library" ]
}

by_hand() {
    cc="${CC:-cc} -std=gnu11 -g -O3 -fopenmp -fno-math-errno -fno-trapping-math -I$top -I$work"
    cd "$work" && cublas || return 1
    : >config.h
    {
        for f in "$top"/model/cuda_*.cu; do
            case $f in *nccl*) continue ;; esac
            echo "nvcc -std=c++17 -O3 -lineinfo $(gencode "$arch") -I$top" \
                "-I$(dirname "$header") -c $f"
        done
        for f in attention element linear loops loss norm pixel step; do
            echo "$cc -c $top/model/ops_cpu_$f.c"
            echo "$cc -DOPS_CPU_BF16 -c -o bf16_$f.o $top/model/ops_cpu_$f.c"
        done
        for f in model/ops model/ops_cpu model/ops_cpu_dnnl model/ops_cpu_plain model/block \
            model/params model/slots engine/err tests/test_parity; do
            echo "$cc -c $top/$f.c"
        done
    } | xargs -P "$jobs" -I{} sh -c '{}' || return 1
    cudart=$(find "$home/" -name libcudart_static.a | head -n 1)
    ${CC:-cc} -o parity ./*.o -fopenmp "$library" -Wl,-rpath,"$(dirname "$library")" "$cudart" \
        -lstdc++ -lrt -ldl -lpthread -lm
}

missing() { # missing PROGRAM: libraries it does not find
    LD_LIBRARY_PATH=$work/lib ldd "$1" | awk '/not found/ { print $1 }' | sort -u
}

# What this machine lacks of libraries is taken from .gpu/lib, cuBLASLt from wherever it is.
carried() {
    [ -x "$pack/parity" ] && [ "$(sum)" = "$(cat "$pack/sum")" ] && mkdir -p "$work/lib" || return 1
    for _ in 1 2 3 4 5 6; do
        for lib in $(missing "$pack/videoworld"); do
            from=$pack/lib/$lib
            [ -e "$from" ] || from=$(find /usr /opt -name "$lib" 2>/dev/null | head -n 1)
            ln -sf "$from" "$work/lib/$lib"
        done
        [ -z "$(missing "$pack/videoworld")" ] || continue
        for program in parity videoworld; do # the libraries are for these, not for their parents
            printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$work/lib" "$pack/$program" \
                >"$work/$program"
            chmod +x "$work/$program"
        done
        "$work/videoworld" --version
        return
    done
    missing "$pack/videoworld"
    return 1
}

# --- steps

left() { # seconds
    echo $((begun + ${BUDGET:-540} - $(date +%s)))
}

step() { # step NAME MOST COMMAND...: to NAME.log, in MOST seconds; sets status and took
    name=$1 most=$2 status=ok start=$(date +%s)
    shift 2
    [ "$(left)" -lt "$most" ] && most=$(left)
    if [ "$most" -lt 15 ]; then
        row "$name" skipped "no time left"
        return 1
    fi
    timeout -k 5 "$most" "$@" >"$logs/$name.log" 2>&1 || status=failed
    took=$(($(date +%s) - start))
}

count() { # count LOG: "N ok, M not ok, K skipped, worst error E"
    awk '/^1\.\./ { sub(/^1\.\./, ""); all = $1 }
        /^ok.*# SKIP/ { skip++; next } /^ok/ { ok++; if ($NF + 0 > worst) worst = $NF + 0 }
        /^not ok/ { bad++ }
        END { printf "%d ok, %d not ok, %d skipped, ", ok, bad, skip
              if (ok + bad + skip < all) printf "%d never done, ", all - ok - bad - skip
              printf "worst error %.1e\n", worst }' "$1"
}

# "unable": some machines lend a GPU on which the tool does not work.
parity() { # parity NAME MOST COMMAND...
    step "$@" || return
    grep -q '# SKIP no CUDA' "$logs/$name.log" && status=failed
    grep -q -e 'Device not supported' -e 'Unable to find' "$logs/$name.log" && status=unable
    row "$name" $status "$(count "$logs/$name.log"), $took s"
}

sanitizer() { # sanitizer TOOL OPTION...
    tool=$1
    if command -v compute-sanitizer >/dev/null; then
        parity "$tool" 150 compute-sanitizer --target-processes all --error-exitcode 9 \
            --tool "$@" "$work/parity" small
    else
        row "$tool" skipped "no compute-sanitizer"
    fi
}

speed() {
    step bench 120 "$work/videoworld" bench ops -D cuda -S 0.1 || return
    row bench $status "$(sed -n 's|^peak: \(.*\) GFLOP/s,.*|\1 GFLOP/s|p' "$logs/bench.log")$(sed -n \
        -e 's|^\([a-z0-9]*\): training step.* \([0-9.]* ms\),.*|; \1 \2|p' \
        -e 's|.*GFLOP/s, *\([0-9]*%\) of the peak (.*|\1|p' "$logs/bench.log" | tr '\n' ' '), $took s"
}

# For 45 seconds, from the weights that are there; what it has learned is thrown away.
training() {
    weights=$top/weights base=$work/learned.safetensors
    "$work/videoworld" dataset -o "$work/t.vwc" "$weights/selfplay9-b7.vwc.gz" >/dev/null || return
    step train 60 timeout --preserve-status -s INT 45 "$work/videoworld" train world \
        --data "$work/t.vwc" --tokenizer "$weights/go9-tokenizer.safetensors" \
        --ldm "$weights/go9-ldm.safetensors" -o "$base" -c small --batch 512 --micro 512 \
        --steps 100000 --eval-steps 0 --log "$work/train.csv" -D cuda || return
    [ -s "$base" ] && status=ok # it ends as one does that is told to
    cat "$work/train.csv" >>"$logs/train.log"
    row train $status "$(tail -n 1 "$work/train.csv" | tr -d '\r'), $took s"
}

inference() {
    step play 60 "$work/videoworld" bench world --data "$work/t.vwc" -n 300 -D cuda \
        -t "$weights/go9-tokenizer.safetensors" -l "$weights/go9-ldm.safetensors" \
        -w "$weights/go9-small.safetensors" || return
    row play $status "$(grep '^median' "$logs/play.log"), $took s"
}

# Beside PyTorch, which has to compile first: only if there is time.
peers() {
    [ "$(left)" -gt 150 ] || return
    VIDEOWORLD=$work/videoworld timeout "$(left)" "$top/tests/peers/block.sh" base cuda "$jobs" 64 1 \
        >>"$logs/bench.log" 2>&1 && row peers ok "$(tail -n 1 "$logs/bench.log")"
}

nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
arch=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d .)
: "${arch:=90}"
if [ "$arch" = 90 ] && carried >"$logs/build.log" 2>&1; then
    row build ok "carried here"
elif (by_configure) >>"$logs/build.log" 2>&1; then
    row build ok "configure, sm_$arch"
elif (by_hand) >>"$logs/build.log" 2>&1; then
    row build ok "by hand, sm_$arch (no other way: build.log)"
else
    row build failed "see build.log"
    tail -n 30 "$logs/build.log"
fi
if [ -x "$work/parity" ]; then
    parity parity 180 "$work/parity"
    parity again 60 "$work/parity" small
fi
if [ -x "$work/videoworld" ]; then
    speed
    training
    inference
fi
if [ -x "$work/parity" ]; then
    sanitizer memcheck --report-api-errors no # one case asks for too much memory
    sanitizer racecheck
    grep -h '^not ok' "$logs"/*.log | head -n 20
fi
[ -x "$work/videoworld" ] && peers
printf '%s\nlogs: %s\n' "$table" "$logs"
exit $failed
