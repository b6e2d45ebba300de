$ --seed=1
# Administration: ids, comments, control characters, unknown commands.
> protocol_version
= 2

> 7 protocol_version
=7 2

> 0012 protocol_version
=0012 2

> name
= VideoWorld

> 3 name ignored arguments
=3 VideoWorld

> version
~ = [0-9]+\.[0-9]+\.[0-9]+

> 8 castle e4 # hm
?8 unknown command

> genmoves b
? unknown command

> Name
? unknown command

> 5
?5 unknown command

>> # a comment alone is no command
>>
>>   \t  
> name\r
= VideoWorld

> \t9\tknown_command\tgenmove\t# tabs\r
=9 true

> na\0me
= VideoWorld

> known_command kata-analyze
= true

> known_command quit
= true

> known_command castle
= false

> known_command
= false

# Sabaki would take these two for its own, with another scale.
> known_command analyze
= false

> known_command genmove_analyze
= false

> analyze b 10
? unknown command

> genmove_analyze b 10
? unknown command

# LizzieYzy wants protocol_version first.
> 2 list_commands
=2 protocol_version
known_command
list_commands
quit
name
version
~+ [a-z][a-z_-]*

> stop
=

> quit
=

