$ --seed=1
# Sizes, komi, and what survives a new board.
> showboard
=
   A B C D E F G H J
~+  [1-9]( [.+]){9} [1-9].*
   A B C D E F G H J

> get_komi
= 7

> komi 6.5
=

> get_komi
= 6.5

> komi 0
=

> get_komi
= 0

> komi -3.75
=

> clear_board
=

> boardsize 5
=

> get_komi
= -3.75

> komi
? syntax error

> komi six
? syntax error

> komi 6.5x
? syntax error

> komi nan
? syntax error

> komi inf
? syntax error

> komi 1e999
? syntax error

> komi 0x10
? syntax error

> komi 6 5
? syntax error

> komi 1000000
? unacceptable komi

> get_komi
= -3.75

> boardsize 5
=

> play b C3
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

> boardsize 26
? unacceptable size

> boardsize 1
? unacceptable size

> boardsize 0
? unacceptable size

> boardsize -9
? unacceptable size

> boardsize 99999999999999999999
? unacceptable size

> boardsize 5 26
? unacceptable size

> boardsize
? syntax error

> boardsize nine
? syntax error

> boardsize 9.5
? syntax error

> boardsize 5 5 5
? syntax error

# The refused sizes left the board alone.
> play w C3
? illegal move

> boardsize 5
=

> play w C3
=

> clear_board
=

> play w C3
=

> boardsize 2
=

> boardsize 25
=

> play b Z25
=

> play w A1
=

> boardsize 4 3
=

> play b D3
=

> play w E3
? illegal move

> play w D4
? illegal move

> showboard
=
   A B C D
 3 . . .(X)3
 2 . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . 1    BLACK (X) has captured 0 stones
   A B C D

> rectangular_boardsize 3 4
=

> play b C4
=

> play w D1
? illegal move

> rectangular_boardsize 3
? syntax error

> rectangular_boardsize 3 x
? syntax error

> rectangular_boardsize 3 26
? unacceptable size

> boardsize 2
=

> showboard
=
   A B
 2 . . 2    WHITE (O) has captured 0 stones
 1 . . 1    BLACK (X) has captured 0 stones
   A B

