#!/bin/sh
# videoworld match: tournaments, INI files, openings, shards, and the test that ends it.
. "$TEST_SRCDIR/tap.sh"
. "$TEST_SRCDIR/match_kit.sh"
random="$VIDEOWORLD gtp --player random"

# --- who meets whom
cat >t.ini <<'END'
; three engines
[match]
games = 3
random-plies = 0
mercy = 50,3
[engine passes]
command = ./toy
[engine resigns]
command = ./toy   ; of a kind
   resigns        ; the line goes on
elo = 100
[engine grows]
command = ./toy grows
END
out=$(match t.ini -r rr.txt)
is "a round robin" "$(games rr.txt)" \
"0 passes resigns B+R resign
1 resigns passes W+R resign
2 passes grows W+88 mercy
3 grows passes B+74 mercy
4 resigns grows W+R resign
5 grows resigns B+R resign
6 passes resigns B+R resign
8 passes grows W+88 mercy
10 resigns grows W+R resign"
is "its table" "$(echo "$out" | sed -n '/^[1-9] of 9:/d; /ms\/move/,/^Elo/{ /^Elo/d; s/  *[0-9.]*$//; p; }')" \
"   # engine                 Elo (95 %)      LOS  won-dr.-lost    score  faults  ms/move
   1 grows        +781 (+108 to +1454)   89.6 %         6-0-0  100.0 %       0
   2 passes         +442 (-83 to +966)   89.9 %         3-0-3   50.0 %       0
   3 resigns              +100 (given)        -         0-0-6    0.0 %       0
   # against      1      2
   1 grows        -    3/3    3/3
   2 passes     0/3      -    3/3
   3 resigns    0/3    0/3      -"
is "a line a game" "$(echo "$out" | sed -n 2p)" \
"2 of 9: game 1, resigns - passes W+R, 0 plies; passes 2-0-0 against resigns"
is "what the file says it is" "$(grep '^# ' rr.txt | sed '$d')" \
"# videoworld match 1
# 9x9, komi 7, at most 324 plies, 0 of them random, seed 1
# round-robin
# scored when more than 50 points ahead for 3 plies
# passes=./toy
# resigns=./toy resigns
# grows=./toy grows
# referee: none"
is "more games of each pairing" "$(match t.ini -r rr.txt -n 4 2>&1 | sed -n 1,2p; games rr.txt | grep -c ^)" \
"9 of 12 games were played before
10 of 12: game 7, resigns - passes W+R, 0 plies; passes 4-0-0 against resigns
12"
match t.ini --format gauntlet -n 2 -r ga.txt >/dev/null
is "a gauntlet" "$(games ga.txt | cut -d ' ' -f 1-3)" \
"0 passes resigns
1 resigns passes
2 passes grows
3 grows passes"
is "is another tournament" "$(match t.ini -r ga.txt | head -n 1)" \
"videoworld: 'ga.txt' is of another match: it says '# gauntlet' where this one says '# round-robin'"
match t.ini -n 20 -j 3 -r even.txt >/dev/null
is "pairings progress alike" "$(grep -v '^#' even.txt | awk '{ n[int($1 / 2) % 3]++
    for (i = 0; i < 3; i++) for (k = 0; k < 3; k++) if (n[i] - n[k] > 6) bad = 1 }
    END { print n[0], n[1], n[2], bad + 0 }')" "20 20 20 0"
is "engines are started when they are needed, and kept" \
    "$(match -e 'a=echo x >>starts; ./toy' -e 'b=./toy' -e 'c=./toy' -n 4 -p 0 >/dev/null; wc -l <starts)" 1
match -e "a=$random" -e "b=$random" -e "c=$random" -e "d=$random" -n 2 -j 2 --html r.html -g sgf \
    >/dev/null
is "a page" "$(grep -c '<html' r.html) $(grep -o 'sgf/game-000011.sgf' r.html | head -n 1)" \
"1 sgf/game-000011.sgf"
link() { # link HTML SGF-FOLDER: its first link to a game, which is there
    match -e "a=$random" -e "b=$random" -n 2 --html "$1" -g "$2" >/dev/null
    way=$(sed -n 's/.*href="\([^"]*game-000000.sgf\)".*/\1/p' "$1")
    echo "$way $(ls "${1%/*}/$way" 2>&1)"
}
mkdir -p deep/er there
is "beside it" "$(link deep/er/a.html deep/er/games)" "games/game-000000.sgf deep/er/games/game-000000.sgf"
is "above it" "$(link deep/er/b.html deep)" "../game-000000.sgf deep/er/../game-000000.sgf"
is "elsewhere" "$(link "$PWD/deep/er/c.html" there)" \
    "../../there/game-000000.sgf $PWD/deep/er/../../there/game-000000.sgf"
is "that is named in a roundabout way" "$(cd there && link ../deep/er/d.html ../there/../deep/../there)" \
    "../../there/game-000000.sgf ../deep/er/../../there/game-000000.sgf"
is "that is final" "$(grep -c refresh r.html)" 0
"$VIDEOWORLD" match -e "a=$random" -e "b=$random" -n 400 -r l.txt --html live.html >/dev/null 2>&1 & pid=$!
while [ ! -f live.html ] && kill -0 $pid; do sleep 0.05; done
kill -9 $pid
wait $pid 2>/dev/null
is "a page while games are played, that asks for the next" \
    "$(grep -o 'http-equiv="refresh" content="[0-9]*"' live.html)" 'http-equiv="refresh" content="10"'
out=$(match -e "a=$random" -e "b=$random" -n 2 --html nowhere/r.html)
is "a page that cannot be written ends nothing, but is told" \
    "$(echo "$out" | grep -c '^videoworld: warning: cannot .*nowhere') $(echo "$out" | grep -c '^2 of 2 games')" "1 1"
if command -v xmllint >/dev/null; then
    is "well-formed" "$(xmllint --noout r.html 2>&1)" ""
else
    skip "well-formed" "no xmllint"
fi

# --- INI files
bad() { # bad LINE...: what is said of them
    printf '%s\n' "$@" >bad.ini
    match bad.ini | head -n 1
}
is "what is wrong in an INI file" "$(
    bad '[match]' 'game = 1'
    bad '[match]' '' '; no' 'games = many'
    bad '[match]' 'analyze = maybe'
    bad '[match]' 'engine = a=b'
    bad '[match]' 'sgf = a' '  b'
    bad '[engines]' 'command = x'
    bad 'games = 1'
    bad '[match]' 'games'
    bad '[engine a]' 'path = x'
    bad '[engine a]' 'time = 60//5'
    bad '[engine a]' 'elo = strong'
    bad '[engine ]' 'command = x'
    bad '[engine a]' "command = $(printf '%0300d' 0)"
    bad '[engine a]' 'elo = 5')" \
"videoworld: bad.ini:2: unknown key 'game'
videoworld: bad.ini:4: 'many' is no value for games
videoworld: bad.ini:2: 'maybe' is no value for analyze
videoworld: bad.ini:2: unknown key 'engine'
videoworld: bad.ini:3: 'sgf' has one line only
videoworld: bad.ini:2: an unknown section; there are [match] and [engine NAME]
videoworld: bad.ini:1: a key before the first section, [match] or [engine NAME]
videoworld: bad.ini:2: neither a [section] nor 'key = value'
videoworld: bad.ini:2: an engine has no 'path', but command, time and elo
videoworld: bad.ini:2: '60//5' is no value for time
videoworld: bad.ini:2: 'strong' is no value for elo
videoworld: bad.ini:2: '' is no name for an engine, or there are too many
videoworld: bad.ini:2: a line of more bytes than are allowed; go on in an indented one
videoworld: the engine a has no command"
is "no such file" "$(match none.ini | head -n 1)" \
"videoworld: cannot open 'none.ini': No such file or directory"
is "a folder" "$(match . | head -n 1)" "videoworld: cannot read '.': Is a directory"
is "one file only" "$(match t.ini t.ini | head -n 1)" "videoworld: unexpected argument 't.ini'"

# --- openings
cat >o.sgf <<'END'
(;GM[1]FF[4]SZ[9]KM[5.5];B[ee];W[ce];B[gc](;W[cc])(;W[aa]))
(;GM[1]FF[4]SZ[9];B[dd];W[];B[])
(;GM[1]FF[4]SZ[9];B[ff];B[gg])
END
moves() { tr -d '\n' <"$1" | sed 's/^.*for White\]//; s/C\[[^]]*\]//g; s/;[BW]\[\];[BW]\[\])$//'; }
match -e 'a=./toy' -e 'b=./toy' -n 7 --openings o.sgf -g o -r o.txt >/dev/null
is "openings of a file, in turn, each twice" \
    "$(for i in 0 1 2 3 4 5 6; do moves o/game-00000$i.sgf; echo; done)" \
";B[ee];W[ce];B[gc];W[cc]
;B[ee];W[ce];B[gc];W[cc]
;B[dd]
;B[dd]
;B[ff];B[gg]
;B[ff];B[gg]
;B[ee];W[ce];B[gc];W[cc]"
is "the file says so" "$(sed -n 's/[0-9a-f]\{16\}/HASH/; 2p' o.txt; grep -c 'KM\[7\]' o/game-000000.sgf)" \
"# 9x9, komi 7, at most 324 plies, the first all those of 3 openings, HASH
1"
match -e 'a=./toy' -e 'b=./toy' -n 6 --openings o.sgf --opening-plies 1 --shuffle -s 5 -g p >/dev/null
is "in another order, cut" "$(for i in 0 2 4; do moves p/game-00000$i.sgf; echo; done | sort)" \
";B[dd]
;B[ee]
;B[ff]"
wrong() { # wrong SGF: what is said of it as an opening
    echo "$1" >wrong.sgf
    match -e 'a=./toy' -e 'b=./toy' --openings wrong.sgf | head -n 1
}
is "openings that will not do" "$(
    wrong '(;SZ[9];B[ee])(;SZ[19];B[ee])'
    wrong '(;SZ[9]AB[ee:ff])'
    wrong '(;SZ[9]HA[2]AB[ee][ff];W[aa])'
    wrong '(;SZ[9];B[ee];W[ee])'
    match -e 'a=./toy' -e 'b=./toy' --openings o.sgf -p 3 | head -n 1
    match -e 'a=./toy' -e 'b=./toy' --shuffle | head -n 1)" \
"videoworld: wrong.sgf:1:16: an opening of 19x19 for a match on 9x9
videoworld: wrong.sgf:1:2: an opening with setup stones
videoworld: wrong.sgf:1:2: an opening with handicap stones
videoworld: wrong.sgf:1:17: illegal move 'ee': occupied
videoworld: openings are those of a file or random, not both
videoworld: --shuffle and --opening-plies go with --openings"

# --- shards
match t.ini -n 10 -r whole.txt >/dev/null
games whole.txt >whole.games
for i in 1 2 3; do
    match t.ini -n 10 --shard $i/3 -r shard$i.txt >/dev/null
done
is "shards have the openings in turn" "$(games shard2.txt | cut -d ' ' -f 1 | tr '\n' ' ')" \
"6 7 8 9 10 11 24 25 26 27 28 29 "
is "know how many games are theirs" "$(match t.ini -n 10 --shard 3/3 | grep -o '. of . games')" \
"6 of 6 games"
printf '1\tresi' >>shard1.txt
is "are joined" "$(match --merge all.txt shard[123].txt; games all.txt | cmp - whole.games 2>&1)" \
"all.txt: 30 games
status 0"
is "sorted, and complete" "$(match t.ini -n 10 -r all.txt 2>&1 | head -n 2 | cut -d , -f 1
    match --merge all.txt shard1.txt; grep -v '^#' all.txt | cut -f 1 | sort -n -c)" \
"30 of 30 games were played before
30 of 30 games
all.txt: 30 games
status 0"
sed 's/B+R/W+R/' shard1.txt >lie.txt
is "games that differ are refused" "$(match --merge new.txt shard1.txt lie.txt; ls new.txt 2>&1 | wc -l)" \
"videoworld: game 0 is another in 'lie.txt' than in 'shard1.txt'
status 1
1"
is "and other tournaments" "$(match --merge new.txt shard1.txt ga.txt; match --merge new.txt t.ini
    match --merge t.ini shard1.txt; match --merge new.txt | head -n 1; [ -e new.txt ] || echo none)" \
"videoworld: 'ga.txt' is of another match than 'shard1.txt'
status 1
videoworld: 't.ini' holds no results of a match
status 1
videoworld: 't.ini' is another file: it does not begin with '# videoworld match 1'
status 1
videoworld: no results to merge
none"
is "no shard 4 of 3" "$(match t.ini --shard 4/3 | head -n 1)" \
"videoworld: '4/3' is no value for --shard"
if command -v mpirun >/dev/null; then
    if [ "$(id -u)" = 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    # shellcheck disable=SC2016
    OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_btl_vader_single_copy_mechanism=none \
        timeout 120 mpirun -np 2 sh -c 'i=$((OMPI_COMM_WORLD_RANK + 1))
            exec "$VIDEOWORLD" match t.ini -n 10 --shard $i/2 -r mpi$i.txt' >/dev/null 2>&1 </dev/null
    is "ranks of mpirun are shards" "$(match --merge mpi.txt mpi1.txt mpi2.txt
        games mpi.txt | cmp - whole.games 2>&1)" \
"mpi.txt: 30 games
status 0"
else
    skip "ranks of mpirun are shards" "no mpirun"
fi

# --- a sequential test
out=$(match -e 'a=./toy' -e 'b=./toy resigns' -n 1000 -p 0 --sprt=0,200 -r sprt.txt)
is "SPRT ends a match" "$(echo "$out" | grep '^SPRT' | sed 's/ratio [0-9.]* of/ratio X of/; s/0-[0-9]*$/0-N/')" \
"SPRT, Elo +0 or +200: the higher is accepted; log-likelihood ratio X of -2.94 to 2.94; pairs by \
points (0 to 2): 0-0-0-0-N"
is "early, and for good" "$([ "$(games sprt.txt | grep -c ^)" -lt 100 ] && echo yes
    cp sprt.txt again.txt; match -e 'a=./toy' -e 'b=./toy resigns' -n 1000 -p 0 --sprt=0,200 \
        -r again.txt >/dev/null; cmp sprt.txt again.txt)" yes
is "not for three, not for shards, not for nothing" "$(match t.ini --sprt=0,10 | head -n 1
    match -e 'a=./toy' -e 'b=./toy' --shard 1/2 --sprt=0,10 | head -n 1
    match -e 'a=./toy' -e 'b=./toy' --sprt=10,0 | head -n 1)" \
"videoworld: --sprt is for two engines, and not for shards
videoworld: --sprt is for two engines, and not for shards
videoworld: '10,0' is no value for --sprt"
plan
