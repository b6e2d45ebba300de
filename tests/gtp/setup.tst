$ --seed=1 --boardsize=5
> set_position b A1 w B2 black C3 white pass
? syntax error

> set_position b A1 w B2 black C3
=

> showboard
=
   A B C D E
 5 . . . . . 5
 4 . . . . . 4
 3 . . X . . 3
 2 . O . . . 2    WHITE (O) has captured 0 stones
 1 X . . . . 1    BLACK (X) has captured 0 stones
   A B C D E

# It has no history.
> undo
? cannot undo

> play w C4
=

> undo
=

> undo
? cannot undo

> set_position b A1 b A1
? invalid position

> set_position b A6
? invalid position

> set_position b A1 w A2 w B1
? invalid position

> set_position b
? syntax error

> set_position x A1
? syntax error

> set_position b 1A
? syntax error

# The refused ones changed nothing.
> final_status_list alive
= C3 B2 A1

> set_position
=

> final_status_list alive
=

> gogui-setup b A1 w B2
=

> gogui-setup_player w
=

> gogui-setup b C3
? board not empty

> clear_board
=

> gogui-setup b A1 w A2 w B1
? invalid position

> gogui-setup b
? syntax error

> gogui-setup
=

> gogui-setup_player black
=

> gogui-setup_player
? syntax error

> gogui-setup_player green
? syntax error

> play b C3
=

> gogui-setup_player w
? moves were played already

# All played or none.
> gogui-play_sequence
=

> gogui-play_sequence w C4 b pass w D3
=

> gogui-play_sequence b B3 w C3
? illegal move

> gogui-play_sequence b B3 w
? syntax error

> gogui-play_sequence b B3 x C3
? syntax error

> showboard
=
   A B C D E
 5 . . . . . 5
 4 . . O . . 4
 3 . . X(O). 3
 2 . . . . . 2    WHITE (O) has captured 0 stones
 1 . . . . . 1    BLACK (X) has captured 0 stones
   A B C D E

> gogui-interrupt
=

>> # interrupt
