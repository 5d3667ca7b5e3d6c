/* chatwoot_gate.h - what a version of Chatwoot can do, and what its operator has to know (chatwoot_gate.def,
 * chatwoot_warning.def). Pure. */
#ifndef PEER_CHATWOOT_GATE_H
#define PEER_CHATWOOT_GATE_H

#include "base/lang.h"
#include "base/sbuf.h"

enum chatwoot_gate {
#define G(name, major, minor, patch, en, es, pt) CHATWOOT_GATE_##name,
#include "peer/chatwoot/chatwoot_gate.def"
#undef G
	CHATWOOT_GATES
};
enum chatwoot_warning {
#define A(name, en, es, pt) CHATWOOT_WARNING_##name,
#include "peer/chatwoot/chatwoot_warning.def"
#undef A
	CHATWOOT_WARNINGS
};

/* "4.16.2" (a "v" before and words behind are passed over). A version that is not known counts as the newest. */
bool chatwoot_gate_open(enum chatwoot_gate g, struct str version);
const char *chatwoot_gate_name(enum chatwoot_gate g); /* "STATUS" */
const char *chatwoot_gate_text(enum chatwoot_gate g, enum lang lang);
void chatwoot_gate_since(enum chatwoot_gate g, char *ret_text, size_t bytes); /* "4.2.0" */

const char *chatwoot_warning_name(enum chatwoot_warning w);
bool chatwoot_warning_parse(struct str name, enum chatwoot_warning *ret) MUST_CHECK;
void chatwoot_warning_text(enum chatwoot_warning w, enum lang lang, struct str argument,
			   struct sbuf *to);

/* Whether a host is a private or loopback address, or a name that only a private network has (localhost, one without a dot,
 * .local, .lan, .internal). */
bool chatwoot_host_private(struct str host);
bool chatwoot_host_loopback(struct str host);

#endif
