# match_kit: what the tests of videoworld match share, to be sourced after tap.sh.
match() { # match ARGUMENT...: output, errors and exit status in one text
    out=$("$VIDEOWORLD" match "$@" 2>&1)
    echo "$out
status $?"
}

games() { # games FILE: number, Black, White, result and end of each, in order
    grep -v '^#' "$1" | sort -n | cut -f 1-5 | tr '\t' ' '
}

cd "$tmp" || exit 1

# An engine that does at each genmove what its argument says, and passes by default.
cat >toy <<'END_OF_TOY'
#!/bin/sh
say() { printf '=%s\n\n' "$id${1:+ $1}"; }
while read -r id cmd color vertex; do
    case $cmd:$1 in
    genmove:dies) echo "I die" >&2; exit 3 ;;
    genmove:hangs) sleep 100 ;;
    genmove:corner) printf '=%s A1\n\n' "$id" ;;
    genmove:talks) printf '=%s hello\n\n' "$id" ;;
    genmove:empty) printf '=%s\n\n' "$id" ;;
    genmove:off) printf '=%s Z99\n\n' "$id" ;;
    genmove:refuses) printf '?%s no\n\n' "$id" ;;
    genmove:garbage) echo "what?" ;;
    genmove:wrong-id) printf '=77 pass\n\n' ;;
    genmove:floods) yes ;;
    genmove:closes) exec >&-; sleep 100 ;;
    genmove:resigns) printf '=%s Resign\n\n' "$id" ;;
    genmove:slow) sleep 0.1; printf '=%s pass\n\n' "$id" ;;
    genmove:late) sleep 1; say pass ;;
    genmove:grows) i=$((i + 1)); [ "$color" = b ] && say "A$i" || say "B$i" ;;
    clear_board:*) i=0; say ;;
    known_command:clockless) say false ;;
    known_command:kgs | known_command:late) case $color in *time*) say true ;; *) say false ;; esac ;;
    known_command:kata | known_command:lz)
        [ "$color" = "$1-genmove_analyze" ] && say true || say false ;;
    known_command:*) case $color in time_*) say true ;; *) say false ;; esac ;;
    *time_*) [ -n "$2" ] && echo "$cmd $color $vertex" >>"$2"; say ;;
    kata-genmove_analyze:*)
        i=$((i + 1))
        printf '=%s\ninfo move A%d visits 1 winrate 0.9 pv C3\n' "$id" $i
        printf 'info move C3 visits 9 winrate 0.5 pv A%d ' $i
        printf 'info move A%d visits 12 winrate 0.04 scoreLead -30.5 pv A%d C3\n' $i $i
        printf 'play A%d\n\n' $i ;;
    lz-genmove_analyze:*)
        i=$((i + 1))
        printf '=%s\ninfo move B%d visits 1 winrate 4321 prior 12 pv B%d\n' "$id" $i $i
        printf 'play B%d\n\n' $i ;;
    genmove:stderr) head -c 300000 /dev/zero | tr '\0' 'x' >&2; printf '=%s pass\n\n' "$id" ;;
    genmove:crlf) printf '\r\n=%s PASS \r\n\r\n' "$id" ;;
    play:deaf) printf '?%s illegal move\n\n' "$id" ;;
    boardsize:small) printf '?%s unacceptable size\n\n' "$id" ;;
    name:dead) exit 1 ;;
    final_score:wise) printf '=%s B+99.5\n\n' "$id" ;;
    final_score:even) printf '=%s 0\n\n' "$id" ;;
    final_score:vague) printf '=%s unknown\n\n' "$id" ;;
    final_score:weary) exit 1 ;;
    genmove:*) printf '=%s pass\n\n' "$id" ;;
    *) printf '=%s\n\n' "$id" ;;
    esac
done
END_OF_TOY
chmod +x toy
