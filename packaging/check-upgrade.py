#!/usr/bin/env python3
"""A box with a life in it, upgraded: everything is there afterwards, and what waited is sent once.

    check-upgrade.py BINARY DATA UPGRADE...

BINARY is the old program (or a script that runs it) until the command UPGRADE has run beside the running server, and the
new one afterwards; DATA its data folder. Called by check-install.sh with the packages in a clean root; the peers are the
doubles of tests/peers, on loopback. DIRECT names the data folder as this process sees it, where that differs.
"""
import hashlib, os, sqlite3, subprocess, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "integration"))
sys.dont_write_bytecode = True
from lib import *  # noqa: E402

BINARY, DATA, UPGRADE = sys.argv[1], sys.argv[2], sys.argv[3:]
DIRECT = os.environ.get("DIRECT", DATA)
PEOPLE = [f"34600{n:06d}" for n in range(40)]
# What a start and the time change by themselves; and search_*, which are made from the others (the search is asked instead).
LIVE = {"boots", "queue_minutes", "schema_migrations", "clock_known", "media_totals", "upkeeps", "targets", "incidents", "receipts",
        "receipt_jobs", "retention_days", "topic_events", "channel_hours", "channel_facts", "channel_usual", "row_floors", "audit_log",
        "queues", "template_lists", "sqlite_sequence"}
# The same for columns: when a token was used, what Chatwoot was told last; `leaves` is told anew by migration 0023.
LIVE_COLUMNS = {"api_tokens": {"last_used_ms"}, "chatwoot_threads": {"state_ms"}, "whatsapp_messages": {"leaves"}}
MUST_HAVE = ("contacts", "contact_aliases", "whatsapp_conversations", "whatsapp_messages", "message_statuses", "webhook_deliveries",
             "dead_letters", "media", "users", "settings", "api_tokens", "quick_answers", "conversation_labels",
             "conversation_attributes", "jobs", "message_attempts", "idempotency", "chatwoot_messages")


class Installed(Box):
    def __init__(self):
        super().__init__(start=False, binary=BINARY, doubles=False)
        self.data = DATA
        self.token = self.new_token("upgrade", SCOPES)
        self.peers = Peers(self.hooks, self.token)
        self.settings = self._settings("/webhook/echo")
        self.settings["queue.messages.attempts"] = "1"
        self.settings["sandbox"] = "false"  # the root of check-install.sh has no /sys

    def new_token(self, name, scopes):
        return super().new_token(name, scopes) if self.data == DATA else ""


def rows_of(table, db):
    columns = [c[1] for c in db.execute(f"PRAGMA table_info('{table}')")]
    # Jobs without an order are upkeep, which a start plans anew; the token of the commands is another after each start.
    only = {"jobs": " WHERE okey <> 0", "api_tokens": " WHERE name <> 'cli'"}.get(table, "")
    return columns, db.execute(f"SELECT * FROM \"{table}\"{only}").fetchall()


def snapshot():
    db = sqlite3.connect(f"file:{DIRECT}/totem.db?mode=ro", uri=True)
    try:
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {t: rows_of(t, db) for t in tables if t not in LIVE and "search" not in t and not t.startswith("sqlite")}
    finally:
        db.close()


def files():
    return {str(p.relative_to(DIRECT)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in Path(DIRECT, "media").rglob("*") if p.is_file()}


def backups():
    return {p.name for p in Path(DIRECT, "backups").glob("totem-*")}


def fill(b):
    """Returns the message that waits."""
    for i, who in enumerate(PEOPLE):
        b.hook(meta_body([meta_value([meta_text(who, f"question {n} of {i}")]) for n in range(5)]))
    f = http_call(b.peers.port["meta"], "POST", "/_double/file?mime=application/pdf", b"%PDF-1.4\n" + b"x" * 50000).json
    b.peers.say("meta", **{"from": PEOPLE[0], "message": {"type": "document", "document": {
        "id": f["id"], "mime_type": "application/pdf", "sha256": f["sha256"], "filename": "contract.pdf", "caption": "signed"}}})
    wait_until(lambda: [m for m in b.messages() if (m.get("media") or {}).get("state") == "stored"], what="the file is kept")
    for i, who in enumerate(PEOPLE):
        b.send(who, f"answer to {i}", headers={"Idempotency-Key": f"once-{i}"})
    b.wait_idle(60)
    b.peers.behave("meta", "400", times=2)
    for who in PEOPLE[:2]:
        b.send(who, "refused")
    b.wait_idle(60)
    talk = b.get("/api/v1/conversations?limit=1")["data"][0]["id"]
    b.post(f"/api/v1/conversations/{talk}/labels", {"labels": ["moroso"]})
    b.api("PATCH", f"/api/v1/conversations/{talk}/attributes", {"order": "77"})
    equal(b.api("POST", "/api/v1/quick-answers", {"shortcut": "hola", "title": "Hola", "text": "Buenos días"}).status // 100, 2)
    b.cli("user", "add", "ana", "--role", "owner", "--name", "Ana Díaz")
    b.cli("user", "add", "luis", "--role", "agent")
    b.cli("config", "set", "takeover_minutes", "77")
    b.cli("config", "set", "backup_passphrase", "correcto caballo")  # sealed in the database
    b.wait_idle(60)
    b.cli("backup")
    b.cli("queue", "pause", "messages")
    return b.send(PEOPLE[3], "waits over the upgrade")["id"]


def compare(before, after):
    for t, (columns, rows) in before.items():
        if not rows:
            continue
        if t not in after:
            print(f"table {t} is gone")
            yield t
            continue
        now, have = after[t]
        common = [c for c in columns if c in now and c not in LIVE_COLUMNS.get(t, ())]
        pick = lambda names, row: tuple(row[names.index(c)] for c in common)  # noqa: E731
        left = {pick(now, r) for r in have}
        lost = [r for r in (pick(columns, r) for r in rows) if r not in left]
        if lost:
            print(f"{t}: {len(lost)} of {len(rows)} rows are not what they were, first: {lost[0]!r}"[:600])
            yield t


def main():
    with Installed() as b:
        b.start()
        waiting = fill(b)
        before, media, kept = snapshot(), files(), backups()
        empty = [t for t in MUST_HAVE if not before.get(t, ((), ()))[1]]
        equal(empty, [], "tables that should be filled")
        assert len(media) == 1 and len(kept) == 1, (media, kept)
        old = b.get("/api/v1/status")["version"]
        print(f"{sum(len(r) for _, r in before.values())} rows in {sum(1 for _, r in before.values() if r)} tables, version {old}")
        subprocess.run(UPGRADE, check=True, stdin=subprocess.DEVNULL)
        assert backups() > kept, "no copy was taken before the upgrade"
        b.stop()
        b.start()
        equal(list(compare(before, snapshot())), [], "tables that lost or changed rows")
        equal(files(), media, "files")
        equal(b.cli("config", "get", "takeover_minutes").strip(), "77")
        assert b.get("/api/v1/messages/search?q=question")["data"], "the search finds nothing"
        equal(b.queues()["messages"]["waiting"], 1, "what waited waits")
        equal(len([d for d in b.get("/api/v1/dead-letters")["data"] if d["queue"] == "messages"]), 2, "dead letters")
        b.cli("verify", "--all")  # also the one of before
        b.cli("queue", "resume", "messages")
        b.wait_idle(60)
        equal([m["status"] in ("sent", "delivered", "read") for m in b.messages() if m["id"] == waiting], [True], "what waited went")
        sent = [m for m in b.peers.messages("meta") if "waits over the upgrade" in json.dumps(m)]
        equal((len(sent), b.peers.state("meta")["doubled"]), (1, 0), "once")
        equal(b.send(PEOPLE[5], "answer to 5", headers={"Idempotency-Key": "once-5"}, status=202)["status"] != "", True)
        b.wait_idle(60)
        equal(len([m for m in b.peers.messages("meta") if "answer to 5" in json.dumps(m)]), 1, "an answer of before is not sent again")
        b.cli("prove")
        print("upgraded:", old, "->", b.get("/api/v1/status")["version"])


main()
