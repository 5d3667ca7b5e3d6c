/* cmd.h - the subcommands; the table is in main.c. Each prints its answer and returns the exit code. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/cli.h"

cli_fn cmd_serve;    /* the box */
cli_fn cmd_init;     /* totem.conf, data folder, first token */
cli_fn cmd_check;    /* configuration and environment, each finding with its cure */
cli_fn cmd_doctor;   /* the living box */
cli_fn cmd_bundle;   /* one file for whoever helps */
cli_fn cmd_migrate;  /* brings the database to this program's schema, with a copy */
cli_fn cmd_token;    /* create, list, revoke */
cli_fn cmd_user;     /* accounts: list, add, reset-password, role, disable, enable, reset-totp */
cli_fn cmd_config;   /* list, get, set, unset */
cli_fn cmd_queue;    /* list, show, pause, resume, drain, clear */
cli_fn cmd_send;     /* one text message */
cli_fn cmd_chatwoot; /* sets a Chatwoot up, shows it */
cli_fn cmd_lookup;   /* one question to a lookup connector */
cli_fn cmd_tail;     /* follows the event stream */
cli_fn cmd_replay;   /* processes stored webhook requests again */
cli_fn cmd_prove;    /* accepted = done + discarded + dead + waiting + running */
cli_fn cmd_backup;   /* make, list, copy */
cli_fn cmd_export;   /* one person's data, or a list */
cli_fn cmd_verify;   /* a backup, by restoring it to a scratch file */
cli_fn cmd_restore;  /* a backup takes the place of the data folder */
cli_fn cmd_bench;    /* how fast this machine is */
cli_fn cmd_debug;    /* one message, request, job or dead letter, for whoever helps */
cli_fn cmd_version;  /* of every part */

#endif
