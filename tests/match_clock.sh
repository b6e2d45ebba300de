#!/bin/sh
# videoworld match: clocks, analysis, rules that end a game, and what is shown.
. "$TEST_SRCDIR/tap.sh"
. "$TEST_SRCDIR/match_kit.sh"
random="$VIDEOWORLD gtp --player random"

# --- clocks: what engines are told
for clock in 60 60+10 60/5x10 60/10:25 0/10:25 2.5+0.5; do
    : >told
    match -e 'a=./toy passes told' -e 'b=./toy kgs' -n 1 -p 0 --time $clock >/dev/null
    echo "$clock: $(tr '\n' ';' <told)"
done >told.plain
is "an engine that knows time_settings alone is told what it can keep to" "$(cat told.plain)" \
"60: time_settings 60 0 0;time_left b 60 0;
60+10: time_settings 50 10 1;time_left b 50 0;
60/5x10: time_settings 60 10 1;time_left b 60 0;
60/10:25: time_settings 60 10 25;time_left b 60 0;
0/10:25: time_settings 0 10 25;time_left b 10 25;
2.5+0.5: "
rm -f told
match -e 'a=./toy kgs told' -e 'b=./toy kgs' -n 1 -p 0 --time 60/5x10 >/dev/null
match -e 'a=./toy kgs told' -e 'b=./toy kgs' -n 1 -p 0 --time 0/2x0.5 >/dev/null
match -e 'a=./toy kgs told' -e 'b=./toy kgs' -n 1 -p 0 --time 2.5+0.5 >/dev/null
is "others in their words" "$(cat told)" \
"kata-time_settings byoyomi 60 10 5
time_left b 60.000 0
kata-time_settings byoyomi 0 0.5 2
time_left b 0.500 2
kata-time_settings fischer 2.5 0.5
time_left b 2.500 0"
is "one that cannot be told ends the match" \
    "$(match -e 'a=./toy clockless' -e 'b=./toy kgs' -n 1 --time 60+1 -r less.txt | grep -c 'knows no command that could tell it its clock, 60+1'
    games less.txt)" 3
is "one without needs not" "$(printf '[engine a]\ncommand = ./toy clockless\n[engine b]\ncommand = ./toy\ntime = 5' >one.ini
    match one.ini -n 2 -p 0 -r one.txt >/dev/null; games one.txt; grep 'with clock' one.txt)" \
"0 a b W+7 score
1 b a W+7 score
# with clock 5"

# --- clocks: who oversteps
match -e 'late=./toy late' -e 'b=./toy kgs' -n 2 -j 2 -p 0 --time 0.5 -r absolute.txt >out.txt
match -e 'late=./toy late' -e 'b=./toy kgs' -n 1 -p 0 --time 0/5x0.4 -r byoyomi.txt >/dev/null
match -e 'late=./toy late' -e 'b=./toy kgs' -n 1 -p 0 --time 0/2x0.4 -r too-late.txt >/dev/null
match -e 'late=./toy late' -e 'b=./toy kgs' -n 1 -p 0 --time 0.5 --margin-ms 900 -r margin.txt >/dev/null
match -e 'late=./toy late' -e 'b=./toy kgs' -n 1 -p 0 --time 60 -t 0.5 -r hang.txt >/dev/null
for f in absolute byoyomi too-late margin hang; do
    echo "$f $(games $f.txt | cut -d ' ' -f 4,5 | tr '\n' ' ')"
done >late.got
is "a late move loses" "$(sed 's/ $//' late.got)" \
"absolute W+T time B+T time
byoyomi W+7 score
too-late W+T time
margin W+7 score
hang W+F hang"
is "and is counted" "$(grep '^faults\|game 0: late' out.txt | cut -d ';' -f 1)" \
"videoworld: game 0: late: over its time: 0.5 s were left
faults of late: 2 time"

# --- what stands in the SGF
nodes() { tr -d '\n' <"$1" | sed 's/;B/\n;B/g; s/;W/\n;W/g; s/[0-9][0-9]*\.[0-9]* s\([],]\)/T s\1/g; s/)$//'; echo; }
match -e "a=$random" -e "b=$random" -n 2 -p 2 --time 600/5x10 -g sgf >/dev/null
is "clocks" "$(nodes sgf/game-000001.sgf | sed -n '1s/.*TM/TM/p; 4,5{ s/\[..\]/[xy]/; s/[0-9.]\{7\}/left/; p; }')" \
"TM[600]OT[5x10 byo-yomi]
;B[xy]BL[left]C[T s]
;W[xy]WL[left]C[T s]"
match -e 'late=./toy late' -e 'b=./toy kgs' -n 1 -p 0 --time 0/5x0.4 -g over >/dev/null
is "overtime" "$(nodes over/game-000000.sgf | sed -n 2p)" ";B[]BL[0.400]OB[3]C[T s]"
match -e 'kata=./toy kata' -e 'lz=./toy lz' -n 2 -p 0 --analyze -g an --max-plies 3 >/dev/null
is "what engines say of their moves" "$(nodes an/game-000000.sgf | tail -n 3)" \
";B[ai]C[T s, winrate 4.0 %, score -30.5, 12 visits]
;W[bi]C[T s, winrate 43.2 %, 1 visit]
;B[ah]C[T s, winrate 4.0 %, score -30.5, 12 visits]"
match -e "a=$random" -e 'b=./toy' -n 1 --analyze -g ours >/dev/null
is "ours too, and those that say nothing" "$(nodes ours/game-000000.sgf |
    grep -c '^;B.*C\[T s, winrate [0-9.]* %, score [-+0-9.]*, [0-9]* visits\]') $(nodes ours/game-000000.sgf |
    grep -c '^;W\[\]C\[T s\]')" "$(grep -o ';B[^;]*C' ours/game-000000.sgf | grep -c ^) $(grep -o ';W\[\]' ours/game-000000.sgf | grep -c ^)"
is "all sound" "$("$VIDEOWORLD" sgf sgf/*.sgf over/*.sgf an/*.sgf ours/*.sgf 2>&1 | grep -c '^[a-z]*/.*: ')" 0

# --- rules that end a game
match -e 'kata=./toy kata' -e 'b=./toy' -n 1 -p 0 --analyze --resign-winrate 0.05,3 -r low.txt >/dev/null
match -e 'kata=./toy kata' -e 'b=./toy' -n 1 -p 0 --analyze --resign-winrate 0.04,3 -m 9 -r high.txt >/dev/null
match -e 'a=./toy grows' -e 'b=./toy' -n 1 -p 0 --mercy 73,3 -r mercy.txt >/dev/null
match -e 'a=./toy grows' -e 'b=./toy' -n 1 -p 0 --mercy 74,3 -m 9 -r merciless.txt >/dev/null
is "hopeless games are given up, far ones scored" \
    "$(for f in low high mercy merciless; do cut -f 4-6 $f.txt | tail -n 1; done | tr '\t' ' ')" \
"W+R given-up 5
B+74 score 9
B+74 mercy 3
B+74 score 9"
is "and need figures" "$(match -e 'a=./toy' -e 'b=./toy' --resign-winrate 0.1,3 | head -n 1
    match -e 'a=./toy' -e 'b=./toy' --resign-winrate 1.1,3 | head -n 1
    match -e 'a=./toy' -e 'b=./toy' --mercy 10 | head -n 1)" \
"videoworld: --resign-winrate needs --analyze
videoworld: '1.1,3' is no value for --resign-winrate
videoworld: '10' is no value for --mercy"

# --- what is shown
if command -v script >/dev/null; then
    script -qec "'$VIDEOWORLD' match -e 'a=./toy' -e 'b=./toy dies' -n 2 -p 0" /dev/null </dev/null \
        >typed 2>&1
    is "a terminal gets a line that changes" "$(tr '\r' '\n' <typed | sed 's/\x1b\[K//; s/0:00:0.//' |
        grep -v '^$' | head -n 6 | cut -c 1-40)" \
"0 of 2 games, a 0-0-0
videoworld: game 0: b: ended with status
1 of 2 games,  left, a 1-0-0
videoworld: game 1: b: ended with status
2 of 2 games, a 2-0-0
2 of 2 games, 9x9, komi 7, 0 random plie"
else
    skip "a terminal gets a line that changes" "no script"
fi
plan
