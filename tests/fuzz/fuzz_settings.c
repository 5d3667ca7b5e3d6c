/* fuzz_settings.c - totem.conf with any bytes: read or refused with a sentence, never believed in part. */
#include <unistd.h>

#include "io/file.h"
#include "store/setting/setting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[64];
	struct str text = { (const char *)data, size };
	struct settings *s = NULL;
	struct err e = { 0 };
	struct str key = STR_NONE;

	if (path[0] == '\0')
		(void)snprintf(path, sizeof(path), "/dev/shm/totem-fuzz-%d.conf", (int)getpid());
	ASSERT(file_write(path, text, 0600, &e) == RC_OK);
	const struct setting_sources src = { .file = path };
	enum rc rc = settings_load(&src, NULL, &s, &e);
	if (rc == RC_OK) {
		ASSERT(s != NULL);
		for (size_t i = 0; i < setting_count(); i++) {
			if (strchr(setting_at(i)->key, '*') == NULL)
				(void)setting_str(s, setting_at(i)->key);
		}
		settings_free(s);
	} else {
		ASSERT(e.text[0] != '\0');
	}
	(void)str_cut(&text, '=', &key);
	err_clear(&e);
	if (setting_check(key, text, &e) != RC_OK)
		ASSERT(e.text[0] != '\0');
	return 0;
}
