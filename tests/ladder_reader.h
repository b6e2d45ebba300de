/*
 * ladder_reader: is a chain caught in a ladder?  Exactly, by trying everything.
 *
 * The attacker may only give atari; the prey, once in atari, may run out or
 * take attackers that are in atari themselves.  It is caught when taken, and
 * free as soon as it has three liberties, or two and no atari that works.
 *
 * Ko is read twice, each side winning every ko once.  A verdict stands only
 * where both agree; all else, and what takes too long to read, is unclear.
 */
#ifndef TESTS_LADDER_READER_H
#define TESTS_LADDER_READER_H

#include "engine/board.h"

enum ladder { LADDER_FREE, LADDER_CAUGHT, LADDER_UNCLEAR };

/* The fate of the chain at prey, its attacker to move. */
enum ladder ladder_attack(const struct board *b, int prey);

/*
 * Its fate after a legal move (or PASS) of either side: after one of its own,
 * the attacker goes on with ladder_attack; after one of the attacker's, every
 * legal reply on the whole board is tried first, so that nets and other quiet
 * moves are judged too.
 */
enum ladder ladder_after(const struct board *b, enum color c, int move, int prey);

/* Writes the first max liberties of the chain at p; returns how many there are (when more than
   max, perhaps too many). */
int ladder_liberties(const struct board *b, int p, int *libs, int max);

#endif
