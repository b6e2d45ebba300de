/*
 * match_clock: the clocks of a match, as people write them and as engines are told.
 *
 * Written without blanks, all times in seconds, fractions allowed:
 *     none      no clock
 *     60        absolute: 60 s for the whole game
 *     60+1      Fischer: 60 s, and 1 s more after each move
 *     60/5x10   byo-yomi: 60 s, then 5 periods of 10 s
 *     60/10:25  Canadian: 60 s, then 10 s for each 25 moves
 *
 * An engine is told by the command that it knows (known_command): absolute and
 * Canadian by time_settings, or kata- or kgs-time_settings where it lacks that
 * or (kata) where there are fractions; byo-yomi by kata- or
 * kgs-time_settings; Fischer by kata-time_settings.  Others are told by
 * time_settings something that they can keep to and never overstep: byo-yomi
 * as one period for each move, Fischer as (main - increment) and then the
 * increment for each move.  Only engines that know kata-time_settings are told
 * fractions; for the others times are rounded down.
 */
#ifndef GTP_MATCH_CLOCK_H
#define GTP_MATCH_CLOCK_H

#include <stddef.h>

#include "gtp/clock.h"

/* What an engine knows, of the commands that a match would like to use. */
enum {
    KNOWS_TIME_SETTINGS = 1 << 0,
    KNOWS_TIME_LEFT = 1 << 1,
    KNOWS_KGS_TIME = 1 << 2,
    KNOWS_KATA_TIME = 1 << 3,
    KNOWS_KATA_GENMOVE = 1 << 4,
    KNOWS_LZ_GENMOVE = 1 << 5,
};

enum { MATCH_CLOCK_TEXT = 64 }; /* bytes that hold any of the texts here */

/* Reads the notation above; -1 if it is none. */
int match_clock_parse(const char *text, struct clock_rules *r);

/* And writes it; returns buf. */
const char *match_clock_text(const struct clock_rules *r, char buf[MATCH_CLOCK_TEXT]);

/* SGF's OT, overtime in words: "5x10 byo-yomi"; "" if there is none. */
const char *match_clock_overtime(const struct clock_rules *r, char buf[MATCH_CLOCK_TEXT]);

/* The command that tells an engine its clock; -1: it knows none that does. */
int match_clock_command(const struct clock_rules *r, unsigned knows, char buf[MATCH_CLOCK_TEXT]);

/* time_left's last two arguments, for an engine that was told so. */
const char *match_clock_left(const struct clock *c, unsigned knows, char buf[MATCH_CLOCK_TEXT]);

/* One move took so long, of which `margin` is forgiven.  False when that was too long. */
bool match_clock_spend(struct clock *c, double seconds, double margin);

#endif
