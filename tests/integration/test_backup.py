"""Backups and damage, with the real binary: beside a server under load, on another folder, on a box whose database is
damaged, whose log rotted, whose key is gone, whose disk is read-only, whose clock went back, whose network is not there."""
import glob, hashlib, os, shutil, socket, sqlite3, struct, subprocess, time
from lib import *

PASS = "a long passphrase"
ENV = {**os.environ, "TOTEM_PASSPHRASE": PASS}


def totem(b, *words, code=0, data=None):
    p = subprocess.run([b.binary, *words, "--data", data or b.data], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, timeout=120, env=ENV, cwd=b.dir)
    assert code is None or p.returncode == code, f"totem {words}: {p.returncode}\n{p.stdout}\n{p.stderr}"
    return p


def rows(path):
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")]
    out = {t: db.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}
    db.close()
    return out


def fill(b, n, first=0):
    for i in range(n):
        equal(b.hook(meta_hook(f"3460012{i % 50:04}", f"message {first + i}")).status, 200)


def reason_of(b):
    a = b.api("GET", "/readyz", token=False)
    return a.status, [r["reason"] for r in a.json["reasons"]]


def test_backup_beside_a_server_and_swap_the_box():
    with Box(n8n=None) as b:
        fill(b, 60)
        b.wait_idle()
        os.makedirs(b.data + "/media/1/ab", exist_ok=True)
        open(b.data + "/media/1/ab/abcd", "wb").write(os.urandom(100000))
        stop = threading.Event()
        statuses = []

        def load():
            i = 1000
            while not stop.is_set():
                statuses.append(b.hook(meta_hook("34600999999", f"during {i}")).status)
                i += 1
        t = threading.Thread(target=load)
        t.start()
        made = json.loads(totem(b, "backup", "--json").stdout)
        stop.set()
        t.join()
        equal(set(statuses), {200}, "writers during the backup")
        assert made["sealed_key"] and made["media_files"] == 1, made
        assert made["name"] in totem(b, "backup", "list").stdout
        totem(b, "verify")
        totem(b, "verify", "--all")
        copy = totem(b, "backup", "copy", b.dir + "/stick")
        assert "read back" in copy.stdout, copy
        b.wait_idle()
        known = {m["id"] for m in b.messages() if "message" in json.dumps(m)}
        totem(b, "restore", made["name"], code=73)  # while it runs
        b.stop()
        # A new machine: nothing but the stick and the passphrase.
        begin = time.monotonic()
        b.data = b.dir + "/new-box"
        totem(b, "restore", f"{b.dir}/stick/{made['name']}")
        assert os.path.exists(b.data + "/media/1/ab/abcd")
        b.start()
        again = {m["id"] for m in b.messages() if '"message' in json.dumps(m)}
        # Ids are the same, and the old token works. (What came during the backup may be processed again, under new ids.)
        assert len(again) == 60 and again <= known, (len(again), len(known))
        equal(b.hook(meta_hook("34600123456", "to the new box")).status, 200)
        wait_until(lambda: any(m.get("text", {}).get("body") == "to the new box" or "to the new box" in json.dumps(m)
                               for m in b.messages()), what="the new box works")
        print(f"swap of the box: {time.monotonic() - begin:.2f} s")


def incident_of(b, kind):
    return [i for i in b.get("/api/v1/incidents")["data"] if i["kind"] == kind and not i.get("closed_at")]


def test_downloads_that_are_cut_leave_nothing():
    with Box(n8n=None, doubles=False, settings={"backup_every_hours": "0"}) as b:
        fill(b, 5)
        b.wait_idle()
        os.makedirs(b.data + "/media/1/ab", exist_ok=True)
        open(b.data + "/media/1/ab/abcd", "wb").write(os.urandom(24_000_000))
        name = json.loads(totem(b, "backup", "--json").stdout)["name"]
        path = f"/api/v1/backups/{name}/download"
        before = b.rss_mb()

        def begin():
            s = socket.create_connection(("127.0.0.1", b.main))
            s.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {b.token}\r\n\r\n".encode())
            assert s.recv(12) == b"HTTP/1.1 200"
            return s
        slow = [begin() for _ in range(3)]
        a = b.api("GET", path)
        equal((a.status, a.headers.get("Retry-After")), (503, "60"), "three hold a worker each")
        for s in slow:
            s.close()
        wait_until(lambda: b.api("GET", path, timeout=60).status == 200, what="they are gone", timeout=30)
        whole = b.api("GET", path, timeout=60)
        equal(str(len(whole.body)), whole.headers["Content-Length"])
        assert b.rss_mb() - before < 40, (before, b.rss_mb())
        # Torn off, with a byte turned, and whole.
        tar, new = b.dir + "/b.tar", b.dir + "/new"

        def restore(data, code):
            open(tar, "wb").write(data)
            p = subprocess.run([b.binary, "restore", tar, "--without-key", "--data", new], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            equal(p.returncode, code, p.stderr)
            return p.stderr
        assert "torn off" in restore(whole.body[:12_000_000], 65)
        at = whole.body.index(b"SQLite format 3") + 3 * 4096 + 100
        restore(whole.body[:at] + bytes([whole.body[at] ^ 1]) + whole.body[at + 1:], 65)
        equal([f for f in os.listdir(new) if f not in ("totem.lock", "backups")], [], "nothing was touched")
        restore(whole.body, 0)
        equal(hashlib.sha256(open(new + "/media/1/ab/abcd", "rb").read()).digest(), hashlib.sha256(open(b.data + "/media/1/ab/abcd", "rb").read()).digest())
        stuck = begin()
        b.stop()  # within its five seconds
        stuck.close()


def test_backup_by_api_and_schedule():
    with Box(doubles=False) as b:
        fill(b, 5)
        equal(b.post("/api/v1/backups", status=202)["status"], "started")
        listed = wait_until(lambda: b.get("/api/v1/backups")["data"], what="made")
        first = listed[0]["name"]
        # It is restored to a scratch place by itself.
        wait_until(lambda: b.get("/api/v1/backups")["data"][0]["state"] == "verified", what="verified by itself")
        assert b.get("/api/v1/backups")["data"][0]["verified_at"]
        wait_until(lambda: not glob.glob(b.data + "/backups/.checking*"), what="nothing is left of the scratch")
        wait_until(lambda: b.metrics()["totem_backup_verified_timestamp_seconds"] > 0, what="metric")
        b.post("/api/v1/backups/totem-nothing/verify", status=404)
        b.post("/api/v1/backups/totem-x.y/verify", status=404)
        # One that rotted is told, does not count, and goes when a newer one is verified.
        wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], what="idle")
        with open(f"{b.data}/backups/{first}/totem.db", "r+b") as f:
            f.seek(5000)
            f.write(b"rotten")
        b.post(f"/api/v1/backups/{first}/verify", status=202)
        told = wait_until(lambda: incident_of(b, "backup-check"), what="incident")
        assert first in told[0]["text"], told
        state = b.get("/api/v1/backups")["data"][0]
        equal((state["state"], state["verified_at"]), ("failed", None))
        assert state["check"], state
        now = b.metrics()
        equal((now["totem_backup_newest_timestamp_seconds"], now["totem_backup_unproven"]), (0, 1))
        found = json.loads(totem(b, "doctor", "--json", code=None).stdout)
        assert any(f["code"] == "BACKUP_BAD" and f["state"] == "WRONG" for f in found["data"]), found
        assert "failed" in totem(b, "backup", "list").stdout
        wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], what="idle")
        b.post("/api/v1/backups", status=202)
        wait_until(lambda: not incident_of(b, "backup-check"), what="closed")
        equal([x["state"] for x in b.get("/api/v1/backups")["data"]], ["verified"])
        equal(b.metrics()["totem_backup_unproven"], 0)
        # One that nobody restored within a day is told too.
        b.stop()
        shutil.rmtree(b.data + "/backups")
        made = json.loads(totem(b, "backup", "--no-check", "--json").stdout)
        equal(made["state"], "made")
        path = f"{b.data}/backups/{made['name']}/manifest.json"
        manifest = json.load(open(path))
        manifest["created_ms"] -= 2 * 86400000
        json.dump(manifest, open(path, "w"))

        def proof():
            return [(f["state"], bool(f["cure"])) for f in json.loads(totem(b, "check", "--json", code=None).stdout)["data"] if f["code"] == "BACKUP_PROOF"]
        equal(proof(), [("warning", True)])
        totem(b, "verify")
        equal(proof(), [("ok", False)])


def test_a_media_file_that_rots_or_goes_is_told_and_put_back():
    with Box(doubles=False, settings={"backup_every_hours": "0"}) as b:
        ids = [b.api("POST", "/api/v1/media?filename=a.txt", text, headers={"Content-Type": "text/plain"}).json["id"]
               for text in (b"a first file", b"a second file")]
        one, two = (glob.glob(f"{b.data}/media/1/*/{hashlib.sha256(text).hexdigest()}")[0] for text in (b"a first file", b"a second file"))
        totem(b, "backup", "--no-check")
        open(one, "wb").write(b"a first lie!")
        os.remove(two)
        equal(b.api("GET", "/api/v1/media/" + ids[1]).status, 410)
        b.post("/api/v1/backups", status=202)
        told = wait_until(lambda: incident_of(b, "media-files"), what="told")
        assert told[0]["text"].startswith("2 files") and "put back" in told[0]["text"], told
        equal([b.api("GET", "/api/v1/media/" + i).body for i in ids], [b"a first file", b"a second file"])
        shutil.rmtree(b.data + "/backups")  # and with them the good copies
        os.remove(two)
        made = json.loads(totem(b, "backup", "--json").stdout)
        equal((made["media_bad"], made["media_files"]), (1, 1))
        found = [f for f in json.loads(totem(b, "check", "--json", code=None).stdout)["data"] if f["code"] == "MEDIA_FILES"]
        assert found[0]["state"] == "warning" and os.path.basename(two) in found[0]["detail"], found


def damage_pages(path, start=3):
    size = os.path.getsize(path)
    with open(path, "r+b") as f:
        for page in range(start, size // 4096):
            f.seek(page * 4096)
            f.write(b"\xff" * 64)


def receive_while_damaged(b, text):
    status, reasons = reason_of(b)
    equal(status, 503)
    assert "database-damaged" in reasons, reasons
    equal(b.hook(meta_hook("34600123456", text)).status, 200, "webhooks are taken in")
    a = b.api("POST", "/api/v1/messages", {"to": "34600123456", "type": "text", "text": {"body": "no"}})
    equal(a.status, 503)
    equal(a.json["type"], "urn:totem:problem:damaged", str(a))
    assert "database.damaged" in b.log()


def has_text(b, text):
    return any(text in json.dumps(m) for m in b.messages())


def test_a_damaged_database_keeps_receiving_and_loses_nothing():
    with Box(n8n=None) as b:
        fill(b, 30)
        b.wait_idle()
        made = json.loads(totem(b, "backup", "--json").stdout)
        fill(b, 1, first=777)  # acknowledged after the backup: lies in the damaged files only
        b.wait_idle()
        b.stop()
        damage_pages(b.data + "/totem.db")
        p = totem(b, "queue", "list", code=None)
        assert p.returncode != 0 and "restore" in p.stderr, p
        b.start()
        receive_while_damaged(b, "while it was damaged")
        equal(totem(b, "backup", code=None).returncode != 0, True, "no backup of a damaged database")
        b.stop()
        b.start()  # and still so after a restart
        receive_while_damaged(b, "after a restart")
        b.stop()
        totem(b, "restore", made["name"])
        assert glob.glob(b.data + "/before-restore-*/totem.db"), "the damaged files are kept"
        b.start()
        equal(reason_of(b)[0], 200)
        wait_until(lambda: has_text(b, "while it was damaged") and has_text(b, "after a restart"), what="the spool is taken over")
        assert not os.path.exists(b.data + "/spool.db")
        b.wait_idle()


def in_chatwoot(b, text):
    return sum(m["message_type"] == 0 and text in (m["content"] or "") for m in b.peers.messages("chatwoot"))


def at_customer(b, text):
    return sum(text in str(m.get("text")) for m in b.peers.messages("meta"))


def test_what_came_after_the_backup_comes_back_and_nothing_leaves_twice():
    with Box(settings={"chatwoot.chatwoot.catch_up_minutes": "1"}) as b:
        b.peers.say("meta", **{"from": "34600000001", "text": "before the backup", "name": "Ana"})
        wait_until(lambda: in_chatwoot(b, "before the backup") and at_customer(b, "before the backup"), what="Chatwoot and the assistant")
        b.wait_idle()
        wait_until(lambda: [p for p in b.get("/api/v1/status")["parts"] if p["part"] == "chatwoot.chatwoot" and p["caught_up_at"]], what="a look")
        made = json.loads(totem(b, "backup", "--json").stdout)
        b.peers.say("meta", **{"from": "34600000001", "text": "after the backup", "name": "Ana"})
        wait_until(lambda: at_customer(b, "after the backup"), what="the assistant's answer")
        b.peers.say("chatwoot", phone="+34600000001", content="an agent, after the backup")
        wait_until(lambda: at_customer(b, "an agent, after the backup"), what="the agent's message")
        b.peers.chatwoot_answered()
        b.wait_idle()
        b.peers.behave("chatwoot", "503", times=-1)  # and one that Chatwoot has not had yet
        b.peers.say("meta", **{"from": "34600000001", "text": "while Chatwoot was down", "name": "Ana"})
        wait_until(lambda: has_text(b, "while Chatwoot was down"), what="in the inbox")  # the assistant is silent: an agent wrote
        b.stop()
        b.peers.behave("chatwoot", "works")
        sent = b.peers.state("meta")["accepted"]
        asked = b.peers.state("n8n")
        report = json.loads(totem(b, "restore", made["name"], "--json").stdout)
        equal((report["sends_paused"], report["sent_since"]), (False, 2), str(report))
        b.start()
        wait_until(lambda: has_text(b, "after the backup") and has_text(b, "while Chatwoot was down"), what="taken over")
        wait_until(lambda: in_chatwoot(b, "while Chatwoot was down"), 60, what="Chatwoot has it too")
        wait_until(lambda: [p for p in b.get("/api/v1/status")["parts"] if p["part"] == "chatwoot.chatwoot" and p["caught_up_at"]], what="a look")
        time.sleep(4)  # the look for missed messages is made 3 s after a start
        b.wait_idle()
        equal(b.peers.state("meta")["accepted"], sent, "nothing left again")
        for text in ("before the backup", "after the backup", "while Chatwoot was down"):
            equal(in_chatwoot(b, text), 1, text)
            equal(sum(text in json.dumps(m) and m["direction"] == "inbound" for m in b.messages()), 1, text)
        equal(b.peers.state("n8n"), asked, "the assistant was not asked again")
        equal(b.dead_letters(), [])
        assert not glob.glob(b.data + "/before-restore-*/take-over"), "done"
        # A database that does not go on from the backup says nothing of what agents' messages left: a person looks.
        b.stop()
        os.mkdir(b.dir + "/blank")
        report = json.loads(totem(b, "restore", b.data + "/backups/" + made["name"], "--json", "--without-key", data=b.dir + "/blank").stdout)
        equal((report["sends_paused"], report["chatwoot_unknown"], report["waiting_sends"]), (True, True, 0), str(report))
        # Nor does it after the next restore there (the passphrase was forgotten), and the installer is told why nothing leaves.
        told = totem(b, "restore", b.data + "/backups/" + made["name"], "--without-key", data=b.dir + "/blank").stdout
        assert "NOTHING IS SENT YET" in told and "Chatwoot since" in told and "resume orchestrator-inbound" in told, told
        assert "0 sends" not in told, told
        b.data = b.dir + "/blank"
        b.start()
        here = [i for i in b.get("/api/v1/status")["incidents"] if i["kind"] == "restore"]
        assert len(here) == 1 and "Chatwoot" in here[0]["text"], here
        for queue in ("messages", "orchestrator-inbound"):
            equal(b.queues()[queue]["state"], "paused")
            totem(b, "queue", "resume", queue)


def test_a_damaged_page_costs_only_what_is_on_it():
    with Box(n8n=None, settings={"chatwoot.chatwoot.url": None}) as b:
        fill(b, 5)
        b.wait_idle()
        made = json.loads(totem(b, "backup", "--json").stdout)
        fill(b, 120, first=1000)
        b.wait_idle()
        b.stop()
        with open(b.data + "/totem.db", "r+b") as f:
            whole = f.read()
            pages = [n for n in range(len(whole) // 4096) if b"message 1060" in whole[n * 4096:][:4096] and b'"entry"' in whole[n * 4096:][:4096]]
            f.seek(pages[0] * 4096)
            f.write(b"\xff" * 64)
        totem(b, "restore", made["name"])
        b.start()
        b.wait_idle()
        texts = re.findall(r"message \d+", json.dumps(b.messages()))
        equal(len(texts), len(set(texts)), "none twice")
        lost = [i for i in range(1000, 1120) if f"message {i}" not in texts]
        assert 1060 in lost and len(lost) < 20, lost  # a page of 4 KiB
        equal([t for t in texts if t == "message 4"], ["message 4"])


def test_a_database_that_is_gone_is_no_new_box():
    with Box(n8n=None) as b:
        fill(b, 3)
        b.wait_idle()
        made = json.loads(totem(b, "backup", "--json").stdout)
        b.stop()
        assert not os.path.exists(b.data + "/totem.db-wal")
        link = b.started_line
        open(b.data + "/totem.db", "w").close()
        found = json.loads(totem(b, "check", "--json", code=1).stdout)["data"]
        assert [f for f in found if f["code"] == "DATABASE_GONE" and "restore" in f["cure"]], found
        for words in (("backup",), ("config", "set", "company_name", "x"), ("migrate",)):
            p = totem(b, *words, code=None)
            assert p.returncode != 0 and "totem.db is empty" in p.stderr, p
        b.start()
        receive_while_damaged(b, "while it was empty")
        assert "/#setup=" in link and "/#setup=" not in b.started_line, "nobody else becomes its owner"
        equal(len(glob.glob(b.data + "/backups/totem-*")), 1, "no backup of an empty box")
        b.stop()
        equal(os.path.getsize(b.data + "/totem.db"), 0)
        os.remove(b.data + "/totem.db")
        b.start()  # missing is the same
        equal(reason_of(b), (503, ["database-damaged"]))
        b.stop()
        totem(b, "restore", made["name"])
        b.start()
        equal(reason_of(b)[0], 200)
        wait_until(lambda: has_text(b, "while it was empty"), what="the spool is taken over")
        assert has_text(b, "message 2"), "and what the backup knew"


def test_damage_found_after_a_clean_stop_and_while_running():
    with Box(n8n=None) as b:
        fill(b, 200)
        b.wait_idle()
        made = json.loads(totem(b, "backup", "--json").stdout)
        b.stop()
        shutil.copy(b.data + "/totem.db", b.dir + "/whole.db")
        # A page that only a full check reads: the middle of the table of requests.
        db = sqlite3.connect(b.data + "/totem.db")
        page = db.execute("SELECT pageno FROM dbstat WHERE name='webhook_deliveries' AND pagetype='leaf' ORDER BY pageno LIMIT 1 OFFSET 3").fetchone() \
            if db.execute("SELECT 1 FROM pragma_compile_options WHERE compile_options LIKE '%DBSTAT%'").fetchone() else None
        messages = db.execute("SELECT pageno FROM dbstat WHERE name LIKE '%whatsapp_messages%'").fetchall() if page else []
        db.close()
        if page is None:
            print("this Python's SQLite has no dbstat: passed over")
            return
        with open(b.data + "/totem.db", "r+b") as f:
            for p in messages:
                f.seek((p[0] - 1) * 4096)
                f.write(b"\xff" * 4096)
        p = totem(b, "prove", code=None)
        assert p.returncode != 0 and "nothing is proven" in p.stdout and "nothing is missing" not in p.stdout, p
        assert os.path.exists(b.data + "/damaged"), "it is told to whoever comes next"
        shutil.copy(b.dir + "/whole.db", b.data + "/totem.db")
        os.remove(b.data + "/damaged")

        def spoil():
            with open(b.data + "/totem.db", "r+b") as f:
                f.seek((page[0] - 1) * 4096 + 3)
                f.write(b"\xff\xff")
        spoil()
        b.start()
        wait_until(lambda: reason_of(b)[0] == 503, what="found by the check after the start")
        b.stop()
        shutil.copy(b.dir + "/whole.db", b.data + "/totem.db")
        os.remove(b.data + "/damaged")
        looked = b.log().count("database.checked")
        b.start()
        wait_until(lambda: b.log().count("database.checked") > looked, what="looked through after the start")
        spoil()
        equal(reason_of(b)[0], 200, "not found yet")
        b.post("/api/v1/backups", status=202)
        wait_until(lambda: reason_of(b)[0] == 503, what="found by the check before the backup")
        receive_while_damaged(b, "after it was found")
        equal(len(glob.glob(b.data + "/backups/totem-*")), 1, "damage got into no backup")
        b.stop()
        totem(b, "restore", made["name"])
        b.start()
        wait_until(lambda: has_text(b, "after it was found"), what="the spool is taken over")
        b.wait_idle()


def test_a_rotten_log_is_noticed():
    with Box(n8n=None) as b:
        fill(b, 5)
        b.wait_idle()
        b.kill()
        wal = b.data + "/totem.db-wal"
        with open(wal, "rb") as f:
            head = f.read(32)
            salt, n, bad = head[16:24], 0, None
            while True:
                frame = f.read(24 + 4096)
                if len(frame) < 24 + 4096 or frame[8:16] != salt:
                    break
                n += 1
        assert n > 6, n
        with open(wal, "r+b") as f:
            f.seek(32 + 2 * (24 + 4096) + 24 + 500)
            f.write(b"rotten")
        before = open(wal, "rb").read()
        for words in (("migrate",), ("backup",), ("prove",), ("check",), ("token", "create", "x")):
            p = totem(b, *words, code=None)
            assert p.returncode != 0 and "log is damaged" in p.stdout + p.stderr, (words, p)
            assert "nothing is missing" not in p.stdout, p
            assert open(wal, "rb").read() == before, f"{words} took the log away"
        assert not glob.glob(b.data + "/backups/totem-*"), "no backup without what the log had"
        b.start()
        p = totem(b, "prove", code=None)
        assert p.returncode != 0 and "nothing is missing" not in p.stdout, p
        equal(totem(b, "backup", code=None).returncode != 0, True, "none either while the server receives only")
        status, reasons = reason_of(b)
        equal((status, "database-damaged" in reasons), (503, True))
        assert "write-ahead log is damaged" in b.log()
        equal(b.hook(meta_hook("34600123456", "kept")).status, 200)
        assert os.path.getsize(wal) > 0, "the log is left as it is"
        b.stop()


def test_a_log_that_is_gone_is_noticed():
    with Box(doubles=False) as b:
        fill(b, 3)
        b.kill()
        os.rename(b.data + "/totem.db-wal", b.dir + "/log")
        found = json.loads(totem(b, "check", "--json", code=1).stdout)["data"]
        assert [f for f in found if f["code"] == "DATABASE_GONE" and "totem.db-wal is missing" in f["detail"]], found
        equal(totem(b, "backup", code=None).returncode != 0, True, "no backup of the rest")
        b.start()
        equal(reason_of(b), (503, ["database-damaged"]))
        b.stop()
        os.rename(b.dir + "/log", b.data + "/totem.db-wal")  # as the reason says
        os.remove(b.data + "/damaged")
        b.start()
        equal(reason_of(b)[0], 200)
        wait_until(lambda: len(b.messages(direction="inbound")) == 3, what="all three, also what was not read before the kill")


def test_a_torn_end_of_the_log_is_no_damage():
    with Box(n8n=None) as b:
        fill(b, 5)
        b.wait_idle()
        b.kill()
        wal = b.data + "/totem.db-wal"
        with open(wal, "ab") as f:
            f.write(b"\x00" * 3000)  # a frame that was being written
        b.start()
        equal(reason_of(b)[0], 200)
        equal(len(b.messages(direction="inbound")), 5)


def test_a_lost_key_file_is_said():
    with Box(doubles=False) as b:
        b.cli("config", "set", "channel.other.token", "secret")
        b.stop()
        key = open(b.data + "/totem.key").read()
        os.remove(b.data + "/totem.key")
        b.start()
        assert [i for i in b.get("/api/v1/incidents")["data"] if i["kind"] == "key"], "an incident"
        equal(b.hook(meta_hook("34600123456", "still")).status, 200)
        b.stop()
        open(b.data + "/totem.key", "w").write(key)
        b.start()
        assert "set" in b.cli("config", "get", "channel.other.token")
        assert not [i for i in b.get("/api/v1/incidents")["data"] if i["kind"] == "key" and not i.get("closed_at")]


def test_no_network_at_boot():
    with Box(settings={"channel.main.base_url": "https://no-such-host.invalid",
                       "chatwoot.main.url": "http://no-such-host.invalid", "chatwoot.main.inbox_id": "1",
                       "chatwoot.main.token": "x"}, doubles=False) as b:
        fill(b, 3)
        wait_until(lambda: len(b.messages(direction="inbound")) == 3, what="stored")
        m = b.send("34600120001", "later")
        wait_until(lambda: b.queues()["messages"]["delayed"], what="tried, and to be tried again")
        assert b.get("/api/v1/messages/" + m["id"])["status"] in ("pending", "queued"), "kept for later"
        equal(len(b.dead_letters()), 0)
