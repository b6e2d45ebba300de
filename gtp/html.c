#include "gtp/html.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Bytes of the character at s that may stand in a document; 0: none does. */
static int character(const unsigned char *s)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    int n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;
    unsigned code = n > 1 ? *s & (0x7fu >> n) : *s;

    if (n == 1)
        return *s >= ' ' && *s != 0x7f ? 1 : *s == '\t' || *s == '\n';
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3f);
    }
    return code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ||
           (code & 0xfffe) == 0xfffe ? 0 : n;
}

void html_text(struct text *t, const char *s)
{
    while (*s) {
        int n = character((const unsigned char *)s);

        switch (n ? *s : '\0') {
        case '\0': text_puts(t, "\xef\xbf\xbd"); break; /* U+FFFD */
        case '&': text_puts(t, "&amp;"); break;
        case '<': text_puts(t, "&lt;"); break;
        case '>': text_puts(t, "&gt;"); break;
        case '"': text_puts(t, "&quot;"); break;
        case '\'': text_puts(t, "&#39;"); break;
        default: text_add(t, s, (size_t)n);
        }
        s += n ? n : 1;
    }
}

void html_path(struct text *t, const char *path)
{
    for (; *path; path++) {
        unsigned char c = (unsigned char)*path;

        if (c < 0x80 && (isalnum(c) || strchr("-._~/", c)))
            text_add(t, path, 1);
        else
            text_printf(t, "%%%02X", c);
    }
}

void html_number(struct text *t, double x, int digits)
{
    double ten = pow(10, digits);

    if (!isfinite(x)) {
        text_puts(t, "&#8211;");
        return;
    }
    x = round(x * ten) / ten; /* first, so that no zero has a sign */
    text_printf(t, "%s%.*f", x < 0 ? "&#8722;" : "", digits, fabs(x));
}
