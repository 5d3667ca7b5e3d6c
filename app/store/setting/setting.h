/* setting.h - every setting: one row in setting.def, one fact. From that table come the parser, the bounds, the
 * environment names, `totem config list`, the API and the documentation.
 *
 * Sources, later wins: default, file totem.conf, database, environment TOTEM_<KEY>, command line. Keys with a slug
 * ("channel.<slug>.token") exist once per target. Secrets are sealed in the database with the key file and never shown. */
#ifndef STORE_SETTING_H
#define STORE_SETTING_H

#include "store/store.h"

enum setting_kind {
#define KIND(name, ...) SETTING_##name,
#include "store/setting/setting_kind.def"
#undef KIND
	SETTING_KINDS
};
enum setting_effect { SETTING_LIVE, SETTING_RESTART };

struct setting_def {
	const char *key; /* "channel.*.token" */
	enum setting_kind kind;
	const char *fallback; /* default */
	int64_t low, high;    /* INT: bounds; TEXT: lengths */
	enum setting_effect effect;
	const char *help;
};
const struct setting_def *setting_find(
	struct str key); /* "channel.main.token" finds "channel.*.token"; NULL: unknown */
const struct setting_def *setting_at(size_t i);
size_t setting_count(void);
const char *setting_kind_text(enum setting_kind k); /* int, text, bool, secret or list */
/* RC_INVALID names key, value (not of secrets), bounds; of an unknown key the nearest known one. What the value names
 * outside (a file) need not be there. */
enum rc setting_check(struct str key, struct str value, struct err *e) MUST_CHECK;
/* The same for a value that is being set: a file or folder that it names has to be there and be one. */
enum rc setting_check_new(struct str key, struct str value, struct err *e) MUST_CHECK;

struct settings; /* an immutable snapshot of all values of all sources */
struct setting_sources {
	const char *file;        /* NULL: none */
	const char *const *args; /* "key=value" from the command line */
	size_t arg_count;
	const uint8_t *seal_key; /* 32 bytes; NULL: secrets of the database are not readable */
};
/* Reads all sources. `db` NULL: without the database. */
enum rc settings_load(const struct setting_sources *src, struct db *db, struct settings **ret,
		      struct err *e) MUST_CHECK;
void settings_free(struct settings *s);
struct str setting_str(const struct settings *s,
		       const char *key); /* with default; borrowed from s */
int64_t setting_i64(const struct settings *s, const char *key);
/* Of a target: setting_of(s, "channel", "main", "token"). */
struct str setting_of(const struct settings *s, const char *kind, const char *slug,
		      const char *name);
/* A BOOL setting: true, yes, on or 1. */
bool setting_is_yes(struct str value);
int64_t setting_of_i64(const struct settings *s, const char *kind, const char *slug,
		       const char *name);
/* Slugs of a kind that occur in any key, in order. False: no more. */
bool setting_slug(const struct settings *s, const char *kind, size_t i, struct str *ret);
/* Secrets of the database that were sealed with another key than ours. */
int64_t settings_unreadable(const struct settings *s);
/* How many secrets of a database a key opens, and how many it does not. `seal_key` NULL: none. Environment and file count
 * nothing here. */
struct setting_secrets {
	int64_t opened, closed;
};
enum rc setting_secrets(struct db *db, const uint8_t *seal_key, struct setting_secrets *ret,
			struct err *e) MUST_CHECK;
/* What was passed over: a value of the database that does not fit any more, or a variable TOTEM_<something> of the
 * environment that is near to a setting and is none. NULL: nothing; else one sentence. */
const char *settings_doubt(const struct settings *s);
/* Where a value came from: "default", "file:12", "database", "environment", "argument". */
const char *setting_source(const struct settings *s, const char *key);

/* Inside a unit; seals secrets; checks first. Empty value removes the row. Makes the target row of a new slug. */
enum rc setting_put(struct tx *tx, const uint8_t *seal_key, struct str key, struct str value,
		    struct err *e) MUST_CHECK;

#endif
