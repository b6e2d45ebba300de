$ --seed=1 --boardsize=5 --komi=200
# It never resigns unless it is told to.
> gogui-play_sequence b C3 w pass b pass w pass b pass w pass b pass w pass b pass w pass b pass w pass b pass w pass
=

> genmove b
~ = [A-E][1-5]

> kata-set-param resignThreshold 0.1
=

> genmove b
= resign

# The board is as it was.
> kata-genmove_analyze b 10 maxmoves 1
=
~+ info move .*
play resign

> kata-set-param resignThreshold 0
=

> genmove w
~ = ([A-E][1-5]|pass)

