#!/bin/sh
# videoworld render: what it writes, what it says, what it refuses.
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
n=0 bad=0

ok() { # ok DESCRIPTION COMMAND...: the command succeeds
    n=$((n + 1))
    what=$1
    shift
    if "$@" >ok.log 2>&1; then
        echo "ok $n - $what"
    else
        echo "not ok $n - $what"
        sed 's/^/# /' ok.log
        bad=1
    fi
}

run() { # run ARGS...: videoworld render, its output in out, err, status
    "$VIDEOWORLD" render "$@" >out 2>err
    status=$?
}

size() { # size FILE: WIDTHxHEIGHT of a PNG
    od -An -tu1 -N24 "$1" | tr -s ' \n' ' ' | {
        read -r s1 s2 s3 s4 s5 s6 s7 s8 l1 l2 l3 l4 t1 t2 t3 t4 a b c d e f g h
        [ "$s1 $s2 $s3 $s4 $s5 $s6 $s7 $s8" = "137 80 78 71 13 10 26 10" ] || echo "no PNG"
        [ "$l1 $l2 $l3 $l4 $t1 $t2 $t3 $t4" = "0 0 0 13 73 72 68 82" ] || echo "no IHDR"
        echo "$((((a * 256 + b) * 256 + c) * 256 + d))x$((((e * 256 + f) * 256 + g) * 256 + h))"
    }
}

is() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
all() { for word in $1; do [ -e "$word" ] || { echo "$word is missing"; return 1; }; done; }
says() { grep -qF -- "$2" "$1" || { echo "no '$2' in:"; cat "$1"; return 1; }; }
nothing() { [ ! -e "$1" ] || { echo "$1 exists"; ls -d "$1"*; return 1; }; }
refused() { is "$status" "$1" && says err "$2" && is "$(wc -l <err | tr -d ' ')" "$3"; }

cat >game.sgf <<'E2'
(;GM[1]FF[4]SZ[9]KM[7];B[ee];W[cc];B[gc](;W[cg];B[];W[])(;W[gg]))
E2
printf '(;SZ[13]KM[7];B[dd];W[jj])\n(;SZ[9:5]KM[7];B[cc];W[gc];B[])\n' >two.sgf

# --- everything -----------------------------------------------------------
run game.sgf
ok "a plain run succeeds" is "$status" 0
ok "it writes a frame for each position" \
    all "game-frames/frame-000.png game-frames/frame-003.png game-frames/frame-006.png"
ok "it writes no more" is "$(ls game-frames | wc -l | tr -d ' ')" 9
ok "frames of 9x9 are 144x144" is "$(size game-frames/frame-003.png)" 144x144
ok "the strip holds them all" is "$(size game-frames/strip.png)" 1040x152
ok "the film has their size" is "$(size game-frames/film.png)" 144x144
ok "the film is animated" grep -q acTL game-frames/film.png
ok "it says what it wrote" \
    eval 'says out game-frames/frame-000.png && says out strip.png && says out film.png'
cp -r game-frames before
run game.sgf
ok "a second run writes the same into the same folder" diff -r before game-frames

# --- a choice ---------------------------------------------------------------
run --frames --moves 2-4 -o part game.sgf
ok "--moves A-B --frames writes those alone" is "$(ls part | tr '\n' ' ')" \
    "frame-002.png frame-003.png frame-004.png "
ok "they are the frames of the whole run" cmp part/frame-003.png game-frames/frame-003.png
run --frames --moves 5- -o tail game.sgf
ok "--moves A- goes to the end" is "$(ls tail | tr '\n' ' ')" "frame-005.png frame-006.png "
run --still a.png --moves 1 game.sgf
ok "--still writes one position" cmp a.png game-frames/frame-001.png
run --strip s.png --columns 3 game.sgf
ok "--columns gives the strip its width" is "$(size s.png)" 448x448
ok "--strip alone makes no folder" nothing part2

run --still b.png --moves 3 --camera black game.sgf
run --still w.png --moves 3 --camera white game.sgf
run --still m.png --moves 3 --camera mover game.sgf
ok "the camera of the mover is White's after three moves" cmp w.png m.png
ok "Black's camera shows another picture" eval '! cmp -s b.png m.png'

run --view --still view.png game.sgf
ok "--view draws a large board" is "$(size view.png)" 512x512
run --view --cell 24 --still view.png game.sgf
ok "--cell gives its size" is "$(size view.png)" 256x256
run --view --numbers --moves 0-4 --still numbers.png game.sgf
run --view --moves 4 --still plain.png game.sgf
ok "--numbers shows" eval '! cmp -s numbers.png plain.png'
run --view --moves 0-2 --animate v.png game.sgf
ok "--view animates, too" is "$(size v.png)" 512x512

run --game 2 --still two.png two.sgf
ok "--game takes another game of the file, of any shape" is "$(size two.png)" 144x80
run --still one.png two.sgf
ok "13x13 is 208 pixels wide" is "$(size one.png)" 208x208

"$VIDEOWORLD" render --still - --moves 1 - <game.sgf >piped.png
ok "from stdin to stdout" cmp piped.png game-frames/frame-001.png

# --- refusals -----------------------------------------------------------------
usage() { # usage MESSAGE ARGS...
    message=$1
    shift
    run "$@"
    ok "usage: $message" refused 2 "$message" 2
}
usage "no game given"
usage "more than one game" game.sgf two.sgf
usage "unknown option '--bogus'" --bogus game.sgf
usage "unknown option '-x'" -x game.sgf
usage "option '--strip' needs a value" game.sgf --strip
usage "--moves takes N, A-B or A-, not '4-2'" --moves 4-2 game.sgf
usage "--numbers and --cell go with --view" --numbers --strip - game.sgf
usage "--numbers and --cell go with --view" --cell 24 --strip - game.sgf
usage "--moves takes N, A-B or A-, not '-3'" --moves -3 game.sgf
usage "--moves takes N, A-B or A-, not '1-2x'" --moves 1-2x game.sgf
usage "--camera takes mover, black or white, not 'red'" --camera red game.sgf
usage "--cell takes a number from 16 to 160, not '15'" --cell 15 game.sgf
usage "--delay takes a number from 0 to 65535, not '99999'" --delay 99999 game.sgf
usage "--game takes a number from 1 to 1073741824, not '0'" --game 0 game.sgf
usage "two pictures cannot go into one file" --strip - --animate - game.sgf
usage "two pictures cannot go into one file" --still a.png --animate a.png game.sgf
usage "--columns takes a number from 1 to 10000, not ''" --columns "" game.sgf

fails() { # fails MESSAGE ARGS...
    message=$1
    shift
    run "$@"
    ok "fails: $message" refused 1 "$message" 1
}
fails "none.sgf" none.sgf
fails "'game.sgf' has 6 moves, no move 7" --moves 7 game.sgf
fails "'game.sgf' has 6 moves, no move 9" --moves 2-9 game.sgf
fails "'two.sgf' has 2 games, no game 3" --game 3 two.sgf
fails "nowhere/at/all" -o nowhere/at/all game.sgf
fails "game.sgf/frame" -o game.sgf --frames game.sgf
printf '(;SZ[9];B[ee];W[ee])' >illegal.sgf
fails "illegal.sgf:1:" illegal.sgf
ok "an illegal game leaves nothing behind" nothing illegal-frames
fails "cannot write 'nowhere/s.png'" --animate f.png --strip nowhere/s.png game.sgf
ok "no film without its strip" nothing f.png
if [ -w /dev/full ]; then
    fails "No space left" --strip /dev/full game.sgf
    fails "No space left" --animate /dev/full game.sgf
else
    ok "full disk # SKIP no /dev/full" true
fi
ok "no temporary file is left" eval '! ls -R | grep tmp-'

run --help
ok "--help is on stdout" eval 'is "$status" 0 && says out "Usage: videoworld render"'

echo "1..$n"
exit $bad
