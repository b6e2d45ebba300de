$ --seed=1
> kata-get-rules
= {"scoring":"AREA","ko":"POSITIONAL","tax":"NONE","suicide":false,"hasButton":false,"whiteHandicapBonus":"0","friendlyPassOk":false}

# By name: taken, and what is played instead is said.
> kata-set-rules tromp-taylor
= played with no suicide

> kata-set-rules chinese
= played with positional superko, no handicap bonus and every stone on the board alive

> kata-set-rules Chinese-OGS
= played with no handicap bonus and every stone on the board alive

> kata-set-rules chinese-kgs
= played with no handicap bonus and every stone on the board alive

> kata-set-rules japanese
= played with area scoring, positional superko, no group tax and every stone on the board alive

> kata-set-rules korean
= played with area scoring, positional superko, no group tax and every stone on the board alive

> kata-set-rules stone-scoring
= played with positional superko, no group tax and every stone on the board alive

> kata-set-rules aga
= played with positional superko, no handicap bonus and every stone on the board alive

> kata-set-rules bga
= played with positional superko, no handicap bonus and every stone on the board alive

> kata-set-rules new-zealand
= played with positional superko, no suicide and every stone on the board alive

> kata-set-rules aga-button
= played with positional superko, no button, no handicap bonus and every stone on the board alive

> kata-set-rules martian
? unknown rules 'martian'

> kata-set-rules
? syntax error

> kata-set-rules chinese now
? syntax error

# By JSON: exactly, or not at all.
> kata-set-rules {"scoring":"AREA","ko":"POSITIONAL","tax":"NONE","suicide":false,"hasButton":false,"whiteHandicapBonus":"0","friendlyPassOk":false}
=

> kata-set-rules { "ko" : "POSITIONAL" , "suicide" : false }
=

> kata-set-rules {}
=

> kata-set-rules {"scoring":"TERRITORY"}
? scoring TERRITORY is not supported, only AREA

> kata-set-rules {"ko":"SIMPLE"}
? ko SIMPLE is not supported, only POSITIONAL

> kata-set-rules {"scoring":"AREA","suicide":true}
? suicide true is not supported, only false

> kata-set-rules {"whiteHandicapBonus":"N"}
? whiteHandicapBonus N is not supported, only 0

> kata-set-rules {"colour":"blue"}
? unknown rule 'colour'

> kata-set-rules {"ko"}
? syntax error

> kata-set-rules {"ko":"POSITIONAL"
? syntax error

> kata-set-rules {"ko":"POSITIONAL",}
? syntax error

> kata-set-rules {"ko":"POSITIONAL"} x
? syntax error

> kata-set-rules {"ko":["POSITIONAL"]}
? syntax error

> kata-set-rules {
? syntax error

> kgs-rules chinese
= played with no handicap bonus and every stone on the board alive

> kgs-rules aga
= played with positional superko, no handicap bonus and every stone on the board alive

> kgs-rules japanese
= played with area scoring, positional superko, no group tax and every stone on the board alive

> kgs-rules new_zealand
= played with positional superko, no suicide and every stone on the board alive

> kgs-rules korean
? unknown rules 'korean'

> kgs-rules
? syntax error

