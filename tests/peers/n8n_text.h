/* n8n_text.h - what the DNI workflow of the n8n double reads in a customer's text. */
#ifndef PEERS_N8N_TEXT_H
#define PEERS_N8N_TEXT_H

#include <stdbool.h>

/* The first eight digits that stand alone; false: none. */
bool n8n_find_dni(const char *text, char out[9]);
bool n8n_wants_person(const char *text);

#endif
