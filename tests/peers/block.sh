#!/bin/sh
# Our training step beside the same one in PyTorch, on the same machine, in turns.
#
#   tests/peers/block.sh [SIZE [DEVICE [THREADS [BATCH [ROUNDS]]]]]
#
# Prints tokens a second, the best of ROUNDS (default 3) of five seconds each, for
# ours, PyTorch f32 and PyTorch with bf16 autocast.  VIDEOWORLD names the program,
# PYTHON the python3 that has torch.  Debian's torch multiplies by whatever libblas
# is installed: with the reference one it is tens of times slower than with OpenBLAS.
size=${1:-small} device=${2:-cpu} threads=${3:-$(nproc)} batch=${4:-8} rounds=${5:-3}
here=$(dirname "$0")
: "${VIDEOWORLD:=videoworld}" "${PYTHON:=python3}"
if ! "$PYTHON" -c 'import torch' 2>/dev/null; then
    echo "$PYTHON has no torch: nothing to compare with"
    exit 77
fi

ours() {
    "$VIDEOWORLD" bench ops --step -s "$size" -d "$device" -t "$threads" -b "$batch" -S 5 |
        sed -n 's|.* ms, \([0-9]*\) tokens/s$|\1|p'
}
torch() {
    "$PYTHON" "$here/block.py" "$size" "$device" "$threads" "$1" "$batch" 167 5
}
best() { # best OLD NEW
    [ "${2:-0}" -gt "$1" ] && echo "$2" || echo "$1"
}

a=0 b=0 c=0 i=0
while [ $i -lt "$rounds" ]; do
    a=$(best $a "$(ours)")
    b=$(best $b "$(torch f32)")
    c=$(best $c "$(torch bf16)")
    i=$((i + 1))
done
"$PYTHON" -c 'import torch; print("PyTorch", torch.__version__)'
echo "$size, $device, $threads threads, $batch sequences of 167 tokens: tokens/s"
awk -v a=$a -v b=$b -v c=$c 'BEGIN {
    printf "%12s %12s %12s\n", "ours", "torch f32", "torch bf16"
    printf "%12d %12d %12d\n", a, b, c
    printf "%12s %11.2fx %11.2fx\n", "ours is", b ? a / b : 0, c ? a / c : 0
}'
