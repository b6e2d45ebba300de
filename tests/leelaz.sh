#!/bin/sh
# Leela Zero, which speaks lz-genmove_analyze, plays in our harness: its winrates reach the SGF.
. "$TEST_SRCDIR/tap.sh"

for leelaz in leelaz leela-zero /usr/lib/leelaz/bin/leelaz; do
    command -v "$leelaz" >/dev/null && break
done
if ! command -v "$leelaz" >/dev/null; then
    skip "Leela Zero plays" "no leela-zero"
    plan
fi
cd "$tmp" || exit 1

# A network of its format that has learned nothing: one block, four filters, weights at random.
awk 'function line(n, v,   i) {
    for (i = 0; i < n; i++)
        printf "%s%s", v == "r" ? sprintf("%.3f", (rand() - 0.5) / 5) : v, i < n - 1 ? " " : "\n"
}
function convolution(inputs, outputs, points) {
    line(inputs * outputs * points, "r"); line(outputs, 0); line(outputs, 0); line(outputs, 1)
}
BEGIN {
    srand(1); F = 4; A = 361
    print 1
    convolution(18, F, 9)
    convolution(F, F, 9); convolution(F, F, 9)
    convolution(F, 2, 1); line(2 * A * (A + 1), "r"); line(A + 1, 0)
    convolution(F, 1, 1); line(A * 256, "r"); line(256, 0); line(256, "r"); line(1, 0)
}' >net.txt

out=$("$VIDEOWORLD" match -b 19 -k 7.5 -n 2 -m 24 --analyze -g games -r results.txt \
    -e "lz=$leelaz -g -w net.txt -v 4 -t 1 --noponder --cpu-only" \
    -e "random='$VIDEOWORLD' gtp -p random" 2>err.txt)
is "Leela Zero plays" "$(grep -v '^#' results.txt | sort -n | cut -f 1-3,5,6,9)" \
"0	lz	random	score	24	-
1	random	lz	score	24	-"
is "what it says of its moves is kept" "$(grep -c 'C\[[0-9.]* s, winrate [0-9.]* %, [0-9]* visit' games/*.sgf |
    sed 's/.*:\(.*\)/\1/' | awk '{ n += $1 } END { print(n > 15) }')" 1
is "nobody is at fault" "$(printf '%s\n' "$out" | grep -c 'faults of')" 0

# and the other way: we answer its dialect
printf '1 boardsize 9\n2 lz-genmove_analyze b 10\n3 quit\n' | "$VIDEOWORLD" gtp -p random >ours.txt
is "we speak its dialect" "$(sed -n 's/^\(info move\) [A-J][1-9] visits [0-9]* winrate [0-9]* prior [0-9]* lcb [0-9]* order 0 pv .*/\1/p; s/^\(play\) .*/\1/p' ours.txt |
    sort -u | tr '\n' ' ')" "info move play "
plan
