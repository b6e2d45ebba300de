$ --seed=1 --override-version=0.17
# Lizzie numbers every command, wants a minor version of 15 or more, and shows
# "Loading" until the first line of figures.
> 1 name
=1 VideoWorld

> 2 version
=2 0.17

> 3 boardsize 19
=3

> 4 komi 7.5
=4

> 5 time_settings 0 2 1
=5

> 6 play B Q16
=6

> 7 lz-analyze 10
=7
~+ info move [A-HJ-T][0-9]+ visits [0-9]+ winrate [0-9]+ prior [0-9]+ lcb [0-9]+ order 0 pv .*
! 8 undo

<
=8

> 9 lz-analyze 10
=9
~+ info move .*
! 10 genmove W

<
~ =10 [A-HJ-T][0-9]+

> 11 clear_board
=11

> 12 quit
=12

