#!/bin/sh
# GNU Go plays 20 whole games against the engine, ten with each colour, on
# three sizes: every command must be understood by both, every move legal to
# both, and both must count the same stones at the end.
if ! command -v gnugo >/dev/null && [ ! -x /usr/games/gnugo ]; then
    echo "ok 1 - games against GNU Go # SKIP no gnugo"
    echo "1..1"
    exit 0
fi
PATH=$PATH:/usr/games
games=20
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mkfifo "$tmp/a.in" "$tmp/a.out" "$tmp/b.in" "$tmp/b.out"
"$VIDEOWORLD" gtp --player random --seed 20 <"$tmp/a.in" >"$tmp/a.out" 2>"$tmp/a.err" &
gnugo --mode gtp --level 0 --chinese-rules --positional-superko <"$tmp/b.in" >"$tmp/b.out" &
exec 3>"$tmp/a.in" 4<"$tmp/a.out" 5>"$tmp/b.in" 6<"$tmp/b.out"

fault=

# ask IN OUT COMMAND: the reply's text in $reply; anything but = is a fault.
ask() {
    printf '%s\n' "$3" >&"$1"
    reply= first=yes
    while IFS= read -r line <&"$2"; do
        [ -n "$line" ] || break
        if [ $first = yes ]; then
            first=no
            case $line in
            '='|'= '*) ;;
            *) fault="${fault:-'$3' was answered '$line'}" ;;
            esac
            line=${line#=} line=${line# }
        fi
        reply="$reply$line
"
    done
    [ $first = no ] || fault="${fault:-no answer to '$3'}"
    reply=${reply%?}
}

both() { ask 3 4 "$1"; ask 5 6 "$1"; }

# The engine's stones, from its board as SGF-independent text: final_status_list
# names every stone, since all are alive under area rules.
ours() { ask 3 4 'final_status_list alive'; printf '%s\n' $reply | sort | tr '\n' ' '; }

theirs() {
    { ask 5 6 'list_stones black'; b=$reply; ask 5 6 'list_stones white'; printf '%s\n' $b $reply; } |
        sort | tr '\n' ' '
}

game() { # game SIZE COLOUR-OF-OURS
    both "boardsize $1"
    both clear_board
    both 'komi 7'
    color=black passes=0 moves=0
    while [ $passes -lt 2 ] && [ $moves -lt 600 ] && [ -z "$fault" ]; do
        if [ $color = "$2" ]; then
            ask 3 4 "genmove $color"; move=$reply
            ask 5 6 "play $color $move"
        else
            ask 5 6 "genmove $color"; move=$reply
            [ "$move" = resign ] && break
            ask 3 4 "play $color $move"
        fi
        case $move in
        pass|PASS) passes=$((passes + 1)) ;;
        *) passes=0 ;;
        esac
        moves=$((moves + 1))
        [ $color = black ] && color=white || color=black
    done
    [ $moves -lt 600 ] || fault="${fault:-no end after 600 moves}"
    [ -n "$fault" ] || [ "$(ours)" = "$(theirs)" ] || fault="the boards differ at the end"
    ask 3 4 final_score
    [ -n "$fault" ] || printf '%s\n' "$reply" | grep -Eq '^([BW]\+[0-9]+(\.5)?|0)$' ||
        fault="final_score is '$reply'"
}

i=0 bad=0
while [ $i -lt $games ]; do
    i=$((i + 1))
    case $i in
    10) size=19 ;;
    5|20) size=13 ;;
    *) size=9 ;;
    esac
    [ $((i % 2)) = 0 ] && us=white || us=black
    fault=
    game $size $us
    if [ -z "$fault" ]; then
        echo "ok $i - game $i, ${size}x$size as $us: $moves moves, $reply"
    else
        echo "not ok $i - game $i, ${size}x$size as $us"
        echo "# move $moves: $fault"
        bad=1
    fi
done
echo quit >&3
echo quit >&5
exec 3>&- 4<&- 5>&- 6<&-
wait
echo "1..$games"
exit $bad
