/* wa.c - words of the neutral model. Promises: wa.h, wa_send.h. No state; any thread. */
#include "peer/wa/wa.h"

#include "peer/wa/wa_send.h"

static const struct rank_word {
	const char *word;
	enum wa_rank rank;
} rank_words[] = {
	{ "pending", WA_RANK_PENDING }, { "accepted", WA_RANK_ACCEPTED },
	{ "sent", WA_RANK_SENT },       { "delivered", WA_RANK_DELIVERED },
	{ "read", WA_RANK_READ },       { "played", WA_RANK_PLAYED },
};

enum wa_rank wa_rank_parse(struct str word)
{
	for (size_t i = 0; i < COUNT(rank_words); i++)
		if (str_eqc(word, rank_words[i].word))
			return rank_words[i].rank;
	return WA_RANK_NONE;
}

const char *wa_rank_name(enum wa_rank rank)
{
	for (size_t i = 0; i < COUNT(rank_words); i++)
		if (rank_words[i].rank == rank)
			return rank_words[i].word;
	return "none";
}

const char *wa_class_name(enum wa_class cls)
{
	switch (cls) {
	case WA_SEND_ACCEPTED:
		return "accepted";
	case WA_SEND_RETRY:
		return "retry";
	case WA_SEND_PAUSE_RECIPIENT:
		return "pause_recipient";
	case WA_SEND_WAIT:
		return "wait";
	case WA_SEND_PERMANENT:
		return "permanent";
	case WA_SEND_TEMPLATE:
		return "template";
	case WA_SEND_PAUSE_NUMBER:
		return "pause_number";
	case WA_SEND_STOP:
		return "stop";
	case WA_SEND_UNKNOWN:
		return "unknown";
	case WA_SEND_CLASSES:
		break;
	}
	BUG("not a class");
}
