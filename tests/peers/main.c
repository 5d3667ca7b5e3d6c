/* main.c - the peers of a Totem in one process: one thread per double, loopback only.
 * Prints one line `meta=PORT chatwoot=PORT n8n=PORT` (only those asked for; these three when none
 * was) when every port answers. SIGTERM and SIGINT end it with 0. */
#include "double.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	O_META = 256,
	O_CHATWOOT,
	O_N8N,
	O_CALIDDA,
	O_EVOLUTION,
	O_TOTEM,
	O_SECRET,
	O_WABA,
	O_PHONE,
	O_DISPLAY,
	O_TOKEN,
	O_VERIFY,
	O_META_HOOK,
	O_CW_TOKEN,
	O_CW_SECRET,
	O_CW_HOOK,
	O_API_TOKEN,
	O_N8N_MODE,
	O_EVO_KEY,
	O_EVO_INSTANCE,
	O_EVO_HOOK,
	O_EVO_BADGE,
	O_CUSTOMERS,
	O_EVERY,
	O_AGENT,
	O_NO_STATUSES,
	O_PARENT,
	O_HELP
};

static const struct option options[] = {
	{ "meta", 1, NULL, O_META },
	{ "chatwoot", 1, NULL, O_CHATWOOT },
	{ "n8n", 1, NULL, O_N8N },
	{ "calidda", 1, NULL, O_CALIDDA },
	{ "evolution", 1, NULL, O_EVOLUTION },
	{ "totem", 1, NULL, O_TOTEM },
	{ "app-secret", 1, NULL, O_SECRET },
	{ "waba", 1, NULL, O_WABA },
	{ "phone-id", 1, NULL, O_PHONE },
	{ "display-phone", 1, NULL, O_DISPLAY },
	{ "token", 1, NULL, O_TOKEN },
	{ "verify-token", 1, NULL, O_VERIFY },
	{ "meta-hook", 1, NULL, O_META_HOOK },
	{ "chatwoot-token", 1, NULL, O_CW_TOKEN },
	{ "chatwoot-secret", 1, NULL, O_CW_SECRET },
	{ "chatwoot-hook", 1, NULL, O_CW_HOOK },
	{ "api-token", 1, NULL, O_API_TOKEN },
	{ "n8n-mode", 1, NULL, O_N8N_MODE },
	{ "evolution-key", 1, NULL, O_EVO_KEY },
	{ "evolution-instance", 1, NULL, O_EVO_INSTANCE },
	{ "evolution-hook", 1, NULL, O_EVO_HOOK },
	{ "evolution-badge", 1, NULL, O_EVO_BADGE },
	{ "customers", 1, NULL, O_CUSTOMERS },
	{ "every-ms", 1, NULL, O_EVERY },
	{ "agent-percent", 1, NULL, O_AGENT },
	{ "no-statuses", 0, NULL, O_NO_STATUSES },
	{ "with-parent", 0, NULL, O_PARENT },
	{ "help", 0, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

typedef struct mini *starter(const struct peers_config *cfg, int port, int *ret_port);

static struct peer {
	const char *name;
	starter *start;
	int port; /* -1 = not asked for */
	struct mini *m;
	pthread_t thread;
} peers[] = { { "meta", meta_start, -1, NULL, 0 },
	      { "chatwoot", chatwoot_start, -1, NULL, 0 },
	      { "n8n", n8n_start, -1, NULL, 0 },
	      { "calidda", calidda_start, -1, NULL, 0 },
	      { "evolution", evolution_start, -1, NULL, 0 } };

#define PEERS (sizeof peers / sizeof peers[0])
#define USUAL 3 /* start when none is asked for */

static void *run(void *arg)
{
	mini_run(((struct peer *)arg)->m);
	return NULL;
}

static int number(const char *s, int max)
{
	char *end;
	long v = strtol(s, &end, 10);

	if (end == s || *end || v < 0 || v > max)
		die("%s: expected a number from 0 to %d", s, max);
	return (int)v;
}

static void with_parent(void)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent)
		die("the parent has gone");
}

static void usage(void)
{
	puts("usage: peers [--meta PORT] [--chatwoot PORT] [--n8n PORT] [--calidda PORT]\n"
	     "  [--evolution PORT]   (0 = any free port)\n"
	     "  [--totem http://127.0.0.1:PORT] [--app-secret S] [--waba ID] [--phone-id ID]\n"
	     "  [--display-phone DIGITS] [--token T] [--verify-token T] [--meta-hook PATH]\n"
	     "  [--chatwoot-token T] [--chatwoot-secret S] [--chatwoot-hook PATH]\n"
	     "  [--api-token T] [--n8n-mode MODE] [--no-statuses]\n"
	     "  [--evolution-key K] [--evolution-instance NAME] [--evolution-hook PATH]\n"
	     "  [--evolution-badge VALUE]\n"
	     "  [--customers N --every-ms M] [--agent-percent P] [--with-parent]");
}

/* long: one line per flag */
static void read_flags(int argc, char **argv, struct peers_config *cfg)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case O_META:
		case O_CHATWOOT:
		case O_N8N:
		case O_CALIDDA:
		case O_EVOLUTION:
			peers[c - O_META].port = number(optarg, 65535);
			break;
		case O_TOTEM:
			cfg->totem = optarg;
			break;
		case O_SECRET:
			cfg->app_secret = optarg;
			break;
		case O_WABA:
			cfg->waba = optarg;
			break;
		case O_PHONE:
			cfg->phone_id = optarg;
			break;
		case O_DISPLAY:
			cfg->display_phone = optarg;
			break;
		case O_TOKEN:
			cfg->token = optarg;
			break;
		case O_VERIFY:
			cfg->verify_token = optarg;
			break;
		case O_META_HOOK:
			cfg->meta_hook = optarg;
			break;
		case O_CW_TOKEN:
			cfg->chatwoot_token = optarg;
			break;
		case O_CW_SECRET:
			cfg->chatwoot_secret = optarg;
			break;
		case O_CW_HOOK:
			cfg->chatwoot_hook = optarg;
			break;
		case O_API_TOKEN:
			cfg->api_token = optarg;
			break;
		case O_N8N_MODE:
			cfg->n8n_mode = optarg;
			break;
		case O_EVO_KEY:
			cfg->evolution_key = optarg;
			break;
		case O_EVO_INSTANCE:
			cfg->evolution_instance = optarg;
			break;
		case O_EVO_HOOK:
			cfg->evolution_hook = optarg;
			break;
		case O_EVO_BADGE:
			cfg->evolution_badge = optarg;
			break;
		case O_CUSTOMERS:
			cfg->customers = number(optarg, 1000000);
			break;
		case O_EVERY:
			cfg->every_ms = number(optarg, 3600000);
			break;
		case O_AGENT:
			cfg->agent_percent = number(optarg, 100);
			break;
		case O_NO_STATUSES:
			cfg->statuses = false;
			break;
		case O_PARENT:
			with_parent();
			break;
		case O_HELP:
			usage();
			exit(0);
		default:
			usage();
			exit(2);
		}
	}
	if (optind < argc) {
		usage();
		exit(2);
	}
}

int main(int argc, char **argv)
{
	static struct peers_config cfg = {
		.app_secret = "test_app_secret",
		.waba = "102290129340398",
		.phone_id = "106540352242922",
		.display_phone = "5511400000000",
		.token = "double-token",
		.verify_token = "double-verify",
		.meta_hook = "/webhooks/whatsapp",
		.chatwoot_hook = "/webhooks/chatwoot/chatwoot",
		.chatwoot_token = "double-chatwoot-token",
		.chatwoot_secret = "double-chatwoot-secret",
		.api_token = "double-api-token",
		.n8n_mode = "echo",
		.evolution_key = "double-evolution-key",
		.evolution_instance = "loja",
		.evolution_hook = "/webhooks/evolution/evo",
		.evolution_badge = "double-evolution-badge",
		.agent_percent = -1,
		.statuses = true,
		.every_ms = 0,
	};
	sigset_t signals;
	int got, any = 0;
	bool first = true;

	read_flags(argc, argv, &cfg);
	if (cfg.agent_percent < 0) /* agents speak up only where customers do */
		cfg.agent_percent = cfg.customers > 0 ? 30 : 0;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < PEERS; i++)
		any += peers[i].port >= 0;
	for (size_t i = 0; i < PEERS; i++) {
		struct peer *p = &peers[i];
		if (p->port < 0 && (any || i >= USUAL))
			continue;
		p->m = p->start(&cfg, p->port < 0 ? 0 : p->port, &p->port);
		printf("%s%s=%d", first ? "" : " ", p->name, p->port);
		first = false;
		if (pthread_create(&p->thread, NULL, run, p))
			die("no thread for %s", p->name);
	}
	putchar('\n');
	fflush(stdout);
	sigwait(&signals, &got);
	for (size_t i = 0; i < PEERS; i++) {
		if (peers[i].m) {
			mini_stop(peers[i].m);
			pthread_join(peers[i].thread, NULL);
		}
	}
	return 0;
}
