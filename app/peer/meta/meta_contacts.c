/* meta_contacts.c - contacts[] of one webhook value. Promises: meta_contacts.h. One owner. */
#include "peer/meta/meta_contacts.h"

static size_t find_slot(const struct meta_contacts *c, struct str key)
{
	size_t at = (size_t)str_hash(key) & c->mask;
	while (c->slots[at] != 0) {
		const struct meta_contact *row = &c->rows[c->slots[at] - 1];
		if (str_eq(row->wa_id, key) || str_eq(row->user_id, key))
			break;
		at = (at + 1) & c->mask;
	}
	return at;
}

static void insert(struct meta_contacts *c, struct str key)
{
	if (key.n == 0)
		return;
	size_t at = find_slot(c, key);
	if (c->slots[at] == 0)
		c->slots[at] = (uint32_t)c->count;
}

bool meta_contacts_read(struct meta_contacts *c, const struct json *list, struct arena *a)
{
	memset(c, 0, sizeof *c);
	size_t most = json_kind(list) == JSON_ARRAY ? (size_t)json_count(list) : 0;
	if (most == 0)
		return true;
	size_t slots = 4;
	while (slots < most * 4)
		slots *= 2;
	c->rows = arena_alloc(a, most * sizeof *c->rows);
	c->slots = arena_alloc(a, slots * sizeof *c->slots);
	if (c->rows == NULL || c->slots == NULL)
		return false;
	c->mask = slots - 1;
	for (const struct json *n = json_first(list); n != NULL; n = json_next(n)) {
		if (json_kind(n) != JSON_OBJECT)
			continue;
		struct meta_contact *row = &c->rows[c->count++];
		row->node = n;
		row->wa_id = json_get_str(n, "wa_id");
		row->user_id = json_get_str(n, "user_id");
		insert(c, row->wa_id);
		insert(c, row->user_id);
	}
	return true;
}

const struct meta_contact *meta_contacts_find(const struct meta_contacts *c, struct str key)
{
	if (c->count == 0 || key.n == 0)
		return NULL;
	uint32_t place = c->slots[find_slot(c, key)];
	return place != 0 ? &c->rows[place - 1] : NULL;
}
