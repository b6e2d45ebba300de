#!/bin/sh
# Our operations against PyTorch's, where python3 has it.
python=
for p in python3 /usr/bin/python3; do
    if "$p" -c 'import torch' 2>/dev/null; then
        python=$p
        break
    fi
done
if [ -z "$python" ]; then
    echo "1..0 # SKIP python3 has no torch"
    exit 0
fi
if [ ! -x "${VIDEOWORLD%/*}/tests/dump_ops" ]; then
    echo "1..0 # SKIP dump_ops is not built"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
if ! "${VIDEOWORLD%/*}/tests/dump_ops" "$dir/ops"; then
    echo "not ok 1 - dump_ops runs"
    echo "1..1"
    exit 1
fi
"$python" "$TEST_SRCDIR/torch_ops.py" "$dir/ops"
