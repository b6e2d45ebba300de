$ --seed=1 --override-version=0.17
> version
= 0.17

> name
= VideoWorld

> gomill-describe_engine
= VideoWorld 0.17
~+ .*

> 4 quit
=4

