#!/bin/sh
# Several ranks do what one does, and fail together.
job=$(dirname "$VIDEOWORLD")/tests/parallel_job

if [ ! -x "$job" ] || ! "$job" built; then
    echo "1..0 # SKIP not built --with-mpi"
    exit 0
fi
if ! command -v mpirun >/dev/null; then
    echo "1..0 # SKIP no mpirun here"
    exit 0
fi

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 bad=0

# OpenMPI refuses root, and more ranks than cores, unless told; binding ranks to
# cores would make them share one.  It leaks what LeakSanitizer sees.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none
export OMPI_MCA_btl_vader_single_copy_mechanism=none OMP_NUM_THREADS=1
export ASAN_OPTIONS="detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

ranks() { # ranks N ARGUMENT...: runs the job on N ranks, output in $dir/out
    k=$1
    shift
    timeout 120 mpirun -np "$k" "$job" "$@" >"$dir/out" 2>&1 </dev/null
}

report() { # report STATUS DESCRIPTION
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        sed 's/^/# /' "$dir/out"
        bad=1
    fi
}

alike() { # alike A B: are the gradients in two files equal but for rounding?
    timeout 60 "$job" compare "$1" "$2" 1e-5 >>"$dir/out" 2>&1
}

for k in 1 2 3; do
    ranks $k sums && grep -q "^$k ranks" "$dir/out"
    report $? "$k ranks sum and send, in place and through host memory"
done

# --- the same gradients, whoever computes them
timeout 60 "$job" gradients "$dir/one" 8 8 >"$dir/out" 2>&1
report $? "gradients without mpirun"
timeout 60 "$job" gradients "$dir/other" 6 8 >"$dir/out" 2>&1
! alike "$dir/one" "$dir/other"
report $? "other gradients are told apart"
for how in '2 4' '2 8' '3 2' '3 1' '4 8'; do
    set -- $how
    ranks "$1" gradients "$dir/many" 8 "$2" && grep -q "^$1 ranks" "$dir/out" &&
        alike "$dir/one" "$dir/many"
    report $? "a batch of 8 over $1 ranks in micro-batches of $2: gradients of one rank"
    rm -f "$dir/many"
done
timeout 60 "$job" gradients "$dir/one" 2 8 >"$dir/out" 2>&1
ranks 3 gradients "$dir/many" 2 8 && alike "$dir/one" "$dir/many"
report $? "a batch of 2 over 3 ranks, one of them idle: gradients of one rank"

# --- a stopped run goes on to the same bytes
ranks 2 train "$dir/whole" 14 99
report $? "2 ranks train"
ranks 2 train "$dir/cut" 14 6 && grep -q 'step 6' "$dir/out" && ranks 2 train "$dir/cut" 14 99 &&
    cmp "$dir/whole.safetensors" "$dir/cut.safetensors" >>"$dir/out" &&
    cmp "$dir/whole.train.safetensors" "$dir/cut.train.safetensors" >>"$dir/out" &&
    cmp "$dir/whole.csv" "$dir/cut.csv" >>"$dir/out"
report $? "2 ranks stopped and resumed end in the same bytes"

# --- one fails, all end, and say why
fails() { # fails HOW RANKS RANK MESSAGE
    ranks "$2" fail "$3" "$1"
    status=$?
    [ $status != 0 ] && [ $status != 124 ] && grep -q "^videoworld: $4" "$dir/out"
    report $? "$1 fails on rank $3 of $2: all end with its message"
}
fails agree 2 1 "rank 1: cannot open 'x'"
fails agree 3 0 "cannot open 'x'"
fails load 2 1 "rank 1: cannot read sample"
fails load 3 0 "cannot read sample"
fails device 2 1 "rank 1: the device caught fire"
fails evaluate 3 2 "rank 2: cannot evaluate"
fails abort 2 1 "rank 1 gives up"
ranks 3 fail 1 exit
status=$?
[ $status != 0 ] && [ $status != 124 ]
report $? "a rank that vanishes ends the job"

echo "1..$n"
exit $bad
