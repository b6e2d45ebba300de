$ --seed=1
> fixed_handicap 2
= C3 G7

> fixed_handicap 2
? board not empty

> place_free_handicap 2
? board not empty

> set_free_handicap A1 B2
? board not empty

> clear_board
=

> fixed_handicap 9
= C3 G7 C7 G3 C5 G5 E3 E7 E5

> clear_board
=

> 1 fixed_handicap 1
?1 invalid number of stones

> fixed_handicap 10
? invalid number of stones

> fixed_handicap -2
? invalid number of stones

> fixed_handicap two
? syntax error

> fixed_handicap
? syntax error

> boardsize 6
=

> fixed_handicap 2
? invalid number of stones

> boardsize 8
=

> fixed_handicap 5
? invalid number of stones

> boardsize 19
=

> fixed_handicap 4
= D4 Q16 D16 Q4

> clear_board
=

> place_free_handicap 5
= D4 Q16 D16 Q4 K10

> clear_board
=

> place_free_handicap 12
~ = D4( [A-HJ-T][0-9]+){11}

> final_status_list alive
~ = ([A-HJ-T][0-9]+ ){11}[A-HJ-T][0-9]+

> boardsize 3
=

> place_free_handicap 8
~ = ([A-C][1-3] ){7}[A-C][1-3]

> clear_board
=

> place_free_handicap 9
? invalid number of stones

> place_free_handicap 1
? invalid number of stones

> place_free_handicap x
? syntax error

> place_free_handicap
? syntax error

> boardsize 9
=

> set_free_handicap D4 e5 G7
=

> showboard
=
   A B C D E F G H J
 9 . . . . . . . . . 9
 8 . . . . . . . . . 8
 7 . . + . . . X . . 7
 6 . . . . . . . . . 6
 5 . . . . X . . . . 5
 4 . . . X . . . . . 4
 3 . . + . . . + . . 3
 2 . . . . . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E F G H J

# White is to move: seen in what the analysis takes for granted.
> kata-search_analyze maxmoves 1
=
~+ info move .*
~ play .*

> clear_board
=

> set_free_handicap D4
? bad vertex list

> set_free_handicap
? bad vertex list

> set_free_handicap D4 D4
? bad vertex list

> set_free_handicap D4 pass
? bad vertex list

> set_free_handicap D4 K5
? bad vertex list

> set_free_handicap D4 nonsense
? bad vertex list

> boardsize 2
=

> set_free_handicap A1 A2 B1 B2
? bad vertex list

> set_free_handicap A1 A2 B1
=

