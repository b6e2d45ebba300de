#!/bin/sh
# videoworld ladder: climbs to where it belongs, stops when it knows, goes on after a kill.
. "$TEST_SRCDIR/tap.sh"

ladder() { # ladder ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" ladder "$@" 2>err.txt)
    status=$?
    echo "$out"
    grep '^videoworld\|^Try' err.txt
    echo "status $status"
}

cd "$tmp" || exit 1

# An engine that resigns at each of its moves with a chance in percent, or else passes.
cat >toy <<'END_OF_TOY'
#!/bin/sh
seed=$2
while read -r id cmd rest; do
    case $cmd in
    genmove)
        seed=$(((seed * 1103515245 + 12345) % 2147483648))
        [ "$((seed / 65536 % 100))" -lt "$1" ] && move=resign || move=pass
        printf '=%s %s\n\n' "$id" "$move" ;;
    *) printf '=%s\n\n' "$id" ;;
    esac
done
END_OF_TOY
chmod +x toy

cat >ladder.ini <<END_OF_INI
[engine me]
command = '$VIDEOWORLD' gtp -p random --seed 5
[engine equal]
command = '$VIDEOWORLD' gtp -p random
elo = 100
[engine gone]
command = ./toy 100
elo = -700
[engine new]
command = '$VIDEOWORLD' gtp -p random --seed 9
END_OF_INI

ladder ladder.ini -w 120 -r r.txt >out.txt
is "knows when it is enough" "$(sed -n 's/^\(me: Elo\) .* after \([0-9]*\) games$/\1/p; $p' out.txt)" \
"me: Elo
status 0"
elo=$(sed -n 's/^me: Elo \([-0-9]*\) .*/\1/p' out.txt)
low=$(sed -n 's/^me: Elo .*(\([-0-9]*\) to .*/\1/p' out.txt)
high=$(sed -n 's/^me: Elo .* to \([-0-9]*\), 95 %.*/\1/p' out.txt)
is "within what was asked" "$([ "$((high - low))" -le 241 ] && echo yes)" yes
is "about as strong as its equal" "$([ "$elo" -gt -100 ] && [ "$elo" -lt 300 ] && echo yes)" yes
is "lists the rungs" "$(sed -n 's/^\(rung\|equal\|gone\|new\)  *\([^ ]*\).*/\1 \2/p' out.txt | sed 's/new .*/new/')" \
"rung Elo
equal 100,
gone -700,
new"
is "plays every opening twice" \
"$(grep -v '^#' r.txt | awk '{ n[int($1 / 2)]++ } END { for (k in n) odd += n[k] != 2; print odd + 0 }')" 0
(echo '[match]'; echo 'html = page.html'; cat ladder.ini) >page.ini
ladder page.ini -n 4 >/dev/null
is "its page is finished" "$(grep -c 'http-equiv="refresh"' page.html)" 0
games=$(grep -vc '^#' r.txt)
ladder ladder.ini -w 120 -r r.txt >again.txt
is "plays no more when it knows" "$(grep -vc '^#' r.txt) $(tail -n 2 again.txt)" \
"$games $(tail -n 2 out.txt)"
ladder ladder.ini -w 100 -n "$((games + 4))" -r r.txt >more.txt
is "goes on for a narrower interval, or to the last game" \
"$(grep -vc '^#' r.txt) $(sed -n 's/.*\(not yet within 100\)$/\1/p' more.txt)" "$((games + 4)) not yet within 100"

# Rungs meet each other only if they may (whether they then do depends on how fast they are).
cat >steps.ini <<END_OF_INI
[match]
random-plies = 0
[engine me]
command = ./toy 1 7
[engine middle]
command = ./toy 12 3
[engine low]
command = ./toy 70 5
elo = 0
END_OF_INI
ladder steps.ini -w 20 -n 40 -r steps.txt >steps.out
ladder steps.ini -w 20 -n 40 -r calibrated.txt -c >calibrated.out
is "rungs meet if they may" \
"$(grep -v '^#' steps.txt | cut -f 2-3 | grep -vc me)
$(sed -n '/^# \(gauntlet\|round-robin\)/p' steps.txt calibrated.txt; grep -vc '^#' calibrated.txt)" \
"0
# gauntlet
# round-robin
40"

if command -v gnuplot >/dev/null; then
    ladder ladder.ini -w 120 -r r.txt -P ladder.png >/dev/null
    is "draws" "$(head -c 4 ladder.png | tail -c 3)" PNG
else
    skip "draws" "no gnuplot"
fi

sed 's/^elo.*//' ladder.ini >none.ini
is "needs a scale" "$(ladder none.ini)" \
"
videoworld: no rung's Elo is known: say one by --anchor
Try 'videoworld ladder --help'.
status 2"
is "knows its rungs" "$(ladder ladder.ini -a other=5)" \
"
videoworld: 'other=5' is no rung with its Elo
Try 'videoworld ladder --help'.
status 2"
is "takes no climber as an anchor" "$(ladder ladder.ini -a me=5 | tail -n 1)" "status 2"
is "one way to name engines" "$(ladder ladder.ini -e x=y)" \
"
videoworld: the engines are those of the file, or of the options
Try 'videoworld ladder --help'.
status 2"
is "bad values" "$(ladder -w wide)" \
"
videoworld: 'wide' is no value for -w
Try 'videoworld ladder --help'.
status 2"
is "help" "$("$VIDEOWORLD" ladder --help | head -n 1)" "Usage: videoworld ladder [FILE.ini] [OPTION]..."

plan
