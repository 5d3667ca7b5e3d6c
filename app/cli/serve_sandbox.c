/* serve_sandbox.c - see serve_sandbox.h. */
#include "cli/serve_sandbox.h"

#include "base/log.h"
#include "io/file.h"
#include "io/folder.h"
#include "io/sandbox.h"
#include "store/setting/setting.h"

#define READ_MAX 24

/* Resolver, certificates, time zones, the loader's libraries (name services), what /metrics and totem doctor read. */
static const char *const SYSTEM[] = { "/etc", "/usr", "/lib",         "/lib64",   "/proc",
				      "/sys", "/run", "/dev/urandom", "/dev/null" };

struct paths {
	const char *write[3];
	size_t write_count;
	const char *read[READ_MAX];
	size_t read_count;
	char room[READ_MAX][FOLDER_PATH_MAX];
	size_t room_count;
};

static char *room_for(struct paths *p)
{
	return p->room_count == READ_MAX || p->read_count == READ_MAX ? NULL
								      : p->room[p->room_count];
}

static void add_room(struct paths *p)
{
	p->read[p->read_count++] = p->room[p->room_count++];
}

/* The folder of a file that may be replaced while we run (certificates, totem.conf), and the one in which it really lies:
 * certbot's are links into another folder. */
static void add_folder_of(struct paths *p, const char *file)
{
	const char *slash;
	char *to = room_for(p);

	if (file == NULL || file[0] == '\0' || to == NULL)
		return;
	slash = strrchr(file, '/');
	if (!str_copy(slash == NULL ? STR(".") : str_n(file, (size_t)(slash - file) + 1), to,
		      FOLDER_PATH_MAX))
		return; /* such a path cannot be opened either */
	add_room(p);
	to = room_for(p);
	if (to != NULL && folder_of_real(file, to))
		add_room(p);
}

static enum rc enter(struct paths *p, const struct supervise_options *o, const struct settings *s,
		     const char *folder, struct err *e)
{
	struct str backups = setting_str(s, "backup_dir");
	struct sandbox_report r;

	TRY(file_mkdir(folder, 0700, e));
	p->write[p->write_count++] = folder;
	if (backups.n > 0)
		p->write[p->write_count++] = backups.p;
	for (size_t i = 0; i < COUNT(SYSTEM); i++)
		p->read[p->read_count++] = SYSTEM[i];
	add_folder_of(p, o->config_file);
	add_folder_of(p, setting_str(s, "tls_cert").p);
	add_folder_of(p, setting_str(s, "tls_client_ca").p);
	add_folder_of(p, setting_str(s, "ca_file").p);
	TRY(sandbox_enter(&(struct sandbox){ .write = p->write,
					     .write_count = p->write_count,
					     .read = p->read,
					     .read_count = p->read_count },
			  &r, e));
	log_event(LOG_INFO, "sandbox.entered", "landlock", r.landlock ? "on" : "not here",
		  "seccomp", r.seccomp ? "on" : "not here", NULL);
	return RC_OK;
}

static bool is_on(struct str value)
{
	return str_eqc(value, "true") || str_eqc(value, "yes") || str_eqc(value, "on") ||
	       str_eqc(value, "1");
}

enum rc serve_sandbox(const struct supervise_options *o, struct err *e)
{
	struct paths *p = mem_new(1, sizeof(*p));
	char folder[SUPERVISE_PATH_MAX];
	struct settings *s = NULL;
	enum rc rc = supervise_folder(o, folder, e);

	if (rc == RC_OK)
		rc = supervise_settings(o, folder, &s, e);
	if (rc == RC_OK && is_on(setting_str(s, "sandbox")))
		rc = enter(p, o, s, folder, e);
	if (s != NULL)
		settings_free(s);
	mem_free(p);
	return rc;
}
