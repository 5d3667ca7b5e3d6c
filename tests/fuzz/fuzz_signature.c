/* fuzz_signature.c - header, timestamp and body, split at line ends: only our own signature may
 * pass. */
#include "io/crypto.h"
#include "peer/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	struct str rest = { (const char *)data, size };
	struct str header = STR_NONE;
	struct str timestamp = STR_NONE;
	char own[SIGN_TEXT_MAX];
	const struct str secrets[] = { STR("first"), STR("second") };
	if (!started)
		ASSERT(crypto_start(NULL) == RC_OK);
	started = true;
	(void)str_cut(&rest, '\n', &header); /* what is missing stays none */
	(void)str_cut(&rest, '\n', &timestamp);
	bool meta = sign_meta_check(header, rest, secrets, 2, NULL) == RC_OK;
	bool same = false;
	for (size_t i = 0; i < COUNT(secrets); i++) {
		sign_meta_make(secrets[i], rest, own);
		same |= str_eqc(header, own);
		ASSERT(sign_meta_check(str_of(own), rest, secrets, 2, NULL) == RC_OK);
	}
	ASSERT(meta == same);
	const struct sign_chatwoot c = { header, timestamp, rest, 1790000000 * SECOND_MS };
	sign_chatwoot_make(secrets[1], timestamp, rest, own);
	if (sign_chatwoot_check(&c, secrets + 1, 1, NULL, NULL) == RC_OK)
		ASSERT(str_eqc(header, own));
	ASSERT(sign_token_equal(header, timestamp) == (header.n > 0 && str_eq(header, timestamp)));
	return 0;
}
