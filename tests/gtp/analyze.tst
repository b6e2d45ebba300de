$ --seed=1 --boardsize=5 --komi=0.5
# Until a line comes, even a blank one: then a blank line ends it.
> kata-analyze b 1 maxmoves 2
=
~+ info move [A-E][1-5] visits [0-9]+ utility -?[01]\.[0-9]+ winrate [01]\.[0-9]+ scoreMean -?[0-9]+\.[0-9]+ scoreLead -?[0-9]+\.[0-9]+ prior 0\.040000 lcb [01]\.[0-9]+ order 0 pv [A-E][1-5]( info move .* order 1 pv [A-E][1-5])?
!

# A comment does as well.
> 8 lz-analyze b 1 maxmoves 1
=8
~+ info move [A-E][1-5] visits [0-9]+ winrate [0-9]+ prior 400 lcb [0-9]+ order 0 pv [A-E][1-5]
! # enough

# So does a command, which is answered then ("<" reads on).
> lz-analyze maxmoves 1
=
~+ info move .*
! 9 name

<
=9 VideoWorld

# One analysis after another, as when the user clicks through a game.
> 10 kata-analyze b 5 maxmoves 1
=10
~+ info move .*
! 11 kata-analyze w 5 maxmoves 1

<
=11
~+ info move .*
!

# The interval: a keyword, before the colour, or absent.
> kata-analyze b interval 1 maxmoves 1
=
~+ info move .*
!

> kata-analyze 1 w maxmoves 1
=
~+ info move .*
!

> kata-analyze interval 0.5
=
~+ info move .*
!

> lz-analyze
=
~+ info move .*
!

# All keys: the line ends with rootInfo, then ownership.
> kata-analyze w 1 minmoves 1 maxmoves 1 rootInfo true ownership true pvVisits true movesOwnership true
=
~+ info move ([A-E][1-5]) visits ([0-9]+) utility .* order 0 pv [A-E][1-5] pvVisits [0-9]+ movesOwnership( -?[01]\.[0-9]{4}){25} rootInfo visits [0-9]+ utility -?[0-9.]+ winrate [01]\.[0-9]+ scoreMean -?[0-9.]+ scoreLead -?[0-9.]+ ownership( -?[01]\.[0-9]{4}){25}
!

> kata-analyze b 1 rootInfo false ownership FALSE maxmoves 1
=
~+ info move [A-E][1-5] .* pv [A-E][1-5]
!

# Figures of moves not visited yet: only when asked for.
> kata-set-param maxVisits 2
=

> kata-search_analyze b 1
=
~+ info move [A-E][1-5] visits 1 .*order 0 pv [A-E][1-5]( info move [A-E][1-5] visits 1 .* order 1 pv [A-E][1-5])?
~ play [A-E][1-5]

> lz-genmove_analyze b 10 minmoves 4
=
~+ info move .* order 0 pv .* order 1 pv .* visits 0 .* order 2 pv .* visits 0 .* order 3 pv [A-E][1-5]
~ play [A-E][1-5]

> kata-set-param maxVisits 0
=

> clear_board
=

# avoid and allow.
> kata-analyze b 1 allow b C3,d4 1
=
~+ info move (C3|D4) visits [0-9]+ .* prior 0\.500000 .* pv (C3|D4)( info move (C3|D4) .*)?
!

> kata-search_analyze w allow w A1 1
=
~+ info move A1 .*
play A1

> kata-search_analyze w allow w A1 1 allow b C3 1
=
~+ info move A1 .*
play A1

> kata-search_analyze b avoid b A1,A2,A3,A4,A5,B1,B2,B3,B4,B5,C1,C2,C3,C4,C5,D1,D2,D3,D4,D5,E1,E2,E3,E4 9
=
~+ info move E5 .*
play E5

> kata-search_analyze b avoid b A1,A2,A3,A4,A5,B1,B2,B3,B4,B5,C1,C2,C3,C4,C5 1 avoid b D1,D2,D3,D4,D5,E1,E2,E3,E4 1
=
~+ info move E5 .*
play E5

> kata-search_analyze b allow b pass 1
=
~+ info move pass .* pv pass
play pass

# Even into an eye, if it is told to.
> set_position b A2 b B1 b B2
=

> kata-search_analyze b allow b A1 1
=
~+ info move A1 .*
play A1

> kata-analyze b avoid b A1
? syntax error

> kata-analyze b avoid b A1 0
? syntax error

> kata-analyze b avoid x A1 1
? syntax error

> kata-analyze b avoid b A9 1
? syntax error

> kata-analyze b avoid b A1 1 allow b A2 1
? allow cannot be combined

> kata-analyze b allow b A1 1 allow b A2 1
? allow cannot be combined

# What is not supported is said so at once: LizGoban asks that way.
> kata-analyze b 10 ownershipStdev true
? unsupported key 'ownershipStdev'

> 3 lz-analyze b 10 ownership true
?3 unsupported key 'ownership'

> lz-analyze b 10 rootInfo true
? unsupported key 'rootInfo'

> kata-analyze b 10 ownership
? syntax error

> kata-analyze b 10 ownership maybe
? syntax error

> kata-analyze b interval
? syntax error

> kata-analyze b interval -5
? syntax error

> kata-analyze b maxmoves x
? syntax error

> kata-analyze red 10
? unsupported key 'red'

> lz-analyze b nan
? unsupported key 'nan'

