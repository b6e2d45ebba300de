$ --seed=42 --set=resignThreshold=0.25 --max-time=2.5
> kata-list-params
= maxVisits maxTime seed resignThreshold

> kata-get-param seed
= 42

> kata-get-param resignThreshold
= 0.25

> kata-get-param maxTime
= 2.5

> kata-get-param maxVisits
= 0

> kata-set-param maxVisits 3
=

> kata-get-param maxVisits
= 3

> kata-set-param maxVisits 0
=

> kata-set-param seed 18446744073709551615
=

> kata-get-param seed
= 18446744073709551615

> gomill-describe_engine
~ = VideoWorld .*
random player, seed 18446744073709551615
maxVisits=0 maxTime=2.5 seed=18446744073709551615 resignThreshold=0.25

> kata-set-param seed 18446744073709551616
? seed is no number from 0 to 2^64-1: '18446744073709551616'

> kata-set-param seed -1
? seed is no number from 0 to 2^64-1: '-1'

> kata-set-param resignThreshold 2
? resignThreshold is no number from 0 to 1: '2'

> kata-set-param resignThreshold nan
? resignThreshold is no number from 0 to 1: 'nan'

> kata-set-param maxTime 0.5
=

> kata-set-param maxTime soon
? maxTime is no number of seconds: 'soon'

> kata-set-param maxVisits -1
? maxVisits is no number of visits, or 0: '-1'

> kata-set-param analysisWideRootNoise 0.04
? unknown parameter 'analysisWideRootNoise'

> kata-set-param seed
? syntax error

> kata-get-param
? syntax error

> kata-get-param analysisWideRootNoise
? unknown parameter 'analysisWideRootNoise'

