#!/bin/sh
# Our safetensors files, read by others: by a reader in plain Python, and by the
# safetensors library where there is one.
plain="plain Python reads every type and the training state"
library="the safetensors library reads them too"
python=${PYTHON:-python3}

echo "1..2"
if [ ! -x tests/test_checkpoint_hostile ]; then
    why="built without check"
elif ! command -v "$python" >/dev/null 2>&1; then
    why="no $python"
else
    why=
fi
if [ "$why" ]; then
    echo "ok 1 - $plain # SKIP $why"
    echo "ok 2 - $library # SKIP $why"
    exit 0
fi

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
bad=0

result() { # result NUMBER NAME STATUS
    case $3 in
    0) echo "ok $1 - $2" ;;
    77) echo "ok $1 - $2 # SKIP no safetensors and numpy for $python" ;;
    *) echo "not ok $1 - $2"; sed 's/^/# /' "$dir/log"; bad=1 ;;
    esac
}

tests/test_checkpoint_hostile write "$dir" >"$dir/log" 2>&1 &&
    "$python" "$TEST_SRCDIR/safetensors_read.py" plain "$dir" >>"$dir/log" 2>&1
result 1 "$plain" $?
"$python" "$TEST_SRCDIR/safetensors_read.py" library "$dir" >"$dir/log" 2>&1
result 2 "$library" $?
exit $bad
