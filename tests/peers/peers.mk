# peers.mk - included by the main Makefile. Needs B (build folder), CC, CFLAGS_COMMON and
# VENDOR (prefix with include/ and lib/*.a). Makes $(B)/peers and $(B)/load.

PEERS_SRC := $(addprefix tests/peers/,main.c double.c util.c mini.c mini_parse.c mini_client.c \
	meta.c meta_hook.c customers.c chatwoot.c chatwoot_contacts.c chatwoot_data.c n8n.c)
PEERS_OBJ := $(PEERS_SRC:tests/peers/%.c=$(B)/peers.o/%.o)
LOAD_OBJ := $(addprefix $(B)/peers.o/,load.o load_body.o load_tls.o util.o)
PEERS_FLAGS := -std=gnu17 -D_GNU_SOURCE -Itests/peers -I$(VENDOR)/include \
	-Wall -Wextra -Wshadow -Wconversion

$(B)/peers.o:
	@mkdir -p $@

$(B)/peers.o/%.o: tests/peers/%.c | $(B)/peers.o
	$(CC) $(CFLAGS_COMMON) $(PEERS_FLAGS) -MMD -c $< -o $@

$(B)/peers.o/%.o: tests/bench/%.c | $(B)/peers.o
	$(CC) $(CFLAGS_COMMON) $(PEERS_FLAGS) -MMD -c $< -o $@

$(B)/peers: $(PEERS_OBJ)
	$(CC) $(CFLAGS_COMMON) $^ $(VENDOR)/lib/libcjson.a $(VENDOR)/lib/libmbedcrypto.a -pthread -lm -o $@

$(B)/load: $(LOAD_OBJ)
	$(CC) $(CFLAGS_COMMON) $^ $(addprefix $(VENDOR)/lib/,libmbedtls.a libmbedx509.a libmbedcrypto.a) \
		-pthread -lm -o $@

.PHONY: peers check-peers
peers: $(B)/peers $(B)/load

check-peers: peers
	python3 tests/peers/test_peers.py $(B)

-include $(wildcard $(B)/peers.o/*.d)
