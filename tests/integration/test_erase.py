"""One person is erased: not a byte of them can be read in the folder any more; what comes meanwhile and afterwards; kill -9 in
the middle. Backups keep them and are named."""
import random, sqlite3
from lib import *
from test_media import customer_sends, stored

WORD = "Zqxjvortek"  # begins like no other word: the search index writes only what differs from the word before
PERSON = "34600777123"
# No Chatwoot, and what is refused is not tried again: nothing is under way for long, and erasing is allowed.
QUIET = {"chatwoot.chatwoot.url": None, "queue.messages.attempts": "1"}


def folder_holds(b, *words):
    """Files below the data folder that hold one of the words; backups are named by the answer and are left out."""
    found = []
    for d, _, names in os.walk(b.data):
        for name in names:
            path = os.path.join(d, name)
            if "/backups/" in path:
                continue
            with contextlib.suppress(FileNotFoundError):
                data = open(path, "rb").read()
                found += [(os.path.relpath(path, b.data), w) for w in words if w.encode() in data]
    return found


def others(b, n):
    """Other people's messages, many in a request, so that pages split and fill."""
    for _ in range(n // 40):
        b.hook(meta_body([meta_value([meta_text(f"34611{random.randrange(10**6):06d}", f"kept {random.randrange(10**9)} words")])
                          for _ in range(40)]))


def contact_of(b, number=PERSON):
    found = [c["id"] for c in b.get("/api/v1/contacts?limit=200&search=" + number)["data"]]
    equal(len(found), 1, str(found))
    return found[0]


def row(b, sql):
    db = sqlite3.connect(f"file:{b.data}/totem.db?mode=ro", uri=True)
    try:
        return db.execute(sql).fetchone()
    finally:
        db.close()


def wiped(b, n=1):
    wait_until(lambda: row(b, "SELECT count(*) FROM erasures WHERE state = 'done'")[0] >= n, 60, what="wiped")


def named_hook(text, **more):
    v = meta_value([{**meta_text(PERSON, text), **more}])
    v["contacts"][0]["profile"]["name"] = WORD + " Pérez"
    return meta_body([v])


def a_life(b):
    """Everything that a person can leave here."""
    b.hook(named_hook(f"{WORD} hola"))
    b.hook(meta_body([meta_value([{**meta_text(PERSON, ""), "type": "reaction",
                                   "reaction": {"message_id": "wamid.NEVER" + WORD, "emoji": "\U0001f44d"}}])]))
    b.peers.say("meta", **{"from": PERSON, "message": {"type": "text", "text": {"body": "x" * 3000 + WORD + "y" * 3000}}})
    f = http_call(b.peers.port["meta"], "POST", "/_double/file?mime=text/plain", (WORD + " is in the file\n").encode() * 40).json
    b.peers.say("meta", **{"from": PERSON, "message": {"type": "document", "document": {
        "id": f["id"], "mime_type": "text/plain", "sha256": f["sha256"], "filename": WORD + ".txt", "caption": WORD}}})
    stored(b)
    m = b.send(PERSON, f"answer {WORD}", headers={"Idempotency-Key": "once"})
    b.peers.behave("meta", "400", times=1)
    b.send(PERSON, f"refused {WORD}")
    b.hook(meta_body([{**meta_value([meta_text(PERSON, WORD)]), "messages": [{"from": PERSON, "id": 7, "text": WORD}, WORD]}]))
    b.wait_idle()
    contact = contact_of(b)
    thread = [v["id"] for v in b.get("/api/v1/conversations?limit=200")["data"] if v["contact_id"] == contact][0]
    equal(b.api("PATCH", f"/api/v1/conversations/{thread}/attributes", {"order": WORD}).status, 200)
    b.post(f"/api/v1/conversations/{thread}/labels", {"labels": [WORD.lower()]})
    equal(b.api("PATCH", f"/api/v1/contacts/{contact}", {"name": WORD + " García"}).status, 200)
    wait_until(lambda: b.get("/api/v1/messages/search?q=" + WORD)["data"], what="found by its word")
    return contact, thread, m


def test_not_one_byte_of_an_erased_person_stays():
    with Box(settings=QUIET, n8n=None) as b:
        others(b, 400)
        contact, thread, m = a_life(b)
        others(b, 400)
        b.wait_idle()
        assert {"totem.db"} <= {f for f, _ in folder_holds(b, WORD, PERSON)}, "or this test proves nothing"
        b.cli("backup")
        for n in range(70):  # older ones
            os.mkdir(f"{b.data}/backups/totem-20200101T00{n // 60:02d}{n % 60:02d}Z")
        open(b.data + "/totem.db.before-0024", "w").close()  # as an upgrade leaves one
        b.cli("config", "set", "backup_s3_url", "http://127.0.0.1:9/bucket")
        report = b.api("DELETE", f"/api/v1/contacts/{contact}")
        equal(report.status, 200, str(report))
        assert report.json["messages"] >= 5 and report.json["files"] == 1 and len(report.json["backups"]) == 71, report
        equal((report.json["copies"], report.json["state"]), (["totem.db.before-0024"], "pages"))
        equal(report.json["store"], {"url": "http://127.0.0.1:9/bucket", "keeps": 14})
        b.get(f"/api/v1/contacts/{contact}", status=404)
        others(b, 80)
        wiped(b)
        equal(folder_holds(b, WORD, WORD.lower(), PERSON), [])
        equal(b.get("/api/v1/messages/search?q=" + WORD)["data"], [])
        assert "integrity" not in b.log() and row(b, "PRAGMA quick_check")[0] == "ok"
        equal(b.send(PERSON, f"answer {WORD}", headers={"Idempotency-Key": "once"})["erased"], True)  # and nothing was sent
        b.wait_idle()
        equal(b.peers.state("meta")["doubled"], 0)
        b.cli("prove")
        b.stop()
        b.start()
        equal(folder_holds(b, WORD, WORD.lower(), PERSON), [])
        b.hook(meta_hook(PERSON, "again"))
        wait_until(lambda: [x for x in b.messages() if x["content"] == "again"], what="a new life begins")
        assert contact_of(b) != contact


def many(b, n, word):
    """n messages of the person, each word of them their own."""
    for i in range(0, n, 60):
        b.hook(meta_body([meta_value([meta_text(PERSON, f"{word} {k}") for k in range(i, i + 60)])]))
    b.wait_idle(60)


def erasing(b, contact):
    """Begins and comes back in the middle: rows are going. The box may die under it."""
    def run():
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(b.api("DELETE", f"/api/v1/contacts/{contact}", timeout=60))
    answers = []
    t = threading.Thread(target=run)
    t.start()
    wait_until(lambda: row(b, "SELECT count(*) FROM erasures")[0] > 0, what="begun", every=0.001)
    return t, answers


def test_an_erasure_goes_on_after_a_kill_and_what_comes_meanwhile_stays():
    with Box(settings=QUIET, n8n=None) as b:
        others(b, 80)
        many(b, 4800, WORD)
        contact = contact_of(b)
        t, answers = erasing(b, contact)
        accepted = [b.hook(meta_hook(PERSON, f"meanwhile {n}")).status for n in range(3)]
        b.kill()
        t.join()
        state, left = row(b, "SELECT state FROM erasures")[0], row(b, f"SELECT count(*) FROM whatsapp_messages WHERE content LIKE '{WORD}%'")[0]
        assert state == "rows" and left > 0, f"or this test proves nothing: {state} {left} {answers}"
        b.start()
        wiped(b)
        equal(folder_holds(b, WORD), [])
        b.wait_idle()
        equal(row(b, "SELECT count(*) FROM whatsapp_messages WHERE content LIKE 'meanwhile%'")[0], accepted.count(200), "what was acknowledged")
        equal(row(b, "SELECT count(*), count(DISTINCT contact_id) FROM erasures"), (1, 1))
        assert contact_of(b) != contact
        # killed while free space is overwritten: from the beginning
        many(b, 60, WORD)
        t, answers = erasing(b, contact_of(b))
        t.join()
        b.kill()
        equal(answers[0].status, 200)
        b.start()
        wiped(b, 2)
        equal(folder_holds(b, WORD, PERSON), [])
        b.cli("prove")


def test_retention_goes_on_after_a_kill():
    """Messages of long ago, made old by hand; the box dies among them, and what waits to be sent stays."""
    with Box(settings={**QUIET, "retention_messages_days": "30"}, n8n=None) as b:
        many(b, 6000, "old")
        b.post("/api/v1/queues/messages/pause")
        b.send("34600888999", "waits")
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        back = 40 * 86400000
        for table, column in (("whatsapp_messages", "created_at"), ("jobs", "created_ms"), ("whatsapp_conversations", "created_ms"),
                              ("whatsapp_conversations", "last_message_at"), ("contacts", "created_ms"), ("contacts", "updated_ms")):
            db.execute(f"UPDATE {table} SET {column} = {column} - {back}")
        db.execute("UPDATE whatsapp_messages SET sending = 'queued' WHERE content = 'waits'")
        db.commit()
        db.close()
        b.start()
        count = lambda: row(b, "SELECT count(*) FROM whatsapp_messages")[0]
        wait_until(lambda: count() < 5500, 30, what="begun", every=0.002)
        b.kill()
        left = count()
        assert left > 1, "or this test proves nothing"
        b.start()
        wait_until(lambda: count() == 1, 60, what="the rest")
        wait_until(lambda: row(b, "SELECT count(*) FROM contacts")[0] == 1, 30, what="people without messages")
        equal(row(b, "SELECT content, sending FROM whatsapp_messages"), ("waits", "queued"))
        b.post("/api/v1/queues/messages/resume")
        b.wait_idle()
        b.cli("prove")
        equal(row(b, "PRAGMA quick_check")[0], "ok")


def test_a_restored_backup_brings_nobody_back_who_was_erased_behind_it():
    with Box(settings=QUIET, n8n=None) as b:
        others(b, 40)
        b.hook(named_hook(f"{WORD} hola"))
        b.wait_idle()
        contact = contact_of(b)
        b.cli("queue", "pause", "messages")
        waiting = b.send(PERSON, f"{WORD} waits")["id"]
        b.cli("backup")
        name = [f for f in os.listdir(b.data + "/backups") if f.startswith("totem-")][0]
        b.post(f"/api/v1/messages/{waiting}/cancel", {})
        equal(b.api("DELETE", f"/api/v1/contacts/{contact}").status, 200)
        kept = row(b, "SELECT count(*) FROM contacts")[0]
        wiped(b)
        assert WORD not in open(b.data + "/erased.list").read() and PERSON not in open(b.data + "/erased.list").read()
        b.stop()
        # A machine that has the backups only knows it from them
        new = b.data + "/new"
        p = subprocess.run([b.binary, "restore", b.data + "/backups/" + name, "--without-key", "--json", "--data", new], stdout=subprocess.PIPE, text=True)
        told = json.loads(p.stdout)
        equal((told["erased_known"], told["erased_since"]), (True, 1))
        shutil.rmtree(new)
        told = json.loads(b.cli("restore", name, "--resume", "--json"))
        equal((told["erased_since"], told["waiting_sends"], told["sends_paused"]), (1, 1, False))
        shutil.rmtree(told["kept"])
        assert {"totem.db"} <= {f for f, _ in folder_holds(b, WORD, PERSON)}, "or this test proves nothing"
        b.start()
        b.cli("queue", "resume", "messages")
        wait_until(lambda: row(b, "SELECT count(*) FROM contacts")[0] == kept, what="erased again")
        b.get(f"/api/v1/contacts/{contact}", status=404)
        wiped(b)
        equal(folder_holds(b, WORD, WORD.lower(), PERSON), [])
        b.wait_idle()
        equal([m for m in b.peers.messages("meta") if PERSON in json.dumps(m)], [], "what waited in the backup was sent")
        b.cli("prove")


def test_who_was_being_erased_when_the_box_died_does_not_come_back_from_the_database_put_aside():
    with Box(settings=QUIET, n8n=None) as b:
        others(b, 3)
        b.wait_idle()
        b.cli("backup")
        name = [f for f in os.listdir(b.data + "/backups") if f.startswith("totem-")][0]
        b.hook(named_hook(f"{WORD} hola"))
        b.wait_idle()
        b.hook(meta_hook("34600999001", "somebody else"))
        b.wait_idle()
        contact_of(b)
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")  # as a death leaves it between the cut and the first row
        db.execute("INSERT INTO erasures (company_id, contact_id, state, asked_ms, asked_by, newest_delivery, aliases) "
                   "SELECT 1, 1, 'rows', 1, '', max(id), ? FROM webhook_deliveries", (json.dumps([PERSON]),))
        db.commit()
        db.close()
        b.cli("restore", name)
        b.start()
        wait_until(lambda: any("somebody else" in json.dumps(m) for m in b.messages()), what="taken over")
        b.wait_idle()
        equal([m for m in b.messages() if WORD in json.dumps(m)], [])
        equal(b.get("/api/v1/contacts?limit=200&search=" + PERSON)["data"], [])
