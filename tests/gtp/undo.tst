$ --seed=1 --boardsize=5
> undo
? cannot undo

> gg-undo
? cannot undo

> gg-undo 0
=

> play b C3
=

> undo
=

> play b C3
=

> play w C4
=

> play b pass
=

> gg-undo 4
? cannot undo

> gg-undo 2
=

> showboard
=
   A B C D E
 5 . . . . . 5
 4 . . . . . 4
 3 . .(X). . 3
 2 . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E

> gg-undo -1
? syntax error

> gg-undo one
? syntax error

> gg-undo 1 1
? syntax error

# A genmove is taken back as well.
> genmove w
~ = [A-E][1-5]

> undo
=

> undo
=

> undo
? cannot undo

# Captured stones come back, and so does the ko.
> boardsize 3
=

> gogui-play_sequence b A2 w A1 b B1
=

> play w A1
? illegal move

> undo
=

> showboard
=
   A B C
 3 . . . 3
 2 X . . 2    WHITE (O) has captured 0 stones
 1(O). . 1    BLACK (X) has captured 0 stones
   A B C

> gg-undo
=

> play w A3
=

# To the handicap stones, but not further.
> boardsize 9
=

> fixed_handicap 2
= C3 G7

> undo
? cannot undo

> play w E5
=

> undo
=

> undo
? cannot undo

