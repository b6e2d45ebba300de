$ --seed=1 --boardsize=5
> time_settings 300 30 5
=

> time_left b 12.75 0
=

> time_left W 29 5
=

> genmove b
~ = [A-E][1-5]

# The two ways to say: no limit, and no time at all.
> time_settings 0 1 0
=

> time_left b 0 0
=

> time_settings 0 0 0
=

> genmove w
~ = [A-E][1-5]

> time_settings 60 0 0
=

> time_left b 0 0
=

> genmove b
~ = [A-E][1-5]

> time_left b -0.5 0
=

> kata-genmove_analyze b 100 maxmoves 1
=
~+ info move .*
~ play [A-E][1-5]

> time_settings
? syntax error

> time_settings 60 30
? syntax error

> time_settings 60 30 5 1
? syntax error

> time_settings -1 30 5
? syntax error

> time_settings 60 thirty 5
? syntax error

> time_settings 60 30 2.5
? syntax error

> time_settings inf 30 5
? syntax error

> time_settings 2147483647 2147483647 2147483647
=

> time_left b 10
? syntax error

> time_left x 10 0
? syntax error

> time_left b ten 0
? syntax error

> time_left b 10 -1
? syntax error

> kgs-time_settings none
=

> kgs-time_settings absolute 600
=

> kgs-time_settings canadian 600 30 25
=

> kgs-time_settings byoyomi 600 30 5
=

> time_left w 30 4
=

> genmove w
~ = [A-E][1-5]

> kgs-time_settings fischer 600 10
? syntax error

> kgs-time_settings
? syntax error

> kgs-time_settings absolute
? syntax error

> kgs-time_settings none 1
? syntax error

> kata-list_time_settings
= none absolute byoyomi canadian fischer fischer-capped

> kata-time_settings none
=

> kata-time_settings absolute 0.5
=

> kata-time_settings canadian 0.5 1.25 3
=

> kata-time_settings byoyomi 0.5 1.25 3
=

> kata-time_settings fischer 0.5 0.1
=

> genmove b
~ = [A-E][1-5]

> kata-time_settings fischer-capped 60 5 120 -1
=

> kata-time_settings fischer-capped 60 5 30 -1
? syntax error

> kata-time_settings fischer 60
? syntax error

> kata-time_settings hourglass 60
? syntax error

> kata-time_settings
? syntax error

> cputime
~ = [0-9]+\.[0-9]{3}

> gomill-cpu_time
~ = [0-9]+\.[0-9]{3}

