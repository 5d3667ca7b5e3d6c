/* backup_s3_priv.h - one request to the store of backups, its lists, and what is there. For backup_s3*.c. */
#ifndef FLOW_BACKUP_S3_PRIV_H
#define FLOW_BACKUP_S3_PRIV_H

#include "flow/backup/backup_s3.h"
#include "flow/backup/sum_set.h"

#define S3_PIECE      (8 * MIB)
#define S3_ANSWER_MAX (4 * MIB)
#define S3_KEY_MAX    600

struct http;
struct backup_s3_client {
	const struct backup_plan *plan;
	const struct s3_target *t;
	struct http *http;
	char backup[FOLDER_PATH_MAX]; /* FOLDER/NAME here */
	const char *name;
};

/* One request, tried again in bad weather. 404: RC_ABSENT, 403: RC_REFUSED. `ret` may be NULL. */
enum rc backup_s3_ask(struct backup_s3_client *c, const char *method, struct str key,
		      struct str query, struct str body, size_t answer_max, struct sbuf *ret,
		      struct err *e) MUST_CHECK;
enum rc backup_s3_put(struct backup_s3_client *c, const char *key, struct str body, struct err *e)
	MUST_CHECK;
void backup_s3_key(char ret[S3_KEY_MAX], const char *name, const char *file, int n);
/* All pieces of NAME/FILE into the file `to`. */
enum rc backup_s3_fetch_pieces(struct backup_s3_client *c, const char *file, const char *to,
			       struct err *e) MUST_CHECK;

/* Keys below the prefix that begin with `below`, without the prefix. */
typedef enum rc backup_s3_key_fn(struct backup_s3_client *c, void *arg, struct str key,
				 struct err *e);
enum rc backup_s3_each_key(struct backup_s3_client *c, const char *below, backup_s3_key_fn *fn,
			   void *arg, struct err *e) MUST_CHECK;
/* What stands below media/: sum and number of each piece, settled. */
enum rc backup_s3_media_read(struct backup_s3_client *c, struct sum_set *ret, struct err *e)
	MUST_CHECK;

/* Backups that have a manifest, newest first; behind them the `ahead` ones of a time after `now_ms`. */
struct backup_s3_names {
	char (*name)[BACKUP_NAME_MAX];
	size_t n, room, ahead;
};
enum rc backup_s3_names_read(struct backup_s3_client *c, int64_t now_ms,
			     struct backup_s3_names *ret, struct err *e) MUST_CHECK;
void backup_s3_names_free(struct backup_s3_names *l);

/* One sends or sweeps: media go up before the manifest that lists them. RC_CONFLICT: somebody does. */
enum rc backup_s3_lock(const struct backup_plan *plan, int *ret_fd, struct err *e) MUST_CHECK;

#endif
