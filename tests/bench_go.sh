#!/bin/sh
# videoworld bench go: figures computed by hand, engines of all kinds, sets that are wrong.
. "$TEST_SRCDIR/tap.sh"

go() { # go ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" bench go "$@" 2>&1)
    echo "$out
status $?"
}

cd "$tmp" || exit 1

# position ID MOVES SIDE BEST WIN VERTEX=PRIOR/VALUE...: a line of a set; other points have
# prior 10 and value 3000.  No stone is captured here.
position() {
    printf '%s\t%s\t%s\t%s\t%s\t' "$1" "$2" "$3" "$4" "$5"
    moves=$2
    shift 5
    echo "$moves:$*" | awk '{
        split($0, half, ":")
        n = split(half[1], taken, " ")
        for (i = 1; i <= n; i++)
            illegal[taken[i]] = 1
        n = split(half[2], given, " ")
        for (i = 1; i <= n; i++) {
            split(given[i], f, "[=/]")
            prior[f[1]] = f[2]
            value[f[1]] = f[3]
        }
        for (i = 0; i < 82; i++) {
            v = i == 81 ? "pass" : substr("ABCDEFGHJ", i % 9 + 1, 1) (9 - int(i / 9))
            p = p (i ? " " : "") (v in illegal ? -1 : v in prior ? prior[v] : 10)
            q = q (i ? " " : "") (v in illegal ? -1 : v in value ? value[v] : 3000)
        }
        printf "%s\t%s\n", p, q
    }'
}

twenty='A1 A3 B1 B3 C1 C3 D1 D3 E1 E3 F1 F3 G1 G3 H1 H3 J1 J3 A5 A7'
{
    position one '' b E5 5000 E5=5000/6000 D4=2500/5000
    position two E5 w C3 9500 C3=4000/9600 pass=0/2000
    position three 'E5 C3' b G7 500 G7=4000/7000
    position four "$twenty" b G7 9000 G7=1000/3500 G8=900/4000 pass=100/2000
} >set.tsv

# An engine that knows reg_genmove and answers the lines of the file "moves", in turn.
cat >engine <<'END_OF_ENGINE'
#!/bin/sh
exec 3<moves
while read -r id cmd color vertex; do
    echo "$cmd $color $vertex" >>asked
    case $cmd in
    known_command) printf '=%s true\r\n\r\n' "$id" ;;
    reg_genmove) read -r move <&3; printf '=%s %s\r\n\r\n' "$id" "$move" ;;
    *) printf '=%s\r\n\r\n' "$id" ;;
    esac
done
END_OF_ENGINE
chmod +x engine

# --- D4: half the largest prior, 0.1 lost; C3: the best; E5: taken; pass: a tenth, 0.2 lost.
# All: 3 of 4 legal; 1 of 4 best; action value 0.4 +- 1.96 sqrt((1.26 - 0.64) / 3 / 4); regret
# 0.25 +- 1.96 sqrt((0.54 - 0.25) / 3 / 4).
printf 'D4\nC3\nE5\nPASS\n' >moves
is "computes what the hand does" "$(go --set set.tsv --engine ./engine --json out.json | sed 's/median.*/median/')" \
"4 positions of set.tsv, ./engine: median
                 n  legal %                  best move %              action value %           value regret
all              4  75.0 (30.1 to 95.4)      25.0 (4.6 to 69.9)       40.0 (0.0 to 84.6)       0.2500 (0.0000 to 0.5547)
ply 0-19         3  66.7 (20.8 to 93.9)      33.3 (6.1 to 79.2)       50.0 (0.0 to 100.0)      0.2667 (0.0000 to 0.6951)
ply 20-39        1  100.0 (20.7 to 100.0)    0.0 (0.0 to 79.3)        10.0 (0.0 to 100.0)      0.2000 (0.0000 to 1.0000)
win 10-90 %      2  100.0 (34.2 to 100.0)    0.0 (0.0 to 65.8)        30.0 (0.0 to 69.2)       0.1500 (0.0520 to 0.2480)
status 0"
is "sets each position up" "$(sed -n '/E5/,/C3/p' asked | sed 's/ *$//' | head -n 7)" \
"play b E5
reg_genmove w
boardsize 9
clear_board
komi 7
play b E5
play w C3"
is "writes JSON" "$(sed '/median_ms/d; /per_second/d' out.json | head -n 12)" \
'{
  "set": "set.tsv",
  "engine": "./engine",
  "batch": 1,
  "resigned": 0,
  "groups": [
    { "name": "all", "positions": 4,
      "legal": { "mean": 0.750000, "low": 0.300642, "high": 0.954413 },
      "best_move": { "mean": 0.250000, "low": 0.045587, "high": 0.699358 },
      "action_value": { "mean": 0.400000, "low": 0.000000, "high": 0.845506 },
      "value_regret": { "mean": 0.250000, "low": 0.000000, "high": 0.554689 } },
    { "name": "ply 0-19", "positions": 3,'
is "takes the first ones only" "$(go --set set.tsv --engine ./engine --first 2 | sed -n '1s/,.*//p; /^all/p')" \
"2 positions of set.tsv
all              2  100.0 (34.2 to 100.0)    50.0 (9.5 to 90.5)       75.0 (26.0 to 100.0)     0.0500 (0.0000 to 0.1480)"

printf 'D4\nC3\nE5\nPASS\n' >moves
is "tells of each position" "$(go --set set.tsv --engine ./engine --verbose | head -n 4)" \
"$(printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' one 0 D4 E5 legal 0.500 0.1000 \
    two 1 C3 C3 legal 1.000 0.0000 three 2 E5 G7 illegal 0.000 0.7000 \
    four 20 PASS G7 legal 0.100 0.2000)"

# --- engines
printf 'resign\nfoo\n\n=\n' >moves
is "what is no move is illegal" "$(go --set set.tsv --engine ./engine | sed -n '/^all/s/  best.*//p; s/^\(all *4  [0-9.]*\).*/\1/p; /resign/p')" \
"all              4  0.0
resigned: 1, counted as illegal"
is "uses genmove else" \
    "$(go --set set.tsv --engine 'while read id c; do case $c in known*) r=false;; gen*) r=D4;; *) r=;; esac; printf "=$id $r\n\n"; done' |
        sed -n 's/^\(all *4  [0-9.]*\).*/\1/p')" \
"all              4  100.0"
is "an engine that dies ends it" "$(go --set set.tsv --engine 'echo oh >&2; exit 3')" \
"videoworld: engine: ended with status 3; last lines: > 1 known_command reg_genmove | ! oh
status 1"
is "so does one that refuses a move" \
    "$(go --set set.tsv --engine 'while read id c; do case $c in play*) r="?$id illegal";; *) r="=$id";; esac; printf "$r\n\n"; done' | sed 's/;.*//')" \
"videoworld: engine: 'play b E5' refused
status 1"
is "asks our own player" "$(go --set set.tsv --player random | sed -n '1s/: .*//p; s/^\(all *4  [0-9.]*\).*/\1/p')" \
"4 positions of set.tsv, random
all              4  100.0"

one=$(go --set set.tsv --batch 1 --threads 1)
is "a move of the model has a time" "$(echo "$one" | sed -n '1s/[0-9.]* ms/T ms/p')" \
    "4 positions of set.tsv, world: median T ms a move"
three=$(go --set set.tsv --batch 3 --threads 1)
is "so have positions put to it together" "$(echo "$three" | sed -n '1s/[0-9.]* pos/N pos/2p')" \
    "4 positions of set.tsv, world: N positions/s, 3 together"
is "and the same moves" "$(echo "$three" | sed 1d)" "$(echo "$one" | sed 1d)"

# --- sets that are wrong
wrong() { # wrong DESCRIPTION SED-PROGRAM ERROR
    sed "$2" set.tsv >wrong.tsv
    is "refuses $1" "$(go --set wrong.tsv)" "videoworld: wrong.tsv:$3
status 1"
}
tab=$(printf '\t')
wrong "a field too few" "2s/^two$tab//" "2: 6 fields where 7 are due"
wrong "an empty id" "2s/^two//" "2: an id has 1 to 23 letters"
wrong "an illegal move" "3s/E5 C3/E5 E5/" "3: move 2, 'E5', is not legal"
wrong "two spaces" "3s/E5 C3/E5  C3/" "3: move 2, '', is not legal"
wrong "the wrong side" "2s/${tab}w$tab/${tab}b$tab/" "2: 'b' is not the side to move"
wrong "an illegal best move" "2s/${tab}C3$tab/${tab}E5$tab/" "2: best move 'E5' is not legal"
wrong "a win beyond 1" "1s/${tab}5000$tab/${tab}10001$tab/" "1: '10001' is no number of 0 .. 10000"
wrong "a word for a prior" "1s/5000 10/5000 ten/" "1: prior 42 of 82 is no number of -1 .. 10000, or not the last"
wrong "too few values" '1s/ 3000$//' "1: value 81 of 82 is no number of -1 .. 10000, or not the last"
wrong "a prior for a taken point" "2s/-1/10/" "2: prior 10 for E5, which is illegal"
wrong "none for a free one" "4s/ 900 / -1 /" "4: prior -1 for G8, which is legal"
printf 'torn\tE5' >>set.tsv
is "refuses a torn line" "$(go --set set.tsv)" "videoworld: set.tsv:5: the last line has no end
status 1"
: >empty.tsv
is "refuses an empty set" "$(go --set empty.tsv)" "videoworld: empty.tsv: no positions
status 1"

# --- the shared set: who always takes the largest prior has the figures of data/README.md
shared=$SHARED_DATA/bench9.tsv
if [ -r "$shared" ]; then
    cut -f 6 "$shared" | awk '{
        best = 1
        for (i = 2; i <= 82; i++)
            if ($i > $best)
                best = i
        print best == 82 ? "pass" : substr("ABCDEFGHJ", (best - 1) % 9 + 1, 1) (9 - int((best - 1) / 9))
    }' >moves
    is "the labelling network has its figures" \
        "$(go --set "$shared" --engine ./engine | sed -n 's/ ([^)]*)//g; s/  */ /g; /^all/p; /^win/p')" \
"all 1000 100.0 55.1 100.0 0.0357
win 10-90 % 531 100.0 51.2 100.0 0.0574"
else
    skip "the labelling network has its figures" "SHARED_DATA has no bench9.tsv"
fi

# --- usage
is "wants a batch of some size" "$(go --set set.tsv --batch 0)" \
    "videoworld: '0' is no value for -b
Try 'videoworld bench go --help'.
status 2"
is "wants a set" "$(go)" "videoworld: one set of positions is needed, by --set
Try 'videoworld bench go --help'.
status 2"
plan
