#!/bin/sh
# The manual page names every option that --help tells, and none that is not there.
. "$TEST_SRCDIR/tap.sh"
page=$TEST_SRCDIR/../gtp/videoworld.1

options() { # of text on stdin, one a line
    tr -c 'a-z0-9-' '\n' | grep -E '^--[a-z][a-z-]+$' | sort -u
}
helps() { # all that the program says of itself
    "$VIDEOWORLD" --help
    for tool in gtp render imagine sgf dataset train match ladder; do
        "$VIDEOWORLD" $tool --help
    done
    for part in data engine go ldm ops render suite tokenizer world; do
        "$VIDEOWORLD" bench $part --help
    done
}

cd "$tmp" || exit 1
helps | options >told
sed 's/\\-/-/g; s/\\f./ /g; s/\\&//g' "$page" | options >named
is "--help tells of many options" "$([ "$(wc -l <told)" -gt 100 ] && echo yes)" yes
is "the manual names each" "$(comm -23 told named)" ""
is "and no other" "$(comm -13 told named)" ""
plan
