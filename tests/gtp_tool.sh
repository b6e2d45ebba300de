#!/bin/sh
# videoworld gtp as a program: options, exit status, the log, output that fails.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0 bad=0

ok() { # ok DESCRIPTION STATUS
    n=$((n + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        sed 's/^/# /' "$tmp"/out "$tmp"/err 2>/dev/null
        bad=1
    fi
}

# gtp STATUS OPTION...: runs with stdin, wants that exit status
gtp() {
    want=$1
    shift
    "$VIDEOWORLD" gtp --player random "$@" >"$tmp/out" 2>"$tmp/err"
    [ $? -eq "$want" ]
}

says() { # says TEXT: stdout is exactly this
    printf "$1" | cmp -s - "$tmp/out"
}

warns() { # warns PATTERN: a line of stderr matches
    grep -q "$1" "$tmp/err"
}

printf 'name\n' | gtp 0 && says '= VideoWorld\n\n'
ok "the end of input is success" $?

printf '5 quit\nname\n' | gtp 0 && says '=5\n\n'
ok "quit is success, and the end" $?

printf 'name' | gtp 0 && says '= VideoWorld\n\n'
ok "a last line needs no newline" $?

gtp 0 </dev/null && says ''
ok "no input at all is success" $?

printf 'kata-analyze b 1 maxmoves 0\n' | timeout 20 "$VIDEOWORLD" gtp -p random >"$tmp/out" 2>"$tmp/err"
ok "analysis that shows nothing ends with the input" $?

printf '(;SZ[9]KM[99999999])' >"$tmp/komi.sgf"
printf '(;SZ[9]KM[-0])' >"$tmp/nought.sgf"
printf "loadsgf $tmp/komi.sgf\nget_komi\nloadsgf $tmp/nought.sgf\nget_komi\n" | gtp 0 &&
    says '? cannot load file\n\n= 7\n\n=\n\n= 0\n\n'
ok "a file's komi is held to what the command takes" $?

# Lizzie reads stderr as if it were stdout.
printf 'genmove b\nkata-set-rules japanese\nplay b Z\n' | gtp 0
[ -s "$tmp/err" ] && ! grep -qE '^(=|\?|info|play)| -> ' "$tmp/err"
ok "stderr is never taken for a reply" $?

printf 'get_komi\nshowboard\nversion\n' |
    gtp 0 --boardsize=5 --komi=-2.5 --override-version=0.17 &&
    grep -q '^= -2.5$' "$tmp/out" && grep -q '^   A B C D E$' "$tmp/out" &&
    grep -q '^= 0.17$' "$tmp/out"
ok "board size, komi and version are options" $?

moves='genmove b\ngenmove w\ngenmove b\nkata-raw-nn all\nreg_genmove w\n'
printf "$moves" | gtp 0 -s 7 && cp "$tmp/out" "$tmp/first" && printf "$moves" | gtp 0 --seed 7 &&
    cmp -s "$tmp/first" "$tmp/out"
ok "the same seed gives the same replies" $?

printf 'genmove b\n' | gtp 0
seed=$(sed -n 's/.* seed \([0-9]*\),.*/\1/p' "$tmp/err")
cp "$tmp/out" "$tmp/first"
printf 'genmove b\n' | gtp 0 --seed="$seed" && cmp -s "$tmp/first" "$tmp/out"
ok "a seed not given is told, and can be given" $?

gtp 0 --help && grep -q '^Usage: videoworld gtp' "$tmp/out" && [ ! -s "$tmp/err" ]
ok "--help is shown on stdout" $?

missing=
for option in player weights device threads seed boardsize komi max-time set override-version log help; do
    grep -q -e "--$option" "$tmp/out" || missing="$missing $option"
done
[ -z "$missing" ]
ok "--help names every option$missing" $?

for wrong in --boardsize=1 --boardsize=26 --boardsize=nine --boardsize=9.5 --komi=x --komi=nan \
    --seed=-1 --seed=x --seed= --max-time=-1 --max-time=soon --set=seed --castle --komi extra \
    --override-version; do
    gtp 2 "$wrong" </dev/null && says '' && warns "^videoworld: .*" && warns "^Try 'videoworld gtp --help'"
    ok "wrong usage: $wrong" $?
done

gtp 1 --player=alice </dev/null && warns "^videoworld: no player 'alice' (there is: world, random)$"
ok "an unknown player is an error" $?

gtp 1 --set=alice=1 </dev/null && warns "^videoworld: unknown parameter 'alice'$"
ok "an unknown parameter is an error" $?

printf 'kata-get-param seed\nkata-get-param maxTime\n' |
    gtp 0 --set=seed=5 --set=seed=6 --set maxTime=0.5 && says '= 6\n\n= 0.5\n\n'
ok "--set sets parameters in order" $?

printf '1 name\r\nplay b C9\n' | gtp 0 --log="$tmp/log" &&
    printf 'quit\n' | gtp 0 --log="$tmp/log" &&
    sed 's/^[0-9]*\.[0-9][0-9][0-9] /T /; s/^#.*/#/' "$tmp/log" >"$tmp/out" &&
    says '#\nT > 1 name\\x0d\nT < =1 VideoWorld\nT < \nT > play b C9\nT < =\nT < \n#\nT > quit\nT < =\nT < \n'
ok "--log appends every line in and out with its time" $?

gtp 1 --log=/no/such/folder/log </dev/null && warns "^videoworld: cannot open '/no/such/folder/log'"
ok "a log that cannot be opened is an error" $?

if [ -c /dev/full ]; then
    printf 'name\n' | "$VIDEOWORLD" gtp --player random >/dev/full 2>"$tmp/err"
    [ $? -eq 1 ] && warns '^videoworld: cannot write reply: No space left on device$'
    ok "a full disk is an error" $?

    printf 'name\n' | gtp 1 --log=/dev/full && says '= VideoWorld\n\n' &&
        warns "^videoworld: cannot write '/dev/full'$"
    ok "a log on a full disk is an error, but play goes on" $?
else
    ok "a full disk is an error # SKIP no /dev/full" 0
    ok "a log on a full disk is an error, but play goes on # SKIP no /dev/full" 0
fi

# The reader leaves after one line; commands come without end.
{
    yes name | "$VIDEOWORLD" gtp --player random 2>"$tmp/err"
    echo $? >"$tmp/status"
} | head -n 1 >"$tmp/out"
[ "$(cat "$tmp/status")" -eq 1 ] && warns '^videoworld: cannot write reply: Broken pipe$'
ok "a closed pipe is an error" $?

{
    printf 'kata-analyze b 1\n' | "$VIDEOWORLD" gtp --player random 2>"$tmp/err"
    echo $? >"$tmp/status"
} | grep -q '^info move'
[ -s "$tmp/status" ]
ok "an analysis ends when nobody reads it" $?

echo "1..$n"
exit $bad
