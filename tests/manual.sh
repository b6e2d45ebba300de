#!/bin/sh
# The manual page names every option that --help tells in the section of that command or part of
# bench, short letters too, and none that is not there.
. "$TEST_SRCDIR/tap.sh"
page=$TEST_SRCDIR/../gtp/videoworld.1

plain() { # the page without its markup, headings in small letters behind ==
    sed 's/\\-/-/g; s/\\f.//g; s/\\&//g; s/"//g
        s/^\.S[HS] \(.*\)/== \1/; s/^\.[A-Z]* *//' "$page" |
        awk '/^== / { $0 = tolower($0) } { print }'
}
section() { # section HEADING: what stands under it, up to the next one
    awk -v want="== $1" '/^== / { on = $0 == want; next } on' page
}
options() { # of text on stdin, one a line: --long, and -l--long where a letter stands before it
    grep -oE '(-[A-Za-z] *, *)?--[a-z][a-z-]+' | tr -d ' ,' |
        awk '{ print } sub(/^-[A-Za-z]--/, "--")' | sort -u
}
own() { # without -h, --help, which every command has
    grep -v -e '--help$'
}
listed() { # the options that a help lists, not those in its examples
    grep -E '^ {2,6}-' | options | own
}
words() { # words HEADING: of a help on stdin, the first in each line under it
    sed -n "/^$1:/,/^\$/s/^  \([a-z]*\) .*/\1/p"
}
compare() { # compare HEADING COMMAND...: its section with its help
    name=$1
    shift
    "$VIDEOWORLD" "$@" --help >help
    cat help >>helps
    listed <help >told
    section "$name" | options | own >named
    is "the section of $name names each option" "$(comm -23 told named)" ""
    is "and no other" "$(comm -13 told named)" ""
}

cd "$tmp" || exit 1
plain >page
"$VIDEOWORLD" --help | tee helps | listed >told
section description | options | own >named
is "the description names each option of all" "$(comm -23 told named)" ""
tools=$("$VIDEOWORLD" --help | words Commands) parts=$("$VIDEOWORLD" bench --help | words Parts)
is "there are commands and parts of bench" \
    "$(echo "$tools" | grep -cx 'gtp\|bench') $(echo "$parts" | grep -cx 'data\|world')" "2 2"
for tool in $tools; do
    compare "videoworld $tool" "$tool"
done
for part in $parts; do
    compare "videoworld bench $part" bench "$part"
done

options <helps | grep '^--' >told
options <page | grep '^--' >named
is "--help tells of many options" "$([ "$(wc -l <told)" -gt 100 ] && echo yes)" yes
is "nothing else in the manual is an option that no --help tells" "$(comm -13 told named)" ""
plan
