# tap: what tests of the programs share, to be sourced: a folder for scratch files, and TAP.
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0 bad=0

is() { # is DESCRIPTION GOT WANT
    n=$((n + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '%s\n' "got:" "$2" "want:" "$3" | sed 's/^/# /'
        bad=1
    fi
}

holds() { # holds DESCRIPTION TEXT AWK-CONDITION: over the text's lines; p(i): the number of field i
    if printf '%s\n' "$2" | awk "function p(i) { return substr(\$i, \$i ~ /^\\(/ ? 2 : 1) + 0 }
        $3 { found = 1 } END { exit !found }"; then
        is "$1" "" ""
    else
        is "$1" "$2" "a line with $3"
    fi
}

skip() { # skip DESCRIPTION REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

refused() { # refused DESCRIPTION MESSAGE ARGUMENT...: of videoworld
    what=$1 message=$2
    shift 2
    is "$what" "$("$VIDEOWORLD" "$@" 2>&1 | head -n 1)" "videoworld: $message"
}

plan() { # the last line, and the exit status
    echo "1..$n"
    exit $bad
}
