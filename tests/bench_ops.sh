#!/bin/sh
# videoworld bench ops: prints the figures it promises, and refuses what it does not know.
if [ ! -x "$VIDEOWORLD" ]; then
    echo "1..0 # SKIP no videoworld here"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 bad=0

report() { # report STATUS DESCRIPTION
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        sed 's/^/# /' "$dir/out" "$dir/err"
        bad=1
    fi
}

ops() { # ops OPTION...
    "$VIDEOWORLD" bench ops "$@" >"$dir/out" 2>"$dir/err" </dev/null
}

# --- memory: computed, so the figures are exact
ops --memory && [ "$(grep -cE '^(nano|small|base|50m|150m|300m) ' "$dir/out")" = 6 ]
report $? "--memory lists every size"
ops --memory -s small -b 8 -T 167 &&
    grep -qE '^small +8 +256 +8 +6\.0 M +117 +182 +299 +127 +91 +218$' "$dir/out"
report $? "small trains in 299 MiB on the CPU, 218 on CUDA"
ops --memory -s small -b 16 -T 167 &&
    grep -qE '^small +8 +256 +8 +6\.0 M +117 +364 +481 ' "$dir/out"
report $? "twice the sequences take twice the activations"

# --- measuring: whatever the machine, there is a figure for everything
ops -d cpu -t 1 -s nano -b 1 -T 20 -S 0
report $? "nano is measured"
for what in '^peak: ' '  qkv  ' '  proj  ' '  up  ' '  down  ' '  attention, ' '  copy  ' \
    '  rmsnorm_backward ' '  adamw ' 'training step, 1 sequences of 20 tokens' 'time in products' '  memory: '; do
    grep -q -- "$what" "$dir/out" || break
    what=
done
[ -z "$what" ]
report $? "its figures are all there${what:+, but for '$what'}"
! grep -qE '[ (](-?nan|-?inf|-[0-9])' "$dir/out"
report $? "they are numbers"
ops -d cpu -t 1 -s nano -b 1 -T 20 -S 0 --step && grep -q 'training step' "$dir/out" &&
    ! grep -q qkv "$dir/out"
report $? "--step measures the training step alone"

# --- refusing
for wrong in '-s huge' '-b 0' '-T 1' '-S x' '-t -1' '-p f16' '--what' 'more'; do
    # shellcheck disable=SC2086
    ops $wrong
    [ $? = 2 ] && [ ! -s "$dir/out" ] && grep -q '^videoworld: ' "$dir/err"
    report $? "'$wrong' is wrong usage"
done
ops -d abacus
[ $? = 1 ] && grep -q "^videoworld: unknown device 'abacus'" "$dir/err"
report $? "an unknown device is an error"

echo "1..$n"
exit $bad
