#!/bin/sh
# videoworld match: killed at any moment, it goes on losing and repeating nothing.
. "$TEST_SRCDIR/tap.sh"
. "$TEST_SRCDIR/match_kit.sh"
random="$VIDEOWORLD gtp --player random"
kills=50

# Three engines on a small board: 3 pairings of 300 games.
cat >k.ini <<END
[match]
size = 5
games = 300
jobs = 2
results = k.txt
sgf = sgf
[engine a]
command = $random
[engine b]
command = $random
[engine c]
command = $random
END

# How long it takes here, now, until a first game is over, in milliseconds.
now() { date +%s%3N; }
start=$(now)
"$VIDEOWORLD" match k.ini >/dev/null 2>&1 &
pid=$!
until [ -e k.txt ] && grep -q '^[0-9]' k.txt; do sleep 0.01; done
unit=$(($(now) - start))
kill -9 $pid
wait $pid 2>/dev/null

killed=1
for delay in $(awk -v n=$kills -v ms=$unit \
    'BEGIN { srand(); while (--n) printf "%.3f\n", 0.02 + ms / 1000 * 2 * rand() }'); do
    "$VIDEOWORLD" match k.ini >/dev/null 2>&1 &
    pid=$!
    sleep "$delay"
    kill -9 $pid 2>/dev/null && killed=$((killed + 1))
    wait $pid 2>/dev/null
    printf '17\ta\tb' >>k.txt # a torn line
done
: >sgf/game-000017.sgf.tmp-999-0
: >sgf/game-000017.sgf.tmp-mine
sed '$d' k.txt >whole.txt # the last line is torn
games whole.txt | sort >before
status=$(match k.ini | tail -n 1)
echo "# $(wc -l <before) of 900 games were played before the last of $killed kills"
is "it was killed often" "$([ $killed -ge 40 ] && echo yes)" yes
is "goes on after kills" "$status" "status 0"
is "with every game once" \
    "$(games k.txt | cut -d ' ' -f 1 | tr '\n' ' ' | md5sum) $(games k.txt | wc -l)" \
    "$(awk 'BEGIN { for (i = 0; i < 900; i++) printf "%d ", i }' | md5sum) 900"
is "between the engines that it is for" "$(games k.txt |
    awk '{ p = int($1 / 2) % 3; a = p < 2 ? "a" : "b"; b = p ? "c" : "b"
        if ($1 % 2 ? $2 != b || $3 != a : $2 != a || $3 != b) print }')" ""
is "and what was played stands" "$(games k.txt | sort | comm -13 - before)" ""
is "a record of each" "$(find sgf -name 'game-*.sgf' | wc -l)" 900
is "all sound" "$("$VIDEOWORLD" sgf sgf/*.sgf 2>&1 | grep -c '^sgf/.*: ')" 0
is "and nothing half-written" "$(find . -name '*tmp-*')" ./sgf/game-000017.sgf.tmp-mine
plan
