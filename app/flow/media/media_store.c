/* media_store.c - see media_store.h: bringing files in and opening them. */
#include "flow/media/media_store.h"

#include "base/enc.h"
#include "flow/media/media_path.h"
#include "io/file.h"

static enum rc temp_folder(struct app *app, char ret[MEDIA_PATH_MAX], struct err *e)
{
	int n;

	if (app->data_dir == NULL)
		return FAIL(e, RC_IO, "there is no data folder");
	n = snprintf(ret, MEDIA_PATH_MAX, "%s/media/tmp", app->data_dir);
	if (n < 0 || n >= (int)MEDIA_PATH_MAX)
		return FAIL(e, RC_INVALID, "the path of the data folder is too long");
	return file_exists(ret) ? RC_OK : file_mkdir(ret, 0700, e);
}

enum rc media_put_begin(struct app *app, const struct media_put_new *n, struct media_put *ret,
			struct err *e)
{
	char folder[MEDIA_PATH_MAX];

	*ret = (struct media_put){ .app = app, .new = *n };
	if (__atomic_load_n(&app->disk_low, __ATOMIC_RELAXED))
		return FAIL(e, RC_LIMIT, "the disk is nearly full");
	TRY(temp_folder(app, folder, e));
	crypto_sha_start(&ret->sha);
	return file_out_begin(folder, &ret->out, e);
}

enum rc media_put_add(void *arg, const char *p, size_t n, struct err *e)
{
	struct media_put *put = arg;
	size_t head = size_min(n, sizeof(put->head) - put->head_n);

	if (put->out.bytes + (int64_t)n > put->new.max) {
		put->too_long = true;
		return FAIL(e, RC_LIMIT, "the file is longer than %lld bytes",
			    (long long)put->new.max);
	}
	if (__atomic_load_n(&put->app->disk_low, __ATOMIC_RELAXED))
		return FAIL(e, RC_LIMIT, "the disk is nearly full");
	memcpy(put->head + put->head_n, p, head);
	put->head_n += head;
	crypto_sha_add(&put->sha, p, n);
	return file_out_add(&put->out, p, n, e);
}

static enum rc check_said(struct media_put *put, const struct media_said *said, struct err *e)
{
	if (put->out.bytes == 0)
		return FAIL(e, RC_INVALID, "the file is empty");
	if (said->bytes > 0 && said->bytes != put->out.bytes)
		return FAIL(e, RC_INVALID, "the file has %lld bytes, %lld were promised",
			    (long long)put->out.bytes, (long long)said->bytes);
	if (said->sha256.n > 0 && !str_eq(said->sha256, str_n((const char *)put->media.sha256,
							      sizeof(put->media.sha256))))
		return FAIL(e, RC_INVALID, "the checksum of the file is not the promised one");
	return RC_OK;
}

struct add_work {
	struct media *media;
	const char *filename;
};

static enum rc add_unit(struct tx *tx, void *arg, struct err *e)
{
	struct add_work *w = arg;
	struct media m = *w->media;

	m.filename = str_of(w->filename);
	TRY(media_add(tx, &m, e));
	w->media->id = m.id;
	w->media->created_ms = m.created_ms;
	w->media->state = m.state;
	return RC_OK;
}

/* Known bytes need no second file; but a file that somebody deleted by hand is healed here. */
static bool is_here(struct media_put *put)
{
	AUTO(file_in_close) struct file_in in = { 0 };

	return strcmp(put->media.state, "stored") == 0 &&
	       media_open(put->app, &put->media, &in, NULL) == RC_OK &&
	       in.bytes == put->media.bytes;
}

enum rc media_put_place(struct media_put *put, const struct media_said *said, struct err *e)
{
	struct add_work w = { .media = &put->media };
	char folder[MEDIA_PATH_MAX], name[MEDIA_FILE_NAME], clean[MEDIA_NAME_MAX + 1];

	crypto_sha_end(&put->sha, put->media.sha256);
	TRY(check_said(put, said, e));
	media_type_of(str_n(put->head, put->head_n), said->mime, said->filename, &put->type);
	put->media.company_id = put->new.company_id;
	put->media.bytes = put->out.bytes;
	put->media.traits = put->type.traits;
	put->media.mime = put->type.mime;
	put->media.origin = put->new.origin;
	media_type_name(said->filename, clean);
	w.filename = clean;
	TRY(file_out_sync(&put->out, e));
	TRY(store_write(put->app->store, STORE_NORMAL, add_unit, &w, e));
	if (is_here(put)) {
		file_out_drop(&put->out);
		return RC_OK;
	}
	TRY(media_path_of(put->app, &put->media, folder, name, e));
	return file_out_place(&put->out, folder, name, e);
}

enum rc media_put_keep(struct tx *tx, const struct media_put *put, struct err *e)
{
	ASSERT(put->media.id > 0);
	return media_set_stored(tx, put->media.id, e);
}

void media_put_drop(struct media_put *put)
{
	file_out_drop(&put->out);
}

enum rc media_open(struct app *app, const struct media *m, struct file_in *ret, struct err *e)
{
	char folder[MEDIA_PATH_MAX], name[MEDIA_FILE_NAME], path[MEDIA_PATH_MAX];
	int n;

	TRY(media_path_of(app, m, folder, name, e));
	n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n < 0 || n >= (int)sizeof(path))
		return FAIL(e, RC_INVALID, "the path of the data folder is too long");
	return file_in_open(path, ret, e);
}

enum rc media_path_of(struct app *app, const struct media *m, char ret_folder[MEDIA_PATH_MAX],
		      char ret_name[MEDIA_FILE_NAME], struct err *e)
{
	int n;

	enc_hex(m->sha256, sizeof(m->sha256), ret_name);
	n = snprintf(ret_folder, MEDIA_PATH_MAX, "%s/media/%lld/%.2s", app->data_dir,
		     (long long)m->company_id, ret_name);
	if (n < 0 || n >= (int)MEDIA_PATH_MAX - (int)MEDIA_FILE_NAME)
		return FAIL(e, RC_INVALID, "the path of the data folder is too long");
	return RC_OK;
}
