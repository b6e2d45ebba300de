/* Where the weights are, for a program that was built here or installed. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gtp/player_policy.h"

/* The folder of this program, without the slash; -1 where the system does not tell. */
static int own_folder(char *buf, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", buf, size - 1);
    char *slash;

    if (n < 1)
        return -1;
    buf[n] = '\0';
    slash = strrchr(buf, '/');
    if (!slash)
        return -1;
    *slash = '\0';
    return 0;
}

/* Is there a world model in it? */
static bool holds_weights(const char *folder)
{
    char path[4200];
    int n = snprintf(path, sizeof path, "%s/go9-small.safetensors", folder);

    return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

int policy_weights(char *buf, size_t size, struct err *e)
{
    const char *told = getenv("VIDEOWORLD_WEIGHTS");
    char own[2048], folders[3][4096];
    int n = 0;

    if (told && *told) {
        if ((size_t)snprintf(buf, size, "%s", told) >= size)
            return err_set(e, "$VIDEOWORLD_WEIGHTS is too long");
        return 0;
    }
    if (!own_folder(own, sizeof own)) {
        snprintf(folders[n++], sizeof folders[0], "%s/../share/videoworld", own);
        if (strcmp(own, BINDIR)) /* not installed: in its build tree */
            snprintf(folders[n++], sizeof folders[0], "%s", SOURCE_WEIGHTS);
    }
    snprintf(folders[n++], sizeof folders[0], "%s", INSTALLED_WEIGHTS);
    for (int i = 0; i < n; i++)
        if (holds_weights(folders[i])) {
            snprintf(buf, size, "%s", folders[i]);
            return 0;
        }
    return err_set(e, "no weights found in %s%s%s: name their folder by --weights or "
                   "$VIDEOWORLD_WEIGHTS", folders[0], n > 1 ? " or " : "", n > 1 ? folders[1] : "");
}
