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

skip() { # skip DESCRIPTION REASON
    n=$((n + 1))
    echo "ok $n - $1 # SKIP $2"
}

plan() { # the last line, and the exit status
    echo "1..$n"
    exit $bad
}
