$ --seed=1 --boardsize=5
> genmove b
~ = [A-E][1-5]

> genmove w
~ = [A-E][1-5]

# The same side again.
> genmove W
~ = [A-E][1-5]

> genmove black
~ = [A-E][1-5]

> genmove
? syntax error

> genmove red
? syntax error

> genmove b w
? syntax error

# reg_genmove and kata-search leave the board alone.
> clear_board
=

> reg_genmove b
~ = [A-E][1-5]

> kata-search w
~ = [A-E][1-5]

> undo
? cannot undo

> reg_genmove
? syntax error

> kata-search x
? syntax error

# Nothing but own eyes left: pass.
> boardsize 2
=

> set_position b A1 b A2 b B1
=

> genmove b
= pass

# The opponent has passed and the stones win as they are: pass.
> boardsize 5
=

> komi 0.5
=

> play b C3
=

> play w pass
=

> genmove b
= pass

> gomill-explain_last_move
~ = pass: .*

# They lose: play on.
> komi 30
=

> undo
=

> genmove b
~ = [A-E][1-5]

