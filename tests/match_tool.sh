#!/bin/sh
# videoworld match: who wins and why, over engines good and bad; results survive kills.
. "$TEST_SRCDIR/tap.sh"
. "$TEST_SRCDIR/match_kit.sh"

# --- a plain match
is "plays" "$(match -e 'a=./toy' -e 'b=./toy' -n 3 -p 0 -r plain.txt 2>&1 | sed '/^[ab] .*%  /s/ *[0-9.]*$//')" \
"1 of 3: game 0, a - b W+7, 2 plies; a 0-0-1
2 of 3: game 1, b - a W+7, 2 plies; a 1-0-1
3 of 3: game 2, a - b W+7, 2 plies; a 1-0-2
3 of 3 games, 9x9, komi 7, 0 random plies first (seed 1)
engine      as Black      as White  won-dr.-lost    score  faults  ms/move
a              0-0-2         1-0-0         1-0-2   33.3 %       0
b              0-0-1         2-0-0         2-0-1   66.7 %       0
a scores 33.3 % (7.3 to 76.0), Elo -120 (-441 to +200); 95 % intervals from 2 openings
LOS, that a is the stronger: 43.3 %
2.0 plies a game; Black won 0, White 3, drawn 0
playing Black is worth Elo -331 (-850 to +189); 0.0 % of games between equals are draws
status 0"
is "and writes it down" "$(cut -f 1-6,9 plain.txt | tr '\t' '|')" \
"# videoworld match 1
# 9x9, komi 7, at most 324 plies, 0 of them random, seed 1
# a=./toy
# b=./toy
# referee: none
# game|Black|White|result|end|plies|fault
0|a|b|W+7|score|2|-
1|b|a|W+7|score|2|-
2|a|b|W+7|score|2|-"
is "goes on where it ended" "$(match -e 'a=./toy' -e 'b=./toy' -n 4 -p 0 -r plain.txt 2>&1 | sed -n 1,2p; games plain.txt | tail -n 1)" \
"3 of 4 games were played before
4 of 4: game 3, b - a W+7, 2 plies; a 2-0-2
3 b a W+7 score"
is "keeps matches apart" "$(match -e 'a=./toy' -e 'b=./toy' -n 4 -p 0 -k 6.5 -r plain.txt)" \
"videoworld: 'plain.txt' is of another match: it says '# 9x9, komi 7, at most 324 plies, 0 of them random, seed 1' where this one says '# 9x9, komi 6.5, at most 324 plies, 0 of them random, seed 1'
status 1"
cp plain.txt torn.txt
printf '3\ta\tb\tW+' >>torn.txt
is "cuts a torn line off" "$(match -e 'a=./toy' -e 'b=./toy' -n 4 -p 0 -r torn.txt >/dev/null; cmp plain.txt torn.txt)" ""
head -c 100 plain.txt >torn.txt
is "mends a torn heading" "$(match -e 'a=./toy' -e 'b=./toy' -n 1 -p 0 -r torn.txt >/dev/null; head -n 6 torn.txt)" \
"$(head -n 6 plain.txt)"
printf '0\ta\tb\tW+7\tscore\t2\t0.1\t0.1\t-\n' >>torn.txt
printf 'precious' >other
is "touches no other file" "$(match -e 'a=./toy' -e 'b=./toy' -r other; cat other)" \
"videoworld: 'other' is another file: it does not begin with '# videoworld match 1'
status 1
precious"
is "refuses a game that stands twice" "$(match -e 'a=./toy' -e 'b=./toy' -p 0 -r torn.txt)" \
"videoworld: torn.txt:8: game 0 stands there twice
status 1"
sed '7s/a/\x00/' plain.txt >nul.txt
is "refuses a NUL byte, behind which games would not be seen" \
"$(match -e 'a=./toy' -e 'b=./toy' -p 0 -r nul.txt; cp plain.txt whole.txt
   match --merge whole.txt nul.txt; cmp whole.txt plain.txt)" \
"videoworld: nul.txt:7: a NUL byte: the file is damaged
status 1
videoworld: nul.txt:7: a NUL byte: the file is damaged
status 1"
is "keeps apart what counts as hanging" \
"$(match -e 'a=./toy' -e 'b=./toy' -n 1 -p 0 -t 50 -r slow.txt >/dev/null; grep hung slow.txt
   match -e 'a=./toy' -e 'b=./toy' -n 2 -p 0 -r slow.txt | tail -n 1)" \
"# a move of more than 50 s has hung
status 1"
is "refuses a file it does not know" "$(echo '9 a' >>plain.txt; match -e 'a=./toy' -e 'b=./toy' -p 0 -r plain.txt)" \
"videoworld: plain.txt:11: no game but '9 a'
status 1"

# --- openings
random="$VIDEOWORLD gtp --player random"
"$VIDEOWORLD" match -e "a=$random" -e "b=$random" -n 4 -j 2 -g sgf >/dev/null 2>&1
opening() { tr -d '\n' <"sgf/game-00000$1.sgf" | sed 's/.*for White];//' | cut -d ';' -f 1-4; }
is "plays each opening twice" "$(opening 0; opening 2)" "$(opening 1; opening 3)"
is "and not the same one again" "$([ "$(opening 0)" != "$(opening 2)" ] && echo yes)" yes
is "with colours swapped" "$(grep -h -o 'PB.*PW\[.\]' sgf/*.sgf)" \
"PB[a]PW[b]
PB[b]PW[a]
PB[a]PW[b]
PB[b]PW[a]"
is "under the rules that we write everywhere" "$(cat sgf/*.sgf | grep -c 'RU\[Chinese\]')" 4
is "and writes sound SGF" "$("$VIDEOWORLD" sgf sgf/*.sgf 2>&1 | grep -c '^sgf/.*: ')" 0

# --- engines that misbehave: each loses, and the match goes on
for mode in dies hangs corner talks empty off refuses garbage wrong-id floods closes resigns deaf \
    stderr crlf; do
    limit=60
    [ $mode = hangs ] && limit=1
    "$VIDEOWORLD" match -e "toy=exec ./toy $mode" -e 'good=./toy' -n 2 -j 2 -p 0 -t $limit \
        -r "$mode.txt" >"$mode.out" 2>"$mode.err"
    echo "$mode $? $(games "$mode.txt" | cut -d ' ' -f 4,5 | tr '\n' ' ')"
done >bad.got
is "bad engines lose" "$(sed 's/ $//' bad.got)" \
"dies 0 W+F broken B+F broken
hangs 0 W+F hang B+F hang
corner 0 W+F illegal B+F illegal
talks 0 W+F no-move B+F no-move
empty 0 W+F no-move B+F no-move
off 0 W+F no-move B+F no-move
refuses 0 W+F no-move B+F no-move
garbage 0 W+F broken B+F broken
wrong-id 0 W+F broken B+F broken
floods 0 W+F broken B+F broken
closes 0 W+F broken B+F broken
resigns 0 W+R resign B+R resign
deaf 0 W+7 score B+F refused
stderr 0 W+7 score W+7 score
crlf 0 W+7 score W+7 score"
is "the last lines are logged" "$(grep -h 'game 0:' dies.err corner.err hangs.err | grep ^video)" \
"videoworld: game 0: toy: ended with status 3; last lines: > 3 clear_board | < =3 | > 4 komi 7 | < =4 | > 5 genmove b | ! I die
videoworld: game 0: toy: illegal move A1: occupied; last lines: > 5 genmove b | < =5 A1 | > 6 play w pass | < =6 | > 7 genmove b | < =7 A1
videoworld: game 0: toy: no reply within 1 s; last lines: < =2 | > 3 clear_board | < =3 | > 4 komi 7 | < =4 | > 5 genmove b"
is "faults are counted" "$(tail -n 1 hangs.out)" "faults of toy: 2 hang"
is "an engine that does not start ends the match" "$(match -e 'toy=./toy dead' -e 'good=./toy' -n 2 -r dead.txt 2>&1 | grep -v ' games,'; games dead.txt)" \
"videoworld: toy: ended with status 1; last lines: > 1 name; started again
videoworld: toy: ended with status 1; last lines: > 1 name; started again
videoworld: toy: ended with status 1; last lines: > 1 name
status 1"
is "so does one that cannot play there" "$(match -e 'toy=./toy small' -e 'good=./toy' -n 2 -r small.txt 2>&1 | grep -v ' games,' | tail -n 2; games small.txt)" \
"videoworld: toy: refused: 'unacceptable size'; last lines: > 1 name | < =1 | > 2 boardsize 9 | < ?2 unacceptable size
status 1"

# --- the referee
for mode in wise even vague weary; do
    "$VIDEOWORLD" match -e 'a=./toy' -e 'b=./toy' -R "./toy $mode" -n 2 -p 0 -r "$mode.txt" 2>&1 |
        grep -c 'our own'
    games "$mode.txt"
done >referee.got
is "a referee decides, else our own score" "$(cat referee.got)" \
"0
0 a b B+99.5 score
1 b a B+99.5 score
0
0 a b 0 score
1 b a 0 score
3
0 a b W+7 own-score
1 b a W+7 own-score
1
0 a b W+7 own-score
1 b a W+7 own-score"
is "a long game is scored" "$(match -e "a=$random" -e "b=$random" -n 1 -m 30 -r long.txt >/dev/null; cut -f 5,6 long.txt | tail -n 1)" \
"score	30"

# --- descriptors: not many more than are open are asked for, which the system would refuse
is "as many at once as there are descriptors for" \
"$(ulimit -n 64; match -e 'a=./toy' -e 'b=./toy' -n 8 -p 0 -j 8 2>&1 | grep '^8 of 8 games')" \
"8 of 8 games, 9x9, komi 7, 0 random plies first (seed 1)"

# --- ctrl-C
# a shell has what it starts by "&" ignore SIGINT
env --default-signal=INT "$VIDEOWORLD" match -e 'a=./toy slow' -e 'b=./toy slow' -n 1000 -p 0 \
    -r c.txt >c.out 2>c.err &
pid=$!
while ! grep -q 'of 1000' c.err 2>/dev/null; do sleep 0.05; done
kill -INT $pid
wait $pid
is "ends cleanly on ctrl-C" "$? $(tail -n 1 c.err) $(grep -c ' of 1000 games' c.out)" \
"130 videoworld: stopped 1"
"$VIDEOWORLD" match -e 'a=./toy slow' -e 'b=./toy slow' -n 1000 -p 0 -r d.txt >d.out 2>d.err &
pid=$!
while ! grep -q 'of 1000' d.err 2>/dev/null; do sleep 0.05; done
kill -INT $pid
sleep 0.5
is "not where a shell has that ignored" "$(kill -0 $pid && echo goes on)" "goes on"
# as timeout(1) does it: the program, then its whole group
kill $pid
sleep 0.01
kill $pid
wait $pid
is "two signals at once are one" "$? $(tail -n 1 d.err)" "143 videoworld: stopped"
is "with every game written" "$(games c.txt | wc -l)" "$(grep -c 'of 1000:' c.err)"

# --- the terminal goes away, and nohup
heard=$(sh -c 'trap "echo yes" HUP; kill -HUP $$')
for nohup in no yes; do
    if [ $nohup = no ] && [ -z "$heard" ]; then # nor can a shell let its children hear it
        skip "a hang-up ends it, nohup: no" "the tests themselves run under nohup"
        continue
    fi
    [ $nohup = yes ] && trap '' HUP
    "$VIDEOWORLD" match -e 'a=./toy slow' -e 'b=./toy slow' -n 1000 -p 0 -r h.$nohup >h.out 2>h.err &
    pid=$!
    trap - HUP
    while ! grep -q 'of 1000' h.err 2>/dev/null; do sleep 0.05; done
    kill -HUP $pid
    before=$(grep -c 'of 1000:' h.err)
    i=0
    while kill -0 $pid 2>/dev/null && [ "$(grep -c 'of 1000:' h.err)" -lt $((before + 2)) ] &&
          [ $i -lt 200 ]; do
        sleep 0.05
        i=$((i + 1))
    done
    kill -0 $pid 2>/dev/null && went=on || went=out
    kill -TERM $pid 2>/dev/null
    wait $pid
    is "a hang-up ends it, nohup: $nohup" "$? $(tail -n 1 h.err) $went" \
        "$([ $nohup = yes ] && echo 143 videoworld: stopped on || echo 129 videoworld: stopped out)"
    rm h.err
done

# --- a real engine
gnugo=$(PATH=$PATH:/usr/games command -v gnugo)
if [ -n "$gnugo" ]; then
    gnugo="$gnugo --mode gtp --level 1 --chinese-rules --positional-superko --seed 1"
    is "GNU Go beats random" "$(match -e "r=$random --seed 1" -e "g=$gnugo" -R "$gnugo" -n 2 -j 2 -b 5 -p 2 -r g.txt >/dev/null
        games g.txt | sed 's/+[0-9.]*//')" \
"0 r g W score
1 g r B score"
else
    skip "GNU Go beats random" "no gnugo"
fi

# --- usage
"$VIDEOWORLD" match -e "a=$random" -e "b=$random" -n 2 -b 5 -r quiet.txt >/dev/null 2>&-
is "without standard error its lines go nowhere" "$(grep -vc '^#' quiet.txt)" 2
gzip -c quiet.txt >quiet.txt.gz
is "packed results are not added to" \
    "$(match -e "a=$random" -e "b=$random" -n 4 -b 5 -r quiet.txt.gz)" \
"videoworld: 'quiet.txt.gz' is packed: it cannot be added to
status 1"
is "nor standard output" "$(match -e "a=$random" -e "b=$random" -n 2 -b 5 -r -)" \
"videoworld: '-' is no file to add to
status 1"
is "nor a device" "$(match -e "a=$random" -e "b=$random" -n 2 -b 5 -r /dev/null)" \
"videoworld: '/dev/null' is no file to add to
status 1"
is "a page written often is no standard output" \
    "$(match -e "a=$random" -e "b=$random" -n 2 -b 5 --html - | head -n 1)" \
    "videoworld: '-' is no value for --html"
is "wants two engines" "$(match -e 'a=./toy')" \
"videoworld: two engines are needed, by --engine NAME=COMMAND
Try 'videoworld match --help'.
status 2"
is "of different names" "$(match -e 'a=./toy' -e 'a=./toy')" \
"videoworld: two engines of one name: 'a=./toy'
Try 'videoworld match --help'.
status 2"
is "leaves no half-written file" "$(find . -name '*tmp-*')" ""
plan
