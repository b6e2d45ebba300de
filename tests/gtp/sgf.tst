$ --seed=1 --boardsize=5 --komi=0.5 --override-version=9.9
# Games from and into files.
@ game.sgf (;GM[1]FF[4]SZ[9]KM[5.5]AB[aa][bb]AW[cc]PL[W];W[dd];B[ee]C[hm](;W[ff];B[])(;W[gg]))
@ broken.sgf (;SZ[3];B[aa];W[aa])
@ cut.sgf (;SZ[3];B[aa
> loadsgf game.sgf
=

> get_komi
= 5.5

> showboard
=
   A B C D E F G H J
 9 X . . . . . . . . 9
 8 . X . . . . . . . 8
 7 . . O . . . + . . 7
 6 . . . O . . . . . 6
 5 . . . . X . . . . 5
 4 . . . . . O . . . 4
 3 . . + . . . + . . 3
 2 . . . . . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E F G H J

> undo
=

> undo
=

# The position before move 2, and before move 1.
> loadsgf game.sgf 2
=

> final_status_list alive
= A9 B8 C7 D6

> loadsgf game.sgf 1
=

> final_status_list alive
= A9 B8 C7

> undo
? cannot undo

> loadsgf game.sgf 100
=

> loadsgf "game.sgf"
=

> loadsgf two words.sgf
? cannot load file

> 6 loadsgf none.sgf
?6 cannot load file

> loadsgf broken.sgf
? cannot load file

> loadsgf cut.sgf
? cannot load file

> loadsgf -
? cannot load file

> loadsgf
? syntax error

> loadsgf game.sgf -1
? syntax error

# What could not be loaded changed nothing.
> final_status_list alive
= A9 B8 C7 D6 E5 F4

> boardsize 5
=

> komi 0.5
=

> gogui-play_sequence b C3 w D4 b pass
=

> printsgf
= (;GM[1]FF[4]CA[UTF-8]SZ[5]KM[0.5]AP[VideoWorld:9.9]RU[Chinese];B[cc];W[db]
;B[])

> play w pass
=

> printsgf -
= (;GM[1]FF[4]CA[UTF-8]SZ[5]KM[0.5]AP[VideoWorld:9.9]RU[Chinese]RE[W+0.5];B[cc]
;W[db];B[];W[])

> printsgf out.sgf
=

> printsgf my game.sgf
=

> boardsize 9
=

> loadsgf my game.sgf
=

> showboard
=
   A B C D E
 5 . . . . . 5
 4 . . . O . 4
 3 . . X . . 3
 2 . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E

> loadsgf out.sgf 2
=

> final_status_list alive
= C3

> printsgf /no/such/folder/x.sgf
~ \? .*/no/such/folder/x.sgf.*No such file or directory

> clear_board
=

> fixed_handicap 2
? invalid number of stones

> set_free_handicap A1 B2
=

> printsgf
~ = \(;GM\[1\].*HA\[2\].*AB\[.*\]\)

> clear_board
=

> set_free_handicap A1 B2
=

> gogui-setup_player b
=

> printsgf out.sgf
=

> printsgf
~ = \(;GM\[1\].*HA\[2\].*AB\[.*\]PL\[B\].*\)

> loadsgf out.sgf
=

> printsgf
~ = \(;GM\[1\].*AB\[.*\]PL\[B\].*\)

