$ --seed=1
# Moves given: spelling, legality, ko, superko, suicide.
> play b D4
=

> play W e5
=

> PLAY b D5
? unknown command

> play black d6
=

> play White pass
=

> play w PASS
=

> play BLACK J9
=

# Two moves of one colour in a row are legal input.
> play b A9
=

> play b B9
=

> play w D4
? illegal move

> play w I5
? illegal move

> play w K1
? illegal move

> play w A10
? illegal move

> play w A0
? illegal move

> play w Z99
? illegal move

> play w
? syntax error

> play
? syntax error

> play w D
? syntax error

> play w 44
? syntax error

> play w A1x
? syntax error

> play w resign
? syntax error

> play g A1
? syntax error

> play D4 w
? syntax error

> play w C3 C4
? syntax error

> showboard
=
   A B C D E F G H J
 9 X(X). . . . . . X 9
 8 . . . . . . . . . 8
 7 . . + . . . + . . 7
 6 . . . X . . . . . 6
 5 . . . . O . . . . 5
 4 . . . X . . . . . 4
 3 . . + . . . + . . 3
 2 . . . . . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E F G H J

# Suicide of one stone and of two.
> boardsize 3
=

> gogui-play_sequence b A2 b B2 b C1
=

> play w A1
=

> play w B1
? illegal move

> play w C2
=

> clear_board
=

> gogui-play_sequence b A2 b B1
=

> play w A1
? illegal move

# A ko may not be taken back at once.
> boardsize 5
=

> gogui-play_sequence b B3 b C4 b C2 w D4 w D2 w E3 b D3
=

> play w C3
=

> play b D3
? illegal move

> play w A1
=

> play b D3
=

# Positional superko: A1 would take three stones and leave the first position
# again.  A pass does not lift that.
> boardsize 2
=

> gogui-play_sequence b A1 w B2 b B1 w A2 b A1 w B1
=

> play b A1
? illegal move

> play b pass
=

> play b A1
? illegal move

