$ --seed=1 --boardsize=5
> gogui-analyze_commands
= plist/Suggested Move/reg_genmove %m
~+ [a-z]+/[A-Za-z ]+/[a-z_-]+( .*)?

> gogui-interrupt
=

> gomill-explain_last_move
=

> genmove b
~ = [A-E][1-5]

> gomill-explain_last_move
~ = [A-E][1-5]: one of 25 moves, at random

