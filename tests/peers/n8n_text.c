/* n8n_text.c - see n8n_text.h. */
#include "n8n_text.h"

#include <stdio.h>
#include <string.h>

bool n8n_find_dni(const char *text, char out[9])
{
	for (const char *p = text; *p;) {
		size_t n = strspn(p, "0123456789");

		if (n == 8) {
			snprintf(out, 9, "%.8s", p);
			return true;
		}
		p += n > 0 ? n : 1;
	}
	return false;
}

bool n8n_wants_person(const char *text)
{
	static const char *const words[] = { "asesor", "persona", "humano", "agente", NULL };
	char lower[200];
	size_t n = 0;

	for (; text[n] && n + 1 < sizeof lower; n++)
		lower[n] = text[n] >= 'A' && text[n] <= 'Z' ? (char)(text[n] + 32) : text[n];
	lower[n] = '\0';
	for (int i = 0; words[i]; i++) {
		if (strstr(lower, words[i]))
			return true;
	}
	return false;
}
