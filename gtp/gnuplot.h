/* gnuplot: pictures drawn by the program gnuplot. */
#ifndef GTP_GNUPLOT_H
#define GTP_GNUPLOT_H

#include "engine/err.h"
#include "gtp/text.h"

/* Adds a string as gnuplot takes it: quoted, and each quote in it twice. */
void gnuplot_quote(struct text *t, const char *s);

/* Runs a script that draws to its standard output ("set terminal pngcairo ...");
   the picture stands in PATH, whole, or on failure what stood there before. */
int gnuplot_draw(const char *path, struct text *script, struct err *e);

#endif
