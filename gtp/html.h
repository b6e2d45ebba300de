/*
 * html: any bytes into the text of an HTML or SVG document.
 *
 * What is no UTF-8, and control characters, become U+FFFD, so a document made
 * of these is well-formed whatever somebody called an engine.
 */
#ifndef GTP_HTML_H
#define GTP_HTML_H

#include "gtp/text.h"

/* As content, or in an attribute's quotes. */
void html_text(struct text *t, const char *s);

/* A relative path as a URL, in an attribute's quotes: all but letters, digits and "-._~/" as
   %XX, so that no part of it is taken for a scheme, query or fragment. */
void html_path(struct text *t, const char *path);

/* With a true minus sign; a dash if it is not finite. */
void html_number(struct text *t, double x, int digits);

#endif
