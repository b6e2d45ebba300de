#!/bin/sh
# videoworld bench suite: engines of all kinds, suites that are wrong, GNU Go on the ladders.
. "$TEST_SRCDIR/tap.sh"

suite() { # suite ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" bench suite "$@" 2>&1)
    echo "$out
status $?"
}

mkdir "$tmp/sets" && cd "$tmp" || exit 1
cat >sets/one.tst <<'END'
# Questions of all kinds.  A comment without a kind: nothing follows from it here.

# corner: take the star
boardsize 9
clear_board
komi 5.5
play black E5
play white C3
10 reg_genmove black
#? [G7]
20 reg_genmove white
#? [G7|C7]*

# anything: but this
boardsize 13
clear_board
play b d4
30 reg_genmove white
#? [!D5|PASS]

# corner: from a file
loadsgf game.sgf 3
40 reg_genmove b
#? [C3]
END
echo '(;SZ[9]KM[7];B[ee];W[gc];B[cg])' >sets/game.sgf

# An engine that knows reg_genmove and answers the lines of the file "moves", in turn.
cat >engine <<'END'
#!/bin/sh
exec 3<moves
while read -r id cmd rest; do
    echo "$cmd $rest" >>asked
    case $cmd:$rest in
    known_command:*) printf '=%s true\n\n' "$id" ;;
    boardsize:$REFUSED) printf '?%s unacceptable size\n\n' "$id" ;;
    reg_genmove:*) read -r move <&3; printf '=%s %s\n\n' "$id" "$move" ;;
    *) printf '=%s\n\n' "$id" ;;
    esac
done
END
chmod +x engine
median='s/median [0-9.]* ms/median M ms/'

printf 'g7\nC7\nD4\nC3\n' >moves
is "counts, an illegal move as wrong" "$(suite sets/one.tst --engine ./engine --json out.json | sed "$median")" \
"FAIL 30: wanted !D5|PASS, got D4
4 of 4 questions of sets/one.tst, ./engine: median M ms a move
                    n right  right %
all                 4     3  75.0 (30.1 to 95.4)
9x9                 3     3  100.0 (43.9 to 100.0)
13x13               1     0  0.0 (0.0 to 79.3)
corner              3     3  100.0 (43.9 to 100.0)
anything            1     0  0.0 (0.0 to 79.3)
status 0"
is "sends what the suite says, each time anew" "$(sed 's/ *$//' asked)" \
"known_command reg_genmove
boardsize 9
clear_board
komi 5.5
play black E5
play white C3
reg_genmove b
boardsize 9
clear_board
komi 5.5
play black E5
play white C3
reg_genmove w
boardsize 13
clear_board
play b d4
reg_genmove w
loadsgf sets/game.sgf 3
reg_genmove b"
is "writes JSON" "$(sed '/median_ms/d' out.json)" \
'{
  "suite": "sets/one.tst",
  "engine": "./engine",
  "questions": 4,
  "asked": 4,
  "groups": [
    { "name": "all", "questions": 4, "right": 3,
      "share": { "mean": 0.750000, "low": 0.300642, "high": 0.954413 } },
    { "name": "9x9", "questions": 3, "right": 3,
      "share": { "mean": 1.000000, "low": 0.438503, "high": 1.000000 } },
    { "name": "13x13", "questions": 1, "right": 0,
      "share": { "mean": 0.000000, "low": 0.000000, "high": 0.793451 } },
    { "name": "corner", "questions": 3, "right": 3,
      "share": { "mean": 1.000000, "low": 0.438503, "high": 1.000000 } },
    { "name": "anything", "questions": 1, "right": 0,
      "share": { "mean": 0.000000, "low": 0.000000, "high": 0.793451 } }
  ],
  "answers": [
    { "id": 10, "is": "right", "wanted": "G7", "got": "g7" },
    { "id": 20, "is": "right", "wanted": "G7|C7", "got": "C7" },
    { "id": 30, "is": "wrong", "wanted": "!D5|PASS", "got": "D4" },
    { "id": 40, "is": "right", "wanted": "C3", "got": "C3" }
  ]
}'
printf 'resign\nfoo\nPASS\n\n' >moves
is "what is no move is wrong" "$(suite sets/one.tst --engine ./engine | sed -n '/FAIL/p; s/  *[0-9.]* (.*//; /^all/p')" \
"FAIL 10: wanted G7, got resign
FAIL 20: wanted G7|C7, got foo
FAIL 30: wanted !D5|PASS, got PASS
FAIL 40: wanted C3, got no move
all                 4     0"

# --- positions that an engine does not take
printf 'G7\nG7\nC3\n' >moves
is "does not count what was refused, and says so" \
    "$(REFUSED=13; export REFUSED; suite sets/one.tst --engine ./engine --json out.json | sed "$median")" \
"3 of 4 questions of sets/one.tst, ./engine: median M ms a move
                    n right  right %
all                 3     3  100.0 (43.9 to 100.0)
9x9                 3     3  100.0 (43.9 to 100.0)
corner              3     3  100.0 (43.9 to 100.0)
not asked: 1 (boardsize 13: unacceptable size)
status 0"
is "so in JSON" "$(grep 'not asked' out.json)" \
'    { "id": 30, "is": "not asked", "wanted": "!D5|PASS", "why": "boardsize 13: unacceptable size" },'
is "an engine that takes none is asked nothing" \
    "$(suite sets/one.tst --engine 'while read id c; do printf "?$id no\n\n"; done' | sed -n '/^not/p; /^status/p')" \
"not asked: 2 (boardsize 9: no)
not asked: 1 (boardsize 13: no)
not asked: 1 (loadsgf sets/game.sgf 3: no)
status 0"
is "our own player too" \
    "$(suite sets/one.tst --player world -j 1 --seed 1 | sed -n '/^not/p; s/ questions of.*//p; /^status/p')" \
"3 of 4
not asked: 1 (13x13: not known to the player)
status 0"
is "the random player takes all" "$(suite sets/one.tst --player random | sed -n 's/ questions of.*//p')" \
"4 of 4"

sed "s/\$/ $(printf '\t\r')/" sets/one.tst >sets/blanks.tst
is "blanks that end lines mean nothing" \
    "$(suite sets/blanks.tst --player random | sed -n 's/ questions of.*//p')" "4 of 4"

# --- engines that fail end it
is "an engine that dies" "$(suite sets/one.tst --engine 'echo oh >&2; exit 3')" \
"videoworld: engine: ended with status 3; last lines: > 1 known_command reg_genmove | ! oh
status 1"
is "an engine that hangs" "$(suite sets/one.tst --move-seconds 0.2 \
    --engine 'while read id c; do case $c in gen*) sleep 60;; esac; printf "=$id\n\n"; done' | sed 's/;.*//')" \
"videoworld: engine: no reply within 0.2 s
status 1"

# --- suites that are wrong
wrong() { # wrong DESCRIPTION SED-PROGRAM ERROR
    sed "$2" sets/one.tst >sets/wrong.tst
    is "refuses $1" "$(suite sets/wrong.tst)" "videoworld: sets/wrong.tst:$3
status 1"
}
printf 'while read -r id c; do case $c in reg_genmove*) echo $$ >pid; mv pid hung; exec sleep 1000 ;; esac; printf "=$id true\\n\\n"; done' >hangs
"$VIDEOWORLD" bench suite sets/one.tst --engine 'sh ./hangs' >stopped 2>&1 & pid=$!
while [ ! -e hung ] && kill -0 $pid; do sleep 0.05; done
kill -TERM $pid
wait $pid
is "stopped it leaves no engine behind" \
    "$?,$(cat stopped),$(grep -s '^State:.*[RSD] ' "/proc/$(cat hung)/status")" "1,videoworld: stopped,"
mkdir -p "a folder"
cp sets/one.tst "a folder/one.tst"
is "no files are loaded from folders that GTP cannot name" \
    "$(suite "a folder/one.tst" | sed 's/:[0-9]*:/:N:/')" \
"videoworld: a folder/one.tst:N: GTP cannot name a file in a folder with a blank in its name
status 1"
wrong "an unknown command" 's/^komi 5.5/attack E5/' "6: 'attack E5' is no command of a suite"
wrong "an illegal move" 's/^play white C3/play white E5/' "8: illegal move: occupied"
wrong "a move off the board" 's/^play white C3/play white K3/' "8: 'K3' is no move on this board"
wrong "a colour that is none" 's/^play white C3/play red C3/' "8: 'play red C3' has no colour and move"
wrong "a board too large" 's/13/26/' "15: board size 26x26 is not within 2 to 25"
wrong "a board that is not cleared" '/clear_board/d' "5: boardsize is not followed by clear_board"
wrong "moves on no board" '/boardsize\|clear_board/d' "4: a position begins with boardsize or loadsgf"
wrong "a question on no board" '/boardsize 9/,/C3/d' "4: a question without a position"
wrong "moves after a question" 's/^20.*/play white D4/' "11: 'play white D4' after the position's beginning"
wrong "an id for the second time" 's/^20/10/' "11: id 10 stands here for the second time"
wrong "a question for nobody" 's/genmove white/genmove green/' "11: 'green' is no colour"
wrong "a question without answers" '/C7/d' "12: a question is not followed by its answers"
wrong "a last question without them" '$d' "23: the last question has no answers"
wrong "answers without a question" '/^20/d' "11: an answer without a question"
wrong "answers without brackets" 's/\[G7\]/G7/' "10: 'G7' is no list of answers in brackets"
wrong "no answer" 's/\[G7\]/[]/' "10: '' is no move on this board"
wrong "an answer that is no move" 's/\[G7\]/[G7|9G]/' "10: '9G' is no move on this board"
wrong "an answer that is illegal" 's/\[G7\]/[E5]/' "10: E5 is illegal: occupied"
wrong "a file that is not there" 's/game.sgf/no.sgf/' "22: cannot open 'sets/no.sgf': No such file or directory"
printf '# torn' >>sets/one.tst
is "refuses a torn line" "$(suite sets/one.tst)" "videoworld: sets/one.tst:25: the last line has no end
status 1"
: >empty.tst
is "refuses an empty suite" "$(suite empty.tst)" "videoworld: empty.tst: no questions
status 1"

# --- the ladders: who passes always, and GNU Go, a peer whose score is known
ladders=$TEST_SRCDIR/ladders/ladders.tst
is "passing is right where running would be wrong" \
    "$(suite "$ladders" --engine 'while read id c; do case $c in gen*) r=pass;; *) r=;; esac; printf "=$id $r\n\n"; done' |
        sed -n 's/  *[0-9.]* (.*//; /^[a-z19][a-z0-9]*  /p')" \
"all                54     9
9x9                18     3
13x13              18     3
19x19              18     3
works              15     0
choice             12     0
escape             18     0
lost                9     9"
PATH=$PATH:/usr/games
if command -v gnugo >/dev/null; then
    # GNU Go 3.8 has 53 right at level 1; a suite gone wrong would cost it more than a fifth
    holds "GNU Go reads ladders" "$(suite "$ladders" --engine 'gnugo --mode gtp --level 1')" \
        '$1 == "all" && p(2) == 54 && p(3) >= 42'
else
    skip "GNU Go reads ladders" "no gnugo"
fi

# --- usage
is "wants a suite" "$(suite)" "videoworld: one suite is needed
Try 'videoworld bench suite --help'.
status 2"
plan
