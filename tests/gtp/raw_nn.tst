$ --seed=1 --komi=0.5
> boardsize 3
=

> set_position b A2 b B1 b B2 w C1
=

> kata-raw-nn 0
= symmetry 0
~ whiteWin [01]\.[0-9]{6}
~ whiteLoss [01]\.[0-9]{6}
noResult 0.000000
~ whiteLead -?[0-9]+\.[0-9]{3}
policy
0.250000 0.250000 0.250000
    NAN     NAN 0.250000
0.000000     NAN     NAN
policyPass 0.000000
whiteOwnership
~ -?[01]\.[0-9]{7} -?[01]\.[0-9]{7} -?[01]\.[0-9]{7}
~ -?[01]\.[0-9]{7} -?[01]\.[0-9]{7} -?[01]\.[0-9]{7}
~ -?[01]\.[0-9]{7} -?[01]\.[0-9]{7} -?[01]\.[0-9]{7}

> kata-raw-nn w all
= symmetry 0
~+ (white|noR|polic|symm|[0-9. -]|    NAN).*

> kata-raw-nn
? syntax error

> kata-raw-nn 8
? syntax error

> kata-raw-nn b
? syntax error

> kata-raw-nn b 0 0.5 1
? syntax error

> kata-raw-nn red 0
? syntax error

