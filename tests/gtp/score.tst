$ --seed=1 --boardsize=5 --komi=0.5
> final_score
= W+0.5

> play b C3
=

> final_score
= B+24.5

> komi 25
=

> final_score
= 0

> komi 26
=

> final_score
= W+1

> gogui-play_sequence w A1 b pass w pass
=

# Whatever is on the board is alive.
> final_status_list alive
= C3 A1

> final_status_list dead
=

> 2 final_status_list seki
=2

> final_status_list
? syntax error

> final_status_list sleeping
? syntax error

> final_status_list alive dead
? syntax error

