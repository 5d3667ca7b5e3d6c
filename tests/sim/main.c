/* main.c - sim [-v] FILE.scn...: each scenario in a process of its own, two at once; last line: N passed, N failed. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow/supervise.h"
#include "sim/sim.h"

#define AT_ONCE 2
#define FILES   "tests/scenario"
#define START   INT64_C(1767607200000) /* 2026-01-05T10:00:00Z, when a scenario names none */

struct sim sim;

static bool verbose;

struct child {
	pid_t pid;
	const char *file;
	char root[SIM_PATH_MAX];
	int64_t began_us;
};

/* On a file system in memory where there is one: a commit waits for the disk. */
static void make_root(char root[SIM_PATH_MAX])
{
	const char *temp = getenv("TMPDIR");

	if (temp == NULL)
		temp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	(void)snprintf(root, SIM_PATH_MAX, "%.300s/totem-sim-XXXXXX", temp);
	ASSERT(mkdtemp(root) != NULL);
}

static void remove_root(const char *root, bool show)
{
	char path[SIM_PATH_MAX + 300];
	char line[2000];
	FILE *f;
	DIR *d;
	struct dirent *entry;

	(void)snprintf(path, sizeof(path), "%s/log", root);
	f = show ? fopen(path, "rbe") : NULL;
	if (f != NULL && fseek(f, -4000, SEEK_END) != 0)
		rewind(f);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		printf("    | %s", line);
	if (f != NULL)
		(void)fclose(f);
	(void)unlink(path);
	for (int i = 1; i < 4000; i++) { /* what a failure left */
		(void)snprintf(path, sizeof(path), "%s/%d", root, i);
		d = opendir(path);
		while (d != NULL && (entry = readdir(d)) != NULL) {
			(void)snprintf(path, sizeof(path), "%s/%d/%s", root, i, entry->d_name);
			(void)unlink(path);
		}
		if (d != NULL)
			(void)closedir(d);
		(void)snprintf(path, sizeof(path), "%s/%d", root, i);
		if (rmdir(path) != 0 && rmdir(root) == 0)
			break;
	}
	(void)rmdir(root);
}

static int scenario(const char *file, const char *root)
{
	char log[SIM_PATH_MAX + 8];
	struct err e = { 0 };
	int fd;

	sim.file = file;
	sim.arena = (struct arena)ARENA(1024 * MIB);
	sim.start_ms = START;
	(void)snprintf(sim.root, sizeof(sim.root), "%s", root);
	(void)snprintf(log, sizeof(log), "%s/log", root);
	fd = open(log, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ASSERT(fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	(void)close(fd);
	script_read(file);
	sim.now_ms = sim.last_step_ms = sim.start_ms;
	if (supervise_libraries(&e) != RC_OK)
		fail("%s", e.text);
	box_open();
	run_all();
	box_close();
	arena_release(&sim.arena);
	return 0;
}

static void start(struct child *c, const char *file)
{
	c->file = file;
	c->began_us = machine_mono_us();
	make_root(c->root);
	(void)fflush(stdout);
	c->pid = fork();
	ASSERT(c->pid >= 0);
	if (c->pid == 0)
		exit(scenario(file, c->root));
}

/* Waits for one of them. True: it passed. */
static bool finish(struct child *children, int *running)
{
	int status;
	pid_t pid = wait(&status);
	struct child *c = children;
	bool ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	while (c->pid != pid)
		c++;
	if (!ok)
		printf("FAILED %s%s\n", c->file, WIFSIGNALED(status) ? " (died)" : "");
	else if (verbose)
		printf("%6lld ms  %s\n", (long long)((machine_mono_us() - c->began_us) / 1000),
		       c->file);
	remove_root(c->root, !ok);
	*c = children[--*running];
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Every scenario of the folder. */
static size_t all_files(char **ret, size_t max)
{
	DIR *d = opendir(FILES);
	struct dirent *entry;
	size_t n = 0;

	while (d != NULL && (entry = readdir(d)) != NULL && n < max) {
		char path[SIM_PATH_MAX];

		if (!str_ends(str_of(entry->d_name), STR(".scn")))
			continue;
		(void)snprintf(path, sizeof(path), FILES "/%.300s", entry->d_name);
		ret[n++] = mem_dup(path, strlen(path));
	}
	if (d != NULL)
		(void)closedir(d);
	qsort(ret, n, sizeof(*ret), by_name);
	return n;
}

int main(int argc, char **argv)
{
	struct child children[AT_ONCE];
	char *found[512];
	char **files = argv + 1;
	int running = 0, passed = 0, failed = 0;
	size_t n = (size_t)(argc - 1);

	if (n > 0 && strcmp(files[0], "-v") == 0) {
		verbose = true;
		files++;
		n--;
	}
	if (n == 0) {
		n = all_files(found, COUNT(found));
		files = found;
	}
	for (size_t i = 0; i < n || running > 0;) {
		if (i < n && running < AT_ONCE) {
			start(&children[running++], files[i++]);
			continue;
		}
		if (finish(children, &running))
			passed++;
		else
			failed++;
	}
	for (size_t i = 0; files == found && i < n; i++)
		mem_free(found[i]);
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0 || passed == 0;
}
