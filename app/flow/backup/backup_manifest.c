/* backup_manifest.c - what a backup says of itself, as JSON. See backup.h. */
#include "flow/backup/backup.h"

#include "base/version.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#define MANIFEST     "manifest.json"
#define MANIFEST_MAX (256 * KIB)

static void tables_write(struct jsonw *w, const struct backup_tables *tables)
{
	jsonw_karray(w, "tables");
	for (size_t i = 0; i < tables->n; i++) {
		jsonw_object(w);
		jsonw_ktext(w, "name", tables->t[i].name);
		jsonw_ki64(w, "rows", tables->t[i].rows);
		jsonw_ktext(w, "sample", tables->t[i].digest);
		jsonw_end(w);
	}
	jsonw_end(w);
}

enum rc backup_manifest_write(const char *folder, const struct backup_info *info,
			      const struct backup_tables *tables, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MANIFEST_MAX);
	char path[FOLDER_PATH_MAX];
	struct jsonw w;

	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_ki64(&w, "format", BACKUP_FORMAT);
	jsonw_ktext(&w, "name", info->name);
	jsonw_ktext(&w, "program", TOTEM_VERSION);
	jsonw_ki64(&w, "schema", info->schema);
	jsonw_ktime(&w, "created_at", info->created_ms);
	jsonw_ki64(&w, "created_ms", info->created_ms);
	jsonw_ki64(&w, "took_ms", info->took_ms);
	jsonw_ki64(&w, "database_bytes", info->database_bytes);
	jsonw_ktext(&w, "database_sha256", info->database_sha256);
	jsonw_ktext(&w, "media_sha256", info->media_sha256);
	jsonw_ki64(&w, "media_files", info->media_files);
	jsonw_ki64(&w, "media_bytes", info->media_bytes);
	if (info->media_bad > 0 || info->media_mended > 0) {
		jsonw_ki64(&w, "media_bad", info->media_bad);
		jsonw_ki64(&w, "media_mended", info->media_mended);
		jsonw_ktext(&w, "media_first", info->media_first);
	}
	jsonw_kbool(&w, "sealed_key", info->sealed_key);
	jsonw_kbool(&w, "sealed_config", info->sealed_config);
	tables_write(&w, tables);
	jsonw_end(&w);
	sbuf_char(&b, '\n');
	ASSERT(sbuf_ok(&b)); /* at most BACKUP_TABLES_MAX short rows */
	TRY(folder_join(folder, MANIFEST, path, e));
	return file_write(path, sbuf_view(&b), 0600, e);
}

static bool tables_parse(const struct json *root, struct backup_tables *ret)
{
	ret->n = 0;
	for (const struct json *t = json_first(json_get(root, "tables")); t != NULL;
	     t = json_next(t)) {
		struct backup_table *to = &ret->t[ret->n];

		if (ret->n == COUNT(ret->t) ||
		    !str_copy(json_get_str(t, "name"), to->name, sizeof(to->name)) ||
		    !str_copy(json_get_str(t, "sample"), to->digest, sizeof(to->digest)) ||
		    !json_get_i64(t, "rows", &to->rows))
			return false;
		ret->n++;
	}
	return ret->n > 0;
}

static bool info_parse(const struct json *root, struct backup_info *ret)
{
	*ret = (struct backup_info){ .sealed_key = json_get_bool(root, "sealed_key", false),
				     .sealed_config = json_get_bool(root, "sealed_config", false),
				     .media_bad = json_get_i64_or(root, "media_bad", 0),
				     .media_mended = json_get_i64_or(root, "media_mended", 0) };
	if (!str_copy(json_get_str(root, "media_first"), ret->media_first,
		      sizeof(ret->media_first)))
		ret->media_first[0] = '\0';
	return json_get_i64_or(root, "format", 0) > 0 &&
	       str_copy(json_get_str(root, "name"), ret->name, sizeof(ret->name)) &&
	       str_copy(json_get_str(root, "program"), ret->program, sizeof(ret->program)) &&
	       str_copy(json_get_str(root, "database_sha256"), ret->database_sha256,
			sizeof(ret->database_sha256)) &&
	       str_copy(json_get_str(root, "media_sha256"), ret->media_sha256,
			sizeof(ret->media_sha256)) &&
	       json_get_i64(root, "schema", &ret->schema) &&
	       json_get_i64(root, "created_ms", &ret->created_ms) &&
	       json_get_i64(root, "took_ms", &ret->took_ms) &&
	       json_get_i64(root, "database_bytes", &ret->database_bytes) &&
	       json_get_i64(root, "media_files", &ret->media_files) &&
	       json_get_i64(root, "media_bytes", &ret->media_bytes);
}

enum rc backup_manifest_read(const char *folder, struct backup_info *ret,
			     struct backup_tables *ret_tables, struct err *e)
{
	AUTO(sbuf_release) struct sbuf b = SBUF(MANIFEST_MAX);
	AUTO(json_freep) struct json *root = NULL;
	struct backup_tables tables;
	struct backup_info info;
	char path[FOLDER_PATH_MAX];

	TRY(folder_join(folder, MANIFEST, path, e));
	TRY(file_read(path, &b, e));
	if (json_parse(sbuf_view(&b), &root, NULL) != RC_OK || !info_parse(root, &info) ||
	    !tables_parse(root, &tables))
		return FAIL(e, RC_INVALID, "%.180s is no manifest of a backup", path);
	if (json_get_i64_or(root, "format", 0) > BACKUP_FORMAT)
		return FAIL(e, RC_REFUSED,
			    "the backup was made by Totem %s; install that version or a newer one",
			    info.program);
	for (size_t i = 0; i < tables.n; i++)
		info.rows += tables.t[i].rows;
	*ret = info;
	if (ret_tables != NULL)
		*ret_tables = tables;
	return RC_OK;
}

/* ---- tables ---- */

static enum rc take_table(void *arg, const struct db_table *t, struct err *e)
{
	struct backup_tables *ret = arg;
	struct backup_table *to = &ret->t[ret->n];

	if (ret->n == COUNT(ret->t) || !str_copy(str_of(t->name), to->name, sizeof(to->name)))
		return FAIL(e, RC_LIMIT, "the database has more tables than a manifest holds");
	to->rows = t->rows;
	memcpy(to->digest, t->digest, sizeof(to->digest));
	ret->n++;
	return RC_OK;
}

enum rc backup_tables_read(struct db *db, struct tempo *pace, struct backup_tables *ret,
			   struct err *e)
{
	ret->n = 0;
	return db_each_table(db, BACKUP_SAMPLES, pace, take_table, ret, e);
}

enum rc backup_tables_compare(const struct backup_tables *is, const struct backup_tables *wanted,
			      struct err *e)
{
	if (is->n != wanted->n)
		return FAIL(e, RC_INVALID, "the copy has %zu tables, the manifest %zu", is->n,
			    wanted->n);
	for (size_t i = 0; i < is->n; i++) {
		const struct backup_table *a = &is->t[i], *b = &wanted->t[i];

		if (strcmp(a->name, b->name) != 0 || a->rows != b->rows)
			return FAIL(e, RC_INVALID,
				    "table %s has %lld rows, the manifest says %lld of %s", a->name,
				    (long long)a->rows, (long long)b->rows, b->name);
		if (strcmp(a->digest, b->digest) != 0)
			return FAIL(e, RC_INVALID, "rows of table %s differ from the manifest",
				    a->name);
	}
	return RC_OK;
}
