$ --seed=1 --boardsize=5 --komi=0.5
> kata-genmove_analyze b ownership true
=
~+ info move [A-E][1-5] .* pv [A-E][1-5] ownership( -?[01]\.[0-9]{4}){25}
~ play [A-E][1-5]

# It was played, and can be taken back.
> undo
=

> undo
? cannot undo

> 4 lz-genmove_analyze W 10 maxmoves 3
=4
~+ info move [A-E][1-5] visits [0-9]+ winrate [0-9]+ prior [0-9]+ lcb [0-9]+ order 0 pv [A-E][1-5].*
~ play [A-E][1-5]

> lz-genmove_analyze interval 10
=
~+ info move .*
~ play [A-E][1-5]

# Lines that come meanwhile do not stop it.  (See test_commands for a slow player.)
> 5 kata-genmove_analyze b 10 maxmoves 1
=5
!
~+ info move .*
~ play [A-E][1-5]

> undo
=

> kata-search_analyze b 10 maxmoves 1
=
~+ info move .*
~ play [A-E][1-5]

> gg-undo 2
=

> undo
? cannot undo

> kata-genmove_analyze b avoidance b A1 1
? unsupported key 'avoidance'

> lz-genmove_analyze b ownership true
? unsupported key 'ownership'

> kata-search_analyze b 10 castle
? unsupported key 'castle'

> kata-genmove_analyze b maxmoves
? syntax error

