#!/bin/sh
# videoworld dataset and bench data: what they write and print; answers survive kills.
. "$TEST_SRCDIR/tap.sh"
sample=$TEST_SRCDIR/data/games9-sample.sgfs.gz

dataset() { # dataset ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" dataset "$@" 2>&1)
    echo "$out
status $?"
}

cd "$tmp" || exit 1
printf '(;SZ[5]KM[2.5]RE[B+R](;B[cc];W[bb];B[])(;B[cd]))(;SZ[5];B[cc])(;SZ[5])(;SZ[5];B[cc])' >a.sgf
printf '(;SZ[5];B[cc];W[cc])\n(;SZ[5];B[aa])' >bad.sgf

# --- building
is "builds" "$(dataset -o a.vwc a.sgf)" \
"4 games read, 1 without a move, 1 there twice, 0 bad; 2 written
a.vwc: 68 bytes
part         games  positions  best not played  best a pass
train            2          4           25.0 %        25.0 %
held-out         0          0            0.0 %         0.0 %
test             0          0            0.0 %         0.0 %
all              2          4           25.0 %        25.0 %
size 5x5: 2 games
results: Black 1, White 0, draw 0, unknown 1
status 0"
is "writes nothing when a game is bad" "$(dataset -o b.vwc a.sgf bad.sgf; ls b.vwc 2>&1 | wc -l)" \
"videoworld: bad.sgf:1:17: illegal move 'cc': occupied
videoworld: 1 bad, nothing written
status 1
1"
is "names standard input" "$(dataset -o b.vwc - <bad.sgf | head -n 1)" \
"videoworld: standard input:1:17: illegal move 'cc': occupied"
is "or leaves it out" "$(dataset -o b.vwc --skip-bad bad.sgf | head -n 2)" \
"videoworld: bad.sgf:1:17: illegal move 'cc': occupied
1 games read, 0 without a move, 0 there twice, 1 bad; 1 written"
cp b.vwc kept.vwc
printf '(;SZ[9];B[ee])(;SZ[9];B[ee' >torn.sgf
is "but no file that cannot be read" \
    "$(dataset -o kept.vwc --skip-bad bad.sgf typo.sgf torn.sgf | sed 's/torn.sgf:.*/torn.sgf/'; cmp b.vwc kept.vwc)" \
"videoworld: bad.sgf:1:17: illegal move 'cc': occupied
videoworld: cannot open 'typo.sgf': No such file or directory
videoworld: torn.sgf
videoworld: 2 of 3 files cannot be read, nothing written
status 1"
"$VIDEOWORLD" dataset -o - --skip-bad bad.sgf >piped.vwc 2>/dev/null
is "writes to standard output nothing else" "$(cmp b.vwc piped.vwc 2>&1)" ""
is "builds of the sample" "$(dataset -o s.vwc "$sample" | sed -n '1p; /^all/p; /^size/p')" \
"500 games read, 0 without a move, 0 there twice, 0 bad; 500 written
all            500      36002           14.0 %         6.8 %
size 9x9: 500 games"
"$VIDEOWORLD" dataset -o t.vwc "$sample" "$sample" >/dev/null
is "twice the same games are the same file" "$(cmp s.vwc t.vwc 2>&1)" ""
is "takes corpora, and SGF with them" \
    "$(dataset -o m.vwc a.vwc s.vwc a.sgf | sed -n '1p; /^all/p')" \
"506 games read, 1 without a move, 3 there twice, 0 bad; 502 written
all            502      36006           14.0 %         6.8 %"
"$VIDEOWORLD" dataset -o u.vwc s.vwc >/dev/null
is "what it takes stays what it was" "$(cmp s.vwc u.vwc 2>&1)" ""
head -c 1000 s.vwc >cut.vwc
is "refuses a damaged file" "$(dataset --info cut.vwc)" \
"videoworld: 'cut.vwc' holds 972 bytes of games where its head says $(($(wc -c <s.vwc) - 28))
status 1"
is "takes nothing of it" "$(dataset -o v.vwc a.sgf cut.vwc | tail -n 2; ls v.vwc 2>&1 | wc -l)" \
"videoworld: 1 of 2 files cannot be read, nothing written
status 1
1"
is "refuses another file" "$(dataset --info a.sgf)" "videoworld: 'a.sgf' is no corpus file
status 1"

# --- exporting
is "exports PNG" "$(dataset --export png --part train --clips 4 --horizon 2 a.vwc | tail -n 1; ls png)" \
"status 0
$(for f in 0-0 0-1 1-0 1-1 2-0 2-1 2-2 3-0 3-1; do echo "clip-00000$f.png"; done | sort)
clips.json"
is "of 5x5 cells" "$(dd if=png/clip-000000-0.png bs=1 skip=16 count=8 2>/dev/null | od -An -tu1 | tr -s ' ')" \
" 0 0 0 80 0 0 0 80"
is "exports raw video" "$(dataset --export raw --format raw --part train --clips 7 s.vwc | tail -n 1; wc -c <raw/clips.rgb)" \
"status 0
$((7 * 6 * 144 * 144 * 3))"
is "tells its geometry" "$(grep -cE '"(frames|clips|cell|channels|layout)":|"valid": [2-6]' raw/clips.json)" 12
is "refuses an empty part" "$(dataset --export none --part test a.vwc)" \
"videoworld: 'a.vwc' has no positions in part test
status 1"

# --- annotating, with an engine that always passes and knows the common commands only
cat >engine <<'END'
#!/bin/sh
echo "talkative" >&2
while read -r id cmd color vertex; do
    echo "$cmd $color $vertex" >>asked
    case $cmd in
    known_command) printf '?%s unknown command\r\n\r\n' "$id" ;;
    genmove) printf '=%s PASS\r\n\r\n' "$id" ;;
    *) printf '=%s\r\n\r\n' "$id" ;;
    esac
done
END
chmod +x engine
printf '(;SZ[5];B[cc];W[bb])\n(;SZ[5:4];B[ab](;W[])(;W[aa]))' >g.sgf
is "annotates" "$(dataset -o g.vwc --annotate ./engine g.sgf 2>&1 | sed -n '/second/d; 1,5p; /^all/p')" \
"4 positions: 0 answered before, 4 now; in 0 the move played stands (no legal answer), 0 games refused
2 games read, 0 without a move, 0 there twice, 0 bad; 2 written
g.vwc: 68 bytes
part         games  positions  best not played  best a pass
all              2          4           75.0 %       100.0 %"
is "asks with genmove and undo, playing on" "$(grep -A 9 'boardsize 5' asked | sed 's/ *$//' | head -n 8)" \
"boardsize 5
clear_board
komi 7
genmove b
undo
play b C3
genmove w
undo"
is "asks nothing twice" "$(dataset -o g.vwc --annotate ./engine g.sgf 2>&1 | head -n 1; wc -l <g.vwc.annotations)" \
"4 positions: 4 answered before, 0 now; in 0 the move played stands (no legal answer), 0 games refused
5"
is "keeps engines apart" "$(dataset -o g.vwc --annotate ./other g.sgf)" \
"videoworld: 'g.vwc.annotations' holds the answers of './engine', not of './other'
status 1"
is "survives no engine that dies" "$(dataset -o h.vwc --annotate 'echo why >&2; exit 3' g.sgf; ls h.vwc 2>&1 | wc -l)" \
"videoworld: echo why >&2; exit 3: ended with status 3; last lines: > 1 known_command reg_genmove | ! why; started again
videoworld: echo why >&2; exit 3: ended with status 3; last lines: > 1 known_command reg_genmove | ! why; started again
videoworld: echo why >&2; exit 3: ended with status 3; last lines: > 1 known_command reg_genmove | ! why
status 1
1"
cat >dies <<'END'
#!/bin/sh
i=0 # dies, or hangs, after every second genmove
while read -r id cmd color vertex; do
    [ "$cmd" = genmove ] && i=$((i + 1))
    [ $i -eq 3 ] && [ -e hung ] && exit 1
    [ $i -eq 3 ] && { : >hung; sleep 100; }
    printf '=%s pass\n\n' "$id"
done
END
chmod +x dies
is "starts an engine again that dies or hangs" \
    "$(dataset -o d.vwc --timeout 0.5 --annotate ./dies g.sgf 2>&1 | sed -n 's/; last.*again/ again/; /again/p; /answered before/p')" \
"videoworld: ./dies: no reply within 0.5 s again
4 positions: 0 answered before, 4 now; in 0 the move played stands (no legal answer), 0 games refused"
is "a resignation leaves the move played" \
    "$(dataset -o r.vwc --annotate 'while read id c; do printf "=$id resign\n\n"; done' g.sgf 2>&1 | grep before)" \
"4 positions: 0 answered before, 4 now; in 4 the move played stands (no legal answer), 0 games refused"

# --- policies, of an engine that always thinks of the same
cat >thinks <<'END'
#!/bin/sh
while read -r id cmd rest; do
    echo "$cmd $rest" >>thought
    case $cmd in
    known_command) printf '=%s true\n\n' "$id" ;;
    kata-raw-nn)
        printf '=%s symmetry 0\nwhiteWin 0.9525\npolicy\n' "$id"
        printf '0.1 0.002 0 0 0\nNAN NAN 0 0 0\n0.2 0 0.3 0 0\n0 0 0 0 0\n0.05 0.06 0.07 0.08 0.001\n'
        printf 'policyPass 0.1 \nwhiteOwnership\n0 0 0 0 0\n\n' ;;
    *) printf '=%s\n\n' "$id" ;;
    esac
done
END
chmod +x thinks
printf '(;SZ[5];B[cc];W[bb](;B[])(;B[aa]))' >p.sgf
is "asks for policies" "$(dataset -o p.vwc --policy ./thinks p.sgf 2>&1 | sed -n '/before/p; /^pol/p; /^all/p')" \
"3 positions: 0 answered before, 3 now; in 0 it thinks of nothing, 0 games refused
all              1          3           33.3 %         0.0 %
policies: 3, of 6.0 moves"
is "by kata-raw-nn" "$(grep -E "play|raw" thought | tail -n 5 | sed 's/ *$//')" \
"kata-raw-nn 0
play b C3
kata-raw-nn 0
play w B4
kata-raw-nn 0"
is "keeps the six likeliest legal moves" "$(cut -d' ' -f 2- p.vwc.policies)" \
"videoworld policies 1: ./thinks
0 C3:77,A3:51,A5:26,pass:26,D1:20,C1:18 13
1 A3:51,A5:26,pass:26,D1:20,C1:18,B1:15 243
2 A3:51,A5:26,pass:26,D1:20,C1:18,B1:15 13"
is "asks nothing twice" "$(rm thought; dataset -o p.vwc --policy ./thinks p.sgf 2>&1 | head -n 1; ls thought 2>&1 | wc -l)" \
"3 positions: 3 answered before, 0 now; in 0 it thinks of nothing, 0 games refused
1"
is "keeps them when games are taken on" "$(dataset -o q.vwc p.vwc g.vwc | grep -E '^policies|^chances')" \
"policies: 3, of 6.0 moves
chances: 3, beyond 10 and 90 % in 100.0 %"
sed -i '3s/ 243$/ 128/; 4s/ 13$//' p.vwc.policies
is "a chance may be even or not known" "$(dataset -o p.vwc --policy ./thinks p.sgf | grep ^chances)" \
"chances: 2, beyond 10 and 90 % in 50.0 %"
sed '4s/$/ 256/' p.vwc.policies >over.vwc.policies
is "but no more than all" "$(dataset -o over.vwc --policy ./thinks p.sgf | sed 's/[0-9a-f]\{16\} //')" \
"videoworld: over.vwc.policies:4: no answer but '2 A3:51,A5:26,pass:26,D'
status 1"
# an engine that has us stopped while it ends itself: the next question is not begun
cat >last <<'END'
#!/bin/sh
while read -r id cmd rest; do
    if [ "$id" = quit ]; then
        while [ ! -s pid ]; do sleep 0.05; done
        kill "$(cat pid)"
    fi
    case $cmd in genmove | reg_genmove) printf '=%s pass\n\n' "$id" ;; *) printf '=%s\n\n' "$id" ;; esac
done
END
chmod +x last
"$VIDEOWORLD" dataset -o stop.vwc --annotate ./last --policy ./thinks p.sgf >stop.out 2>&1 &
echo $! >pid
wait $!
is "a signal between two phases counts" "$?,$(tail -n 1 stop.out),$(ls stop.vwc* | tr '\n' ' ')" \
    "1,videoworld: stopped; the same command goes on from there,stop.vwc.annotations "
is "annotates and asks at once" \
    "$(dataset -o both.vwc --annotate ./engine --policy ./thinks p.sgf 2>&1 | sed -n '/before/p; /^all/p; /^pol/p')" \
"3 positions: 0 answered before, 3 now; in 0 the move played stands (no legal answer), 0 games refused
3 positions: 0 answered before, 3 now; in 0 it thinks of nothing, 0 games refused
all              1          3           66.7 %       100.0 %
policies: 3, of 6.0 moves"
printf '(;SZ[5];B[cc];B[bb];W[dd];B[ee])' >row.sgf
is "but not for a side that moves twice in a row" \
    "$(dataset -o row.vwc --policy ./thinks row.sgf 2>&1 | grep before; cut -d' ' -f 2- row.vwc.policies | sed 1d)" \
"4 positions: 0 answered before, 4 now; in 1 it thinks of nothing, 0 games refused
0 C3:77,A3:51,A5:26,pass:26,D1:20,C1:18 13
1 none
2 A3:51,A5:26,pass:26,D1:20,C1:18,B1:15 243
3 A3:51,A5:26,pass:26,D1:20,C1:18,B1:15 13"
sed -i 's/A3:51,A5:26/A3:51,A3:26/' p.vwc.policies
is "refuses answers that cannot be" "$(dataset -o p.vwc --policy ./thinks p.sgf)" \
"videoworld: p.vwc.policies:2: 'C3:77,A3:51,A3:26,pass:26,D1:20,C1:18' is no policy there
status 1"
is "wants an engine that has a policy" "$(dataset -o r.vwc --policy ./engine p.sgf 2>&1 | tail -n 2)" \
"videoworld: ./engine: does not know kata-raw-nn, so it has no policy to tell
status 1"
sed 's/^ *printf .0.1.*/printf "0.1\\n"/' thinks >stutters
chmod +x stutters
is "and that tells one" "$(dataset -o t.vwc --policy ./stutters p.sgf 2>&1 | grep -c ': no policy but')" 1
is "such as our own" \
    "$(dataset -o u.vwc --policy "$VIDEOWORLD gtp --player random" p.sgf 2>&1 | sed -n '/before/p; /^pol/p')" \
"3 positions: 0 answered before, 3 now; in 0 it thinks of nothing, 0 games refused
policies: 3, of 6.0 moves"

# --- killed at any moment
gzip -dc "$sample" | head -n 200 >some.sgf
positions=$("$VIDEOWORLD" sgf some.sgf | sed 's/.* \([0-9]*\) positions/\1/')
killed=0
for delay in 0.03 0.05 0.1 0.2 0.3 0.15 0.25 0.35 0.12 0.22; do # fast machines need little
    "$VIDEOWORLD" dataset -o k.vwc --jobs 2 --annotate "$VIDEOWORLD gtp --player random --seed 1" some.sgf \
        >/dev/null 2>&1 &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null
    [ -e k.vwc.annotations ] && printf '0123456789abcdef 3' >>k.vwc.annotations # a torn line
done
rm -f k.vwc.tmp-* # of a kill while the corpus itself was written
is "goes on after kills, losing and repeating nothing" \
    "$(dataset -o k.vwc --jobs 2 --annotate "$VIDEOWORLD gtp --player random --seed 1" some.sgf 2>&1 | tail -n 1
       sed 1d k.vwc.annotations | cut -d' ' -f 1-2 | sort | uniq | wc -l
       wc -l <k.vwc.annotations)" \
"status 0
$positions
$((positions + 1))"
is "and was killed" "$([ $killed -gt 0 ] && echo yes)" yes

# --- a real engine
gnugo=$(PATH=$PATH:/usr/games command -v gnugo)
printf '(;SZ[5];B[cc];W[bb])' >small.sgf
if [ -n "$gnugo" ]; then
    is "annotates with GNU Go" \
        "$(dataset -o gnu.vwc --annotate "$gnugo --mode gtp --level 1" small.sgf 2>&1 | sed -n '/before/p')" \
"2 positions: 0 answered before, 2 now; in 0 the move played stands (no legal answer), 0 games refused"
else
    skip "annotates with GNU Go" "no gnugo"
fi

# --- bench and usage
is "bench data" "$("$VIDEOWORLD" bench data -t 0.01 s.vwc | sed 1d | cut -f 1)" \
"horizon
1
3
5"
is "does one thing at a time" "$(dataset --info --export x s.vwc)" \
"videoworld: one of --output, --info and --export is needed
Try 'videoworld dataset --help'.
status 2"
is "wants values it knows" "$(dataset --export x --horizon 17 s.vwc; dataset --export x --part all s.vwc)" \
"videoworld: '17' is no value for --horizon
Try 'videoworld dataset --help'.
status 2
videoworld: 'all' is no value for --part
Try 'videoworld dataset --help'.
status 2"
is "leaves no half-written file" "$(ls | grep tmp)" ""
plan
