#!/bin/sh
# The world player as people start it: it finds its weights, imagines its moves, says why.
. "$TEST_SRCDIR/tap.sh"
weights=$(cd "$TEST_SRCDIR/../weights" && pwd)

gtp() { # gtp LINES OPTION...: replies, without blank lines
    lines=$1
    shift
    printf "$lines" | "$VIDEOWORLD" gtp --device cpu --threads 1 --seed 1 "$@" 2>"$tmp/err" | grep .
}

# --- starting
out=$(gtp 'name\n')
is "it starts by itself" "$out" "= VideoWorld"
holds "and tells its weights and device" "$(cat "$tmp/err")" \
    '/^videoworld: world model .*go9-small.safetensors .* on cpu/'
holds "its name and its seed" "$(cat "$tmp/err")" '/player world, seed 1,/'
out=$(gtp 'name\n' --weights "$tmp")
is "missing weights are an error before any reply" "$out,$(cat "$tmp/err")" \
",videoworld: cannot open '$tmp/go9-tokenizer.safetensors': No such file or directory"
for f in tokenizer ldm small; do
    cp "$weights"/go9-*.safetensors "$tmp"
    head -c 3000 "$weights/go9-$f.safetensors" >"$tmp/go9-$f.safetensors"
    out=$(gtp 'name\n' --weights "$tmp")
    is "a truncated $f is one too" "$out,$(grep -c "^videoworld: '.*go9-$f.safetensors'" "$tmp/err")" ",1"
done
cp "$weights/go9-ldm.safetensors" "$tmp/go9-small.safetensors"
cp "$weights/go9-ldm.safetensors" "$weights/go9-tokenizer.safetensors" "$tmp"
out=$(gtp 'name\n' --weights "$tmp")
is "and weights of another model" "$out,$(sed "s|$tmp|DIR|" "$tmp/err")" \
",videoworld: 'DIR/go9-small.safetensors' holds no world model but kind ldm"
out=$(VIDEOWORLD_WEIGHTS=$weights; export VIDEOWORLD_WEIGHTS; gtp 'name\n')
holds "the folder can be told by the environment" "$(cat "$tmp/err")" \
    "index(\$0, \"$weights/go9-small.safetensors\")"
is "boards it does not know are refused" "$(gtp 'boardsize 19\nboardsize 9\nquery_boardsize\n')" \
"? unacceptable size
=
? unknown command"
is "at the start too" "$(gtp '' --boardsize 13; cat "$tmp/err")" \
"videoworld: player world knows no boards of 13x13"
printf '(;SZ[19];B[pd])' >"$tmp/19.sgf"
is "and in files" "$(gtp "loadsgf $tmp/19.sgf\n"; tail -n 1 "$tmp/err")" \
"? cannot load file
videoworld: player world knows no boards of 19x19"

cp "$weights"/go9-*.safetensors "$tmp"
gzip -dc "$TEST_SRCDIR/data/games9-sample.sgfs.gz" | head -n 4 >"$tmp/few.sgf"
"$VIDEOWORLD" dataset -o "$tmp/few.vwc" "$tmp/few.sgf" >/dev/null
"$VIDEOWORLD" train tokenizer --data "$tmp/few.vwc" -o "$tmp/go9-tokenizer.safetensors" \
    --steps 1 --batch 1 --eval-steps 0 --device cpu --threads 1 >/dev/null 2>&1
out=$(gtp 'genmove b\n' --weights "$tmp")
holds "models that do not know each other are told of" "$(cat "$tmp/err")" \
    '/^videoworld: world model .*; beware: of the empty board it imagines no legal move/'
holds "yet it plays" "$out" '/^= /'
out=$(gtp 'name\n')
is "others are not" "$(grep -c beware "$tmp/err")" 0

# --- moving
moves='genmove b\ngenmove w\ngenmove b\n'
out=$(gtp "${moves}gomill-explain_last_move\n")
holds "it moves" "$out" 'NR == 3 && /^= [A-HJ][1-9]$/'
holds "and says what it imagined" "$out" 'NR == 4 && /imagined move at [A-HJ][1-9].*codes [0-9]/'
is "of its last move alone" \
    "$(gtp 'genmove b\nclear_board\ngomill-explain_last_move\ngenmove b\nplay w A1
gomill-explain_last_move\nundo\nundo\ngomill-explain_last_move\n' | grep -c imagined)" 0
is "the same seed moves the same" "$(gtp "$moves")" "$(printf '%s\n' "$out" | head -n 3)"
is "many threads too" "$(gtp "$moves" --threads 2)" "$(printf '%s\n' "$out" | head -n 3)"
is "reg_genmove leaves the board alone" \
    "$(gtp 'reg_genmove b\nreg_genmove b\n' | uniq | wc -l)" 1
is "parameters are read and set" "$(gtp 'kata-set-param temperature 0.5
kata-set-param symmetries 2\nkata-get-param temperature\nkata-get-param symmetries\n')" \
"=
=
= 0.5
= 2"
is "or refused" "$(gtp 'kata-set-param temperature -1\nkata-set-param symmetries 9\n')" \
"? temperature is no number from 0 to 100: '-1'
? symmetries is no number from 1 to 8: '9'"
out=$(for s in 1 2 3 4 5 6; do
    printf 'genmove b\n' | "$VIDEOWORLD" gtp --seed $s --set temperature=3 2>/dev/null | grep .
done | sort -u | wc -l)
holds "hot it varies" "$out" '$1 > 2'
out=$(for n in 2 3 4 5 6 7 8 9; do
    printf 'clear_board\nfixed_handicap %s\ngenmove w\n' $n
done | "$VIDEOWORLD" gtp --seed 1 2>/dev/null | grep -c '^= [A-HJ][1-9]$')
is "White takes up a game against many handicap stones" "$out" 8

# --- analysis
out=$(gtp 'kata-raw-nn 3\n')
is "raw figures: a policy of 81 points and the pass that sums to 1" \
    "$(printf '%s\n' "$out" | awk '/^policyPass/ { s += $2; on = 0 }
        on { for (i = 1; i <= NF; i++) { s += $i; k++ } } /^policy$/ { on = 1 }
        END { printf "%d %.3f", k, s }')" "81 1.000"
out=$(gtp 'kata-genmove_analyze b ownership true\n' --set maxVisits=2)
holds "analysis has figures" "$out" \
    '/^info move [A-HJ][1-9] visits [0-9]+ utility .* pv [A-HJ][1-9].* ownership /'
is "and plays the move it shows first" \
    "$(printf '%s\n' "$out" | awk '/^info/ { m = $3 } /^play/ { print m == $2 }')" 1
out=$({ printf 'lz-analyze 10\n'; sleep 8; printf 'name\n'; } | "$VIDEOWORLD" gtp 2>/dev/null)
holds "lz-analyze speaks" "$out" '/^info move .* winrate [0-9]+ prior [0-9]+ lcb [0-9]+ order 0 pv /'
holds "and is stopped by a line" "$out" '/^= VideoWorld/'

# moves that it would never think of
out=$(gtp 'kata-genmove_analyze b allow b A1 1\n' --set maxVisits=2)
is "it plays the one move allowed, and shows it" \
    "$(printf '%s\n' "$out" | awk '/^info/ { print "info", $3 } /^play/ { print }' | uniq)" \
"info A1
play A1"
out=$(gtp 'kata-genmove_analyze b avoid b E5,E4,D5,F5,E6 1\n' --set maxVisits=2)
holds "and another than those to avoid" "$out" '/^play [A-HJ][1-9]$/ && !/E5|E4|D5|F5|E6/'
out=$(gtp 'kata-search_analyze b avoid b E5 1\n' --set maxVisits=2)
holds "of what is left it shows what it thinks of" "$out" \
    '/^info/ { n = gsub(/info move/, "") } END { exit !(n > 2 && n < 30) }; /^play/'
out=$(gtp 'kata-search_analyze b 1000 minmoves 60\n' --set maxVisits=2)
holds "or as many as are wanted" "$out" \
    '/^info/ { n = gsub(/info move/, "") } END { exit n < 60 }; /^play/'
out=$({ printf 'kata-analyze b 10 allow b A1,J9 1\n'; sleep 4; printf 'name\n'; } |
    "$VIDEOWORLD" gtp --threads 1 2>/dev/null)
holds "and analyses them" "$out" '/^info move A1 .*info move J9 |^info move J9 .*info move A1 /'
out=$(gtp 'play b E5\nplay w pass\nkata-search_analyze b 1000 allow b pass 1\n' --set maxVisits=3)
holds "two passes end a line" "$out" '/^info move pass .* scoreMean 74.0000 .* pv pass$/'

# --- looking on
gzip -dc "$TEST_SRCDIR/data/games9-sample.sgfs.gz" | sed -n 7p >"$tmp/game.sgf"
cd "$tmp" || exit 1
out=$("$VIDEOWORLD" imagine --device cpu game.sgf)
holds "imagine tells of every position" "$out" '/^ *20 black played .* imagined .*codes/'
holds "nearly all of the frames are legal" "$out" \
    '/^game-imagined.png:/ { split($0, a, "[:;,] *"); found = a[2] + 0 > 30 && a[6] + 0 > 0.7 * a[2] } found'
is "the picture is three frames wide and more" \
    "$("$VIDEOWORLD" imagine --device cpu -m 4 -o one.png game.sgf >/dev/null
       dd if=one.png bs=1 skip=16 count=8 2>/dev/null | od -An -tu1 | tr -s ' ')" " 0 0 1 192 0 0 0 152"
"$VIDEOWORLD" imagine --device cpu -m 1 - <game.sgf >/dev/null
is "a game from standard input is called game" "$(ls ./*imagined.png)" "./game-imagined.png"
printf '(;SZ[9];W[ee];B[cc];B[gg])' >white.sgf
is "who moves is who moved" \
    "$("$VIDEOWORLD" imagine --device cpu white.sgf | awk '$3 == "played" { print $2, $4 }')" \
"white E5
black C7
black G3
white -"
is "no move 999" "$("$VIDEOWORLD" imagine -m 999 game.sgf 2>&1 | sed 's/has [0-9]* moves/has N moves/')" \
"videoworld: 'game.sgf' has N moves, no move 999"
is "no game" "$("$VIDEOWORLD" imagine 2>&1 | head -n 1)" "videoworld: no game given"
plan
