/* process: a shell command as a child, its standard streams piped to us. */
#ifndef GTP_PROCESS_H
#define GTP_PROCESS_H

#include <sys/types.h>

/* Starts `command` by /bin/sh in a process group of its own, which the signals of our terminal do
   not reach.  in, out, err get our ends of its streams, which do not block and no later child
   inherits.  -1 and errno: nothing was started, and they are -1. */
pid_t process_start(const char *command, int *in, int *out, int *err);

/* Closes a descriptor unless it is closed (-1) already. */
void process_close(int *fd);

#endif
