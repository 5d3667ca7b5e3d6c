"""One person is erased: not a byte of them can be read in the folder any more; what comes meanwhile and afterwards; kill -9 in
the middle. Backups keep them and are named."""
import random, sqlite3
from lib import *
from test_media import customer_sends, stored

WORD = "Zqxjvortek"  # begins like no other word: the search index writes only what differs from the word before
PERSON = "34600777123"
# Slow, so that the middle of an erasure can be met.
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
        report = b.api("DELETE", f"/api/v1/contacts/{contact}")
        equal(report.status, 200, str(report))
        assert report.json["messages"] >= 5 and report.json["files"] == 1 and len(report.json["backups"]) == 1, report
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
