#!/bin/sh
# videoworld sgf: what it prints, its exit status, and that nothing is left half-written.
. "$TEST_SRCDIR/tap.sh"
samples=$TEST_SRCDIR/sgf

sgf() { # sgf ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" sgf "$@" 2>&1)
    echo "$out
status $?"
}

cd "$tmp" || exit 1
cat >good.sgf <<'END'
(;SZ[5]KM[2.5]PB[Ann]PW[Bob	by]RE[B+R]RU[Chinese];B[cc];W[bb](;B[dd];W[tt])(;B[cd]))
(;FF[3]SiZe[3:4]HandicAp[2]AddBlack[aa][cd];White[bb];Black[tt])
END
printf '(;SZ[9];B[cc]\n;W[cc])(;SZ[9];B[dd])(;KM[x])' >bad.sgf
printf '(;B[aa]' >open.sgf
: >empty.sgf

# --- check
is "counts" "$(sgf good.sgf)" "2 games, 9 nodes, 7 moves, 6 positions
status 0"
is "counts each file with --verbose" "$(sgf -cv good.sgf good.sgf | sed 's/in .* sec/in N sec/')" \
"good.sgf: 2 games, 9 nodes, 7 moves, 6 positions
good.sgf: 2 games, 9 nodes, 7 moves, 6 positions
4 games, 18 nodes, 14 moves, 12 positions
in N seconds
status 0"
is "leaves variations out" "$(sgf --main-line good.sgf)" "2 games, 8 nodes, 6 moves, 6 positions
status 0"
is "names every bad file and game" "$(sgf open.sgf bad.sgf none.sgf empty.sgf good.sgf)" \
"videoworld: open.sgf:1:1: the game tree is not closed
videoworld: bad.sgf:2:4: illegal move 'cc': occupied
videoworld: bad.sgf:2:27: komi 'x' is no number
videoworld: cannot open 'none.sgf': No such file or directory
videoworld: empty.sgf:1:1: no '(;' starts a game
3 games, 11 nodes, 8 moves, 7 positions, 5 bad
status 1"
is "reads standard input" "$("$VIDEOWORLD" sgf - <good.sgf)" "2 games, 9 nodes, 7 moves, 6 positions"
is "names standard input" "$(printf '(;' | "$VIDEOWORLD" sgf - 2>&1)" \
"videoworld: standard input:1:1: the game tree is not closed
0 games, 0 nodes, 0 moves, 0 positions, 1 bad"
gzip -k good.sgf
is "reads gzip" "$(sgf good.sgf.gz)" "2 games, 9 nodes, 7 moves, 6 positions
status 0"
is "finds the samples sound" "$(sgf "$samples"/*.sgf | tail -n 1)" "status 0"

# --- info
tab=$(printf '\t')
is "describes" "$(sgf --info good.sgf | tr "$tab" '|')" \
"#file|game|size|komi|handicap|rules|moves|result|black|white
good.sgf|1|5x5|2.5|0|Chinese|4|B+R|Ann|Bob by
good.sgf|2|3x4|-|2|-|2|-|-|-
status 0"

# --- show
is "draws" "$(sgf -s -g 1 -m 3 good.sgf)" \
"good.sgf: game 1 after 3 moves, White to move
   A B C D E
 5 . . . . . 5
 4 . O . . . 4
 3 . . X . . 3
 2 . . .(X). 2    WHITE (O) has captured 0 stones
 1 . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E
status 0"
is "has no more moves than there are" "$(sgf -s -g 2 -m 3 good.sgf)" \
"videoworld: good.sgf: game 2 has only 2 moves
status 1"
is "has no more games than there are" "$(sgf -g 3 good.sgf)" \
"videoworld: good.sgf: has only 2 games
0 games, 0 nodes, 0 moves, 0 positions, 1 bad
status 1"

# --- output
want='(;GM[1]FF[4]SZ[5]KM[2.5]PB[Ann]PW[Bob	by]RE[B+R]RU[Chinese];B[cc];W[bb](;B[dd];W[])(;B[cd]))
(;GM[1]FF[4]SZ[3:4]HA[2]AB[aa][cd];W[bb];B[])'
is "writes clean FF[4]" "$(sgf --compact -o - good.sgf)" "$want
status 0"
"$VIDEOWORLD" sgf --compact -o out.sgf good.sgf
is "writes a file" "$(cat out.sgf)" "$want"
"$VIDEOWORLD" sgf -M -g 1 --output=one.sgf good.sgf
is "writes one main line" "$(cat one.sgf)" \
"(;GM[1]FF[4]SZ[5]KM[2.5]PB[Ann]PW[Bob	by]RE[B+R]RU[Chinese];B[cc];W[bb];B[dd]
;W[])"
"$VIDEOWORLD" sgf -o out.sgf out.sgf
"$VIDEOWORLD" sgf --compact -o out.sgf out.sgf
is "writes onto what it reads" "$(cat out.sgf)" "$want"
is "writes nothing when a file is bad" "$(sgf -o out.sgf good.sgf bad.sgf)" \
"videoworld: bad.sgf:2:4: illegal move 'cc': occupied
videoworld: bad.sgf:2:27: komi 'x' is no number
status 1"
is "and leaves what was there" "$(cat out.sgf)" "$want"
is "leaves no other file" "$(ls)" "bad.sgf
empty.sgf
good.sgf
good.sgf.gz
one.sgf
open.sgf
out.sgf"

# --- where output cannot go
if [ -c /dev/full ]; then
    is "a full disk is an error" "$(sgf -o /dev/full good.sgf)" \
"videoworld: cannot write '/dev/full': No space left on device
status 1"
    is "a full disk behind standard output is an error" \
        "$("$VIDEOWORLD" sgf good.sgf 2>&1 >/dev/full; echo "status $?")" \
"videoworld: cannot write to standard output
status 1"
    is "also with -o -" "$("$VIDEOWORLD" sgf -o - good.sgf 2>&1 >/dev/full; echo "status $?")" \
"videoworld: cannot write '-': No space left on device
status 1"
else
    skip "a full disk is an error" "no /dev/full"
fi
is "no folder is an error" "$(sgf -o nowhere/x.sgf good.sgf)" \
"videoworld: cannot write 'nowhere/x.sgf': No such file or directory
status 1"

# --- usage
is "needs a file" "$(sgf)" "videoworld: no file given
Try 'videoworld sgf --help'.
status 2"
is "does one thing at a time" "$(sgf -i -s good.sgf)" \
"videoworld: only one of --check, --info, --show, --output
Try 'videoworld sgf --help'.
status 2"
is "wants numbers" "$(sgf -g 0 good.sgf; sgf -s -m 1x good.sgf)" \
"videoworld: no number of a game: '0'
Try 'videoworld sgf --help'.
status 2
videoworld: no number of moves: '1x'
Try 'videoworld sgf --help'.
status 2"
is "refuses options without effect" "$(sgf -m 1 good.sgf; sgf --compact good.sgf)" \
"videoworld: --move goes with --show
Try 'videoworld sgf --help'.
status 2
videoworld: --compact goes with --output
Try 'videoworld sgf --help'.
status 2"
is "refuses unknown options" "$(sgf --nonsense | tail -n 2)" "Try 'videoworld sgf --help'.
status 2"
is "helps on standard output" "$("$VIDEOWORLD" sgf --help 2>/dev/null | head -n 1)" \
"Usage: videoworld sgf [OPTION]... FILE..."

# --- the shared games
if [ -r "$SHARED_DATA/games9-a.sgfs.gz" ] && [ -r "$SHARED_DATA/games9-b.sgfs.gz" ]; then
    is "replays all shared games" \
        "$(sgf -v "$SHARED_DATA"/games9-*.sgfs.gz | sed 's/.*: //; /^in /d')" \
"21313 games, 1703646 nodes, 1682333 moves, 1465774 positions
7462 games, 633870 nodes, 626408 moves, 547928 positions
28775 games, 2337516 nodes, 2308741 moves, 2013702 positions
status 0"
else
    skip "replays all shared games" "SHARED_DATA has none"
fi

plan
