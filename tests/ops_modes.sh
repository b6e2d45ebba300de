#!/bin/sh
# The tests of operations once more: loops for any x86-64, other thread counts, bf16.
n=0 bad=0
tests=${VIDEOWORLD%/*}/tests

run() { # run DESCRIPTION PROGRAM [ARGUMENT]
    n=$((n + 1))
    if [ ! -x "$tests/$2" ]; then
        echo "ok $n - $1 # SKIP $2 is not built"
    elif out=$("$tests/$2" ${3+"$3"} 2>&1); then
        why=$(echo "$out" | sed -n 's/^1\.\.0\( # SKIP .*\)/\1/p')
        echo "ok $n - $1$why"
    else
        echo "not ok $n - $1"
        printf '%s\n' "$out" | grep -v '^ok' | sed 's/^/# /'
        bad=1
    fi
}

for t in linear layers cells attention loss device; do
    OPS_LOOPS=any OPS_THREADS=1
    export OPS_LOOPS OPS_THREADS
    run "$t, loops for any x86-64, one thread" test_ops_$t
    OPS_LOOPS=avx2 OPS_THREADS=2
    run "$t, loops for AVX2" test_ops_$t
    unset OPS_LOOPS
done
OPS_THREADS=3
for t in layers attention; do
    run "$t, three threads" test_ops_$t
done
unset OPS_THREADS
OPS_PRECISION=bf16
export OPS_PRECISION
for t in linear layers cells attention loss device; do
    run "$t, bf16" test_ops_$t
    OPS_LOOPS=any
    export OPS_LOOPS
    run "$t, bf16, loops for any x86-64" test_ops_$t
    unset OPS_LOOPS
done
OPS_LOOPS='no tiles'
export OPS_LOOPS
run "attention, bf16, without AMX's tiles" test_ops_attention
OPS_LOOPS='no pairs'
run "attention, bf16, by loops of f32" test_ops_attention
unset OPS_LOOPS
OPS_THREADS=3
export OPS_THREADS
run "attention, bf16, three threads" test_ops_attention
run "all operations, bf16 against f32" test_parity bf16
echo "1..$n"
exit $bad
