#!/usr/bin/env python3
"""kill -9 under load, again and again over one growing database.

    run.py BINARY [FOLDER OF peers AND load] [KILLS=100] [--rate 300] [--sends] [--keep]

Signed webhooks (load --out: every acknowledged id), API sends with an Idempotency-Key that are repeated until they are
answered, and agents who answer in Chatwoot. The box is killed 5 to 400 ms after each start. At the end every promise is
counted: acknowledged = stored once = in Chatwoot once; accepted = sent once or listed as unknown; nothing twice at a
peer; the database whole; `totem prove` content. Closing line: `N passed, N failed`.

With --sends the load is sends only, from four programs at once, and Meta misbehaves all the time: 429, 130429, 131056,
500, 503, no answer, the line cut after the request, a status before the answer, statuses without our tag, an error for
an answer though the message went."""
import argparse, json, os, random, sqlite3, subprocess, sys, threading, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
import lib

passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok   " if ok else "FAIL ") + what + ("" if ok else f"  {detail}"), flush=True)


class Sender(threading.Thread):
    """API sends. A key whose answer did not come is sent again with the same body; the answers have to agree."""

    def __init__(self, box, name="crash", recipients=50, pause=0.01):
        super().__init__(daemon=True)
        self.box, self.stop, self.answers, self.refused, self.disagree = box, threading.Event(), {}, [], []
        self.name, self.recipients, self.pause = name, recipients, pause

    def one(self, i):
        body = {"to": f"34600{i % self.recipients:06}", "type": "text", "text": {"body": f"{self.name} {i}"}}
        seen = set()
        repeat = 1 + (i % 3 == 0)  # every third is asked for twice though it was answered
        while repeat > 0:
            try:
                a = self.box.api("POST", "/api/v1/messages", body, headers={"Idempotency-Key": f"{self.name}-{i}"}, timeout=3)
            except (OSError, lib.http.client.HTTPException):
                if self.stop.is_set() and not seen:
                    return
                time.sleep(0.01)
                continue
            if a.status == 202:
                seen.add(a.json["id"])
                repeat -= 1
            elif a.status == 503:
                time.sleep(0.01)
            else:
                self.refused.append((i, a))
                return
        if len(seen) != 1:
            self.disagree.append((i, seen))
        self.answers[f"{self.name}-{i}"] = seen.pop()

    def run(self):
        i = 0
        while not self.stop.is_set():
            self.one(i)
            i += 1
            time.sleep(self.pause)


def kills(box, n):
    """The box dies n times. Returns the times from start to the ready line."""
    starts = []
    for i in range(n):
        time.sleep(random.uniform(0.005, 0.4))
        box.kill()
        begin = time.monotonic()
        box.start()
        starts.append((time.monotonic() - begin) * 1000)
        if (i + 1) % 100 == 0:
            print(f"     {i + 1} kills, {os.path.getsize(box.data + '/totem.db') >> 20} MB", flush=True)
    return sorted(starts)


def drain(box):
    """Until nothing is open; gives up when a minute brings nothing."""
    began = told = moved = time.monotonic()
    before = None
    while True:
        queues = {n: q for n, q in box.queues().items() if n != "upkeep"}  # its next run always waits
        open_jobs = sum(q["waiting"] + q["active"] + q["delayed"] for q in queues.values())
        done = sum(q["completed"] for q in queues.values())
        now = time.monotonic()
        if open_jobs == 0:
            break
        if done != before:
            before, moved = done, now
        assert now - moved < 60, f"nothing moves: {box.busy()}"
        if now - told > 10:
            told = now
            print(f"     {now - began:.0f} s of draining: {done} done, open {box.busy()}", flush=True)
        time.sleep(0.1)
    box.wait_idle(60)


def rows(box, sql):
    db = sqlite3.connect(f"file:{box.data}/totem.db", uri=True)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def judge(box, sender, acked, meta, chatwoot):
    stored = {}
    for wamid, inside in rows(box, "SELECT meta_message_id, chatwoot_message_id FROM whatsapp_messages WHERE direction = 'inbound'"):
        stored.setdefault(wamid, []).append(inside)
    lost = [w for w in acked if w not in stored]
    check(f"{len(acked)} acknowledged webhooks are stored messages", acked and not lost, f"{len(lost)} lost: {lost[:3]}")
    check("each of them once", all(len(v) == 1 for v in stored.values()))
    check("each is in Chatwoot", all(v[0] for v in stored.values()), [w for w, v in stored.items() if not v[0]][:3])
    made = rows(box, "SELECT count(*) FROM chatwoot_messages WHERE origin = 'totem'")[0][0]
    check(f"no message is twice in Chatwoot ({chatwoot['distinct']})", chatwoot["doubled"] == 0, chatwoot["doubled_keys"][:5])
    check("Chatwoot has exactly what we know of", chatwoot["distinct"] == made, (chatwoot["distinct"], made))

    out = rows(box, "SELECT sending, status, meta_message_id, source FROM whatsapp_messages WHERE direction = 'outbound'")
    count = lambda word: sum(1 for r in out if r[0] == word)
    done, unknown = count("done"), count("unknown")
    check(f"no message was sent twice ({meta['distinct']} sends)", meta["doubled"] == 0 and meta["unkeyed"] == 0,
          meta["doubled_keys"][:5])
    check(f"{len(out)} outbound messages: {done} sent, {unknown} listed as unknown, none open", done + unknown == len(out),
          {r[0] for r in out})
    # Agents of the double still answer now and then: the double is asked on both sides of the look at the tables.
    after = box.peers.state("meta")["distinct"]
    check("what counts as sent was sent", done <= after and meta["distinct"] <= done + unknown,
          (done, meta["distinct"], after, unknown))
    check("all that was sent has an id of Meta", all(r[2] for r in out if r[0] == "done"))

    check(f"{len(sender.answers)} API sends: one answer per key", sender.answers and not sender.disagree and not sender.refused,
          (sender.disagree[:2], sender.refused[:2]))
    api = sum(1 for r in out if r[3] == "api")
    check("one message per API send", len(sender.answers) <= api <= len(sender.answers) + 1, (len(sender.answers), api))
    check("no dead letters", rows(box, "SELECT count(*) FROM dead_letters")[0][0] == 0,
          rows(box, "SELECT queue, reason, error FROM dead_letters LIMIT 3"))
    check("integrity_check", rows(box, "PRAGMA integrity_check") == [("ok",)])
    check("foreign_key_check", rows(box, "PRAGMA foreign_key_check") == [])
    box.cli("prove", code=None)
    check("totem prove", box.last.returncode == 0, box.last.stdout + box.last.stderr)
    log = box.log()
    check("no assertion failed", "BUG" not in log and "assert" not in log.lower() and "panic" not in log.lower(),
          [x for x in log.splitlines() if "BUG" in x or "assert" in x.lower()][:3])


MISBEHAVIOUR = [{"do": "429", "code": 130429, "percent": 2}, {"do": "meta_error", "status": 400, "code": 130429, "percent": 1},
                {"do": "meta_error", "status": 400, "code": 131056, "percent": 2}, {"do": "500", "percent": 3},
                {"do": "503", "percent": 3}, {"do": "hang", "percent": 1}, {"do": "cut_after_request", "percent": 3},
                {"do": "fail_later", "code": 131016, "percent": 2}, {"do": "fail_early", "code": 131000, "ms": 30, "percent": 2},
                {"do": "early_status", "ms": 30, "percent": 10}, {"do": "untagged", "percent": 4},
                # Longer than the webhook takes to be heard, kills included: who sends before that could not know.
                {"do": "error_after", "code": 131016, "retry_after": 10, "ms": 30, "percent": 2}]


def judge_sends(box, senders, meta):
    answers = {k: v for s in senders for k, v in s.answers.items()}
    every = rows(box, "SELECT content, sending, status, meta_message_id, replaced_by <> 0 FROM whatsapp_messages "
                      "WHERE direction = 'outbound' ORDER BY id")
    # What Meta called failed later is there again as a new row; the last one counts.
    out = {r[0]: r[1:] for r in every}
    again = [r for r in every if r[4]]
    words = {}
    for r in every:
        words[r[1]] = words.get(r[1], 0) + 1
    check(f"{len(answers)} sends: one answer per key", answers and not any(s.disagree or s.refused for s in senders),
          [(s.disagree[:2], s.refused[:2]) for s in senders])
    check(f"zero messages were sent twice ({meta['distinct']} at Meta)", meta["doubled"] == 0 and meta["unkeyed"] == 0,
          meta["doubled_keys"][:5])
    check(f"only what Meta called failed was sent again ({len(again)} of {len(every)})",
          again and len(every) - len(out) == len(again) and all(r[2] == "failed" for r in again),
          ([r for r in again if r[2] != "failed"][:3], len(every), len(out)))
    lost = [k for k in answers if out.get(k.replace("-", " "), ("gone",))[0] not in ("done", "unknown") or
            out[k.replace("-", " ")][1] == "failed"]
    check("zero acknowledged sends were lost", not lost, [(k, out.get(k.replace("-", " "))) for k in lost[:3]])
    unknown = words.get("unknown", 0)
    check(f"{len(every)} messages: {words.get('done', 0)} sent, {unknown} listed as unknown, none open",
          words.get("done", 0) + unknown == len(every), words)
    check("what counts as sent was sent, and has an id of Meta",
          words.get("done", 0) <= meta["distinct"] <= len(every) and all(r[3] for r in every if r[1] == "done"),
          (words, meta["distinct"]))
    check(f"Meta misbehaved ({meta['misbehaved']} of {meta['requests']} requests)", meta["misbehaved"] > len(every) / 50)
    # Without the tag nothing tells of a send whose answer was lost.
    check(f"what Meta has and told of is not unknown ({meta['untagged']} untagged)",
          words.get("done", 0) <= meta["distinct"] <= words.get("done", 0) + min(meta["untagged"], unknown),
          (meta["distinct"], words.get("done", 0), unknown, meta["untagged"]))
    check("no dead letters", rows(box, "SELECT count(*) FROM dead_letters")[0][0] == 0,
          rows(box, "SELECT queue, reason, error FROM dead_letters LIMIT 3"))
    check("integrity_check", rows(box, "PRAGMA integrity_check") == [("ok",)])
    box.cli("prove", code=None)
    check("totem prove", box.last.returncode == 0, box.last.stdout + box.last.stderr)
    log = box.log()
    check("no assertion failed", "BUG" not in log and "assert" not in log.lower() and "panic" not in log.lower(),
          [x for x in log.splitlines() if "BUG" in x or "assert" in x.lower()][:3])


def sends(o, begin):
    settings = {"chatwoot.chatwoot.url": None, "queue.messages.attempts": "50", "channel.main.timeout_ms": "1000",
                "queue.messages.concurrency": "16"}
    with lib.Box(n8n=None, binary=os.path.abspath(o.binary), settings=settings) as box:
        box.peers.options("meta", retry_max=200, retry_cap_ms=500)
        for rule in MISBEHAVIOUR:
            box.peers.behave("meta", rule.pop("do"), match="/messages", times=-1, **rule)
        senders = [Sender(box, f"s{i}", 400, 0.002) for i in range(4)]
        for s in senders:
            s.start()
        starts = kills(box, o.kills)
        for s in senders:
            s.stop.set()
        for s in senders:
            s.join(20)
        print(f"     {o.kills} kills in {time.monotonic() - begin:.0f} s; start to ready p50 {starts[len(starts) // 2]:.0f} ms, "
              f"max {starts[-1]:.0f} ms", flush=True)
        box.peers.behave("meta", "works")
        drain(box)
        time.sleep(2)  # late statuses settle what is unknown
        box.wait_idle(60)
        meta = box.peers.state("meta")
        box.stop()
        judge_sends(box, senders, meta)
        if o.keep or failed:
            kept = f"/tmp/totem-crash-{os.getpid()}"
            lib.shutil.copytree(box.dir, kept)
            print(f"     the folder is kept in {kept}")
    print(f"     {time.monotonic() - begin:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("more", nargs="*", metavar="FOLDER|KILLS", help="folder with peers and load; number of kills (100)")
    a.add_argument("--rate", type=int, default=300, help="webhooks a second")
    a.add_argument("--sends", action="store_true", help="only sends, to a Meta that misbehaves")
    a.add_argument("--keep", action="store_true", help="leave the folder")
    o = a.parse_args()
    o.kills = 100
    for word in o.more:
        if word.isdigit():
            o.kills = int(word)
        else:
            lib.tools(word)
    begin = time.monotonic()
    if o.sends:
        return sends(o, begin)
    with lib.Box(n8n=None, binary=os.path.abspath(o.binary)) as box:
        box.peers.options("chatwoot", agent_percent=5, agent_ms=50)
        box.peers.options("meta", retry_max=200, retry_cap_ms=500)
        acked_file = box.dir + "/acked"
        load = subprocess.Popen([lib.tools() + "/load", "--url", f"http://127.0.0.1:{box.hooks}/webhooks/whatsapp",
                                 "--connections", "16", "--rate", str(o.rate), "--seconds", "86400", "--customers", "200",
                                 "--secret", lib.SECRET, "--out", acked_file, "--json"], stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True)
        sender = Sender(box)
        try:
            sender.start()
            starts = kills(box, o.kills)
        finally:
            load.terminate()
            try:
                counted = json.loads(load.communicate(timeout=15)[0])
            except subprocess.TimeoutExpired:
                load.kill()
                raise
            sender.stop.set()
        sender.join(20)
        print(f"     {o.kills} kills in {time.monotonic() - begin:.0f} s; start to ready p50 {starts[len(starts) // 2]:.0f} ms, "
              f"max {starts[-1]:.0f} ms; load: {counted['ok']} acknowledged, {counted['lost']} without an answer", flush=True)
        drain(box)
        time.sleep(1)  # late statuses settle what is unknown
        box.wait_idle(60)
        meta, chatwoot = box.peers.state("meta"), box.peers.state("chatwoot")
        with open(acked_file) as f:
            acked = set(f.read().split())
        check("the list of acknowledged ids is whole", len(acked) == counted["ok"], (len(acked), counted["ok"]))
        box.stop()
        judge(box, sender, acked, meta, chatwoot)
        if o.keep or failed:
            kept = f"/tmp/totem-crash-{os.getpid()}"
            lib.shutil.copytree(box.dir, kept)
            print(f"     the folder is kept in {kept}")
    print(f"     {time.monotonic() - begin:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
