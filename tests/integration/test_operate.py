"""What an operator does: check, doctor, support bundle, settings, one person's data, a store for backups."""
import fcntl, glob, hashlib, io, json, os, shutil, subprocess, tarfile
from lib import *
from test_media import png
from s3_double import KEY_ID, SECRET as S3_SECRET, Store


def test_check_and_doctor_name_each_trouble_with_its_cure():
    with Box(n8n=None) as b:
        b.hook(meta_hook("34600123456", "hola"))
        found = json.loads(b.cli("doctor", "--json", code=None, timeout=60))["data"]
        codes = {f["code"]: f for f in found}
        for code in ("PROGRAM", "SQLITE", "CLOCK", "FOLDER", "SYNC", "SPACE", "DATABASE", "KEY", "OTHERS", "SETTINGS", "PORT", "SERVER",
                     "BACKUP", "ROOTS"):
            assert code in codes, (code, found)
        equal(codes["SERVER"]["state"], "ok")
        equal(codes["BACKUP"]["state"], "warning", "there is none yet")
        assert all(f["cure"] for f in found if f["state"] != "ok"), found
        es = b.cli("check", "--lang", "es", code=None)
        assert "remedio" in es and "carpeta de datos" in es, es
        assert "respaldo" in subprocess.run([b.binary, "check", "--data", b.data], env={**os.environ, "LANG": "es_PY.UTF-8", "LC_ALL": ""},
                                            stdout=subprocess.PIPE, text=True).stdout
        b.cli("check", "--lang", "xx", code=64)
        # Each trouble by itself.
        held = open(b.data + "/totem.db", "rb")
        os.chmod(b.data + "/totem.key", 0o644)
        found = json.loads(b.cli("check", "--json", code=None))["data"]
        by = {f["code"]: f for f in found if f["state"] != "ok"}
        assert "OTHERS" in by and "python" in by["OTHERS"]["detail"], found
        assert "RIGHTS" in by and "totem.key" in by["RIGHTS"]["detail"], found
        held.close()
        os.chmod(b.data + "/totem.key", 0o600)
        b.cli("config", "set", "n8n.gone.url", "http://127.0.0.1:1/hook")
        b.cli("config", "set", "n8n.nowhere.url", "http://no-such-host.invalid/hook")
        found = json.loads(b.cli("doctor", "--json", code=1, timeout=60))["data"]
        bad = {f["code"] for f in found if f["state"] == "WRONG"}
        assert {"PEER", "NAME"} <= bad, found
        def public(url):
            b.cli("config", "set", "public_url", url)
            return {f["code"]: f["state"] for f in json.loads(b.cli("doctor", "--json", code=1, timeout=60))["data"]}
        equal(public(f"http://127.0.0.1:{b.hooks}/")["PUBLIC_URL"], "ok")
        equal(public("http://127.0.0.1:1")["PUBLIC_SILENT"], "warning")
        b.stop()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            found = json.loads(b.cli("check", "--json", "--set", f"listen=127.0.0.1:{taken.getsockname()[1]}", code=1))["data"]
            ports = [f for f in found if f["code"] == "PORT"]
            equal([f["state"] for f in ports], ["WRONG", "ok"], "a port that somebody else has")
            assert ports[0]["cure"], ports
        if os.geteuid() == 0 and int(open("/proc/sys/net/ipv4/ip_unprivileged_port_start").read()) > 82:
            p = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps", "-all",
                                b.binary, "check", "--data", "/nowhere", "--json", "--set", "listen=127.0.0.1:82", "--set", "hooks_listen="],
                               stdout=subprocess.PIPE, text=True)
            assert any(f["code"] == "PORT_RIGHTS" for f in json.loads(p.stdout)["data"]), p.stdout
        found = json.loads(b.cli("doctor", "--json", code=1, timeout=60))["data"]
        assert any(f["code"] == "SERVER" and f["state"] == "WRONG" for f in found), found
        # The clock went back by a year: starts of the future are known.
        import sqlite3
        db = sqlite3.connect(b.data + "/totem.db")
        db.execute("UPDATE boots SET started_ms = started_ms + 365 * 86400000")
        db.commit()
        db.close()
        found = json.loads(b.cli("check", "--json", code=1))["data"]
        assert any(f["code"] == "CLOCK" and f["state"] == "WRONG" for f in found), found
        b.start()
        equal(b.hook(meta_hook("34600123456", "with a wrong clock")).status, 200)
        wait_until(lambda: len(b.messages(direction="inbound")) == 2, what="still processed")


def test_every_finding_is_provoked_somewhere():
    """The table in tests/README.md has a row for each finding of finding.def, with the test that provokes it."""
    top = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    names = re.findall(r"^FINDING\((\w+),", open(top + "/../app/cli/finding.def").read(), re.M)
    table = [l for l in open(top + "/README.md").read().splitlines() if l.startswith("| ")]
    equal([n for n in names if not any(f"`{n}`" in l for l in table)], [], "in no row of tests/README.md")


def test_certificate_age():
    with Box(doubles=False, start=False) as b:
        pem = b.dir + "/cert.pem"
        for days, state in ((400, "ok"), (5, "warning")):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                            pem + ".key", "-out", pem + ".crt", "-days", str(days), "-subj", "/CN=test"], check=True, stderr=subprocess.DEVNULL)
            open(pem, "wb").write(open(pem + ".key", "rb").read() + open(pem + ".crt", "rb").read())
            found = json.loads(b.cli("check", "--json", "--set", f"tls_cert={pem}", code=None))["data"]
            equal([f["state"] for f in found if f["code"] == "CERTIFICATE"], [state])


def test_support_bundle_holds_no_secret_and_no_number():
    with Box(n8n=None) as b:
        b.hook(meta_hook("34600123456", "confidential words"))
        b.cli("config", "set", "chatwoot.other.token", "very-secret-token")
        for key, value in (("headers", '{"X-Key":"door-key-1"}'), ("body", '{"key":"door-key-2"}'), ("login_headers", '{"X-Key":"door-key-3"}'),
                           ("login_body", '{"key":"door-key-4"}')):
            b.cli("config", "set", "lookup.calidda." + key, value)
        b.wait_idle()
        for served in (True, False):
            if not served:
                b.stop()
            path = b.dir + "/bundle.tar"
            b.cli("support-bundle", path)
            equal(os.stat(path).st_mode & 0o777, 0o600)
            with tarfile.open(path) as t:
                names = t.getnames()
                log = t.extractfile("totem-support/log.txt").read().decode()
                text = b"".join(t.extractfile(n).read() for n in names).decode(errors="replace")
            for n in ("version.txt", "status.json", "queues.json", "settings.json", "incidents.json", "memory.txt"):
                assert f"totem-support/{n}" in names, names
            for word in ("34600123456", "confidential", "very-secret-token", "door-key", SECRET, META_TOKEN, CHATWOOT_TOKEN, b.token):
                assert word not in text, word
            assert not served or "channel.main.token" in text
            assert '"key":"lookup.calidda.headers","value":"set"' in text
            # Where no journal runs it is what the server keeps itself.
            assert ('"event":"totem.started"' in log) if served else log.strip(), log[:300]
        told = json.loads(b.cli("support-bundle", path, "--json"))
        equal(told, {"file": path, "bytes": os.path.getsize(path)})


def test_debug_tells_the_story_of_one_thing_without_what_people_wrote():
    with Box(n8n=None) as b:
        b.hook(meta_hook("34600123456", "confidential words"))
        b.wait_idle()
        b.post("/api/v1/queues/messages/pause")
        sent = b.send("34600123456", "a secret answer")
        m = [x for x in b.messages() if x["direction"] == "inbound"][0]
        job = b.get("/api/v1/queues/messages/jobs")["data"][0]["id"]
        delivery = b.get("/api/v1/deliveries")["data"][0]["id"]
        for served in (True, False):
            if not served:
                b.stop()
            out = b.cli("debug", "message", m["id"])
            assert "timeline" in out and "webhook" in out and m["id"] in out and "bytes)" in out, out
            out += b.cli("debug", "message", sent["id"]) + b.cli("debug", "job", "messages", job) + b.cli("debug", "delivery", delivery)
            out += b.cli("debug", "conversation", m["conversation_id"]) + b.cli("debug", "message", m["id"], "--json")
            for word in ("34600123456", "+34600", "confidential", "secret answer"):
                assert word not in out, (word, out)
            told = json.loads(b.cli("debug", "message", m["id"], "--json"))
            equal((told["message"]["id"], told["message"]["direction"]), (m["id"], "inbound"))
            equal(told["message"]["content"], "(18 bytes)")
        assert "confidential words" in b.cli("debug", "message", m["id"], "--words")
        assert "34600123456" not in b.cli("debug", "message", m["id"], "--words")
        b.cli("debug", "message", "019b8d99-6f24-7125-bafb-f4538fb58925", code=66)
        b.cli("debug", "message", "../../x", code=64)
        b.cli("debug", "job", job, code=64)
        b.cli("debug", code=64)


def test_bench_measures_and_leaves_nothing():
    with Box(n8n=None, doubles=False) as b:
        before = sorted(os.listdir(b.data))
        found = json.loads(b.cli("bench", "--seconds", "1", "--json"))
        assert all(found[k]["count"] > 0 and found[k]["p50_us"] <= found[k]["p99_us"] for k in ("sync", "acknowledged", "http")), found
        equal(sorted(os.listdir(b.data)), before)
        equal(b.get("/api/v1/deliveries")["data"], [], "nothing of it is in the box")
        b.cli("bench", "--seconds", "0", code=64)


def test_config_tells_what_differs_and_where_from():
    with Box(doubles=False) as b:
        b.cli("config", "set", "company_name", "Almacén")
        out = b.cli("config", "diff")
        assert "company_name" in out and "database" in out and "argument" in out, out
        assert "retention_events_days" not in out, out
        # What the command line says stands above the database: who changes it there is told.
        key = next(k for k in b.settings if k not in ("data_dir", "listen", "hooks_listen"))
        assert "counts before it" in b.cli("config", "set", key, str(b.settings[key])), key
        # A wrong name is answered with the nearest right one; a list of nothing says so.
        for words in (("get", "web_treads"), ("set", "web_treads", "70"), ("unset", "web_treads")):
            out = b.cli("config", *words, code=65)
            assert "perhaps web_threads" in b.last.stderr + out, (words, b.last)
        b.cli("config", "list", "nothing.", code=66)
        # A file that is not there cannot be set; what is set counts live where that is promised, and else says so.
        b.cli("config", "set", "tls_cert", "/nowhere/cert.pem", code=65)
        assert "next start" not in b.cli("config", "set", "company_name", "Otro")
        equal(b.cli("config", "get", "company_name").strip(), "Otro")
        assert "next start" in b.cli("config", "set", "web_threads", "70")
        # A variable that is nearly a setting: the box runs, and check tells.
        p = subprocess.run([b.binary, "check", "--data", b.dir + "/x", "--json"], stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "TOTEM_WEB_TREADS": "3"})
        found = [f for f in json.loads(p.stdout)["data"] if f["code"] == "SETTINGS"][0]
        assert found["state"] == "warning" and "perhaps web_threads" in found["detail"], found
        conf = b.dir + "/totem.conf"
        open(conf, "w").write("# comment\n\nretention_events_days = 9000\n")
        p = subprocess.run([b.binary, "check", "--data", b.dir + "/x", "--config", conf, "--json"], stdout=subprocess.PIPE, text=True)
        detail = [f["detail"] for f in json.loads(p.stdout)["data"] if f["code"] == "SETTINGS"][0]
        for word in ("totem.conf:3", "retention_events_days", "9000", "1", "365"):
            assert word in detail, detail
        p = subprocess.run([b.binary, "check", "--data", b.dir + "/x", "--json"], stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "TOTEM_RETENTION_EVENTS_DAYS": "many"})
        detail = [f["detail"] for f in json.loads(p.stdout)["data"] if f["code"] == "SETTINGS"][0]
        assert "TOTEM_RETENTION_EVENTS_DAYS" in detail and "many" in detail, detail


def test_one_person_is_handed_over_and_erased_everywhere():
    import sqlite3
    with Box(n8n=None) as b:
        person, other = "34600111222", "34600333444"
        for n in range(3):
            b.hook(meta_hook(person, f"geheim {n}"))
            b.hook(meta_hook(other, f"kept {n}"))
        b.send(person, "geheim answer", headers={"Idempotency-Key": "k1"})
        b.wait_idle()
        contacts = {json.dumps(c): c["id"] for c in b.get("/api/v1/contacts?limit=100")["data"]}
        mine = [i for text, i in contacts.items() if person in text]
        equal(len(mine), 1, str(contacts))
        equal(b.get(f"/api/v1/contacts/{mine[0]}/holdings"), {"conversations": 1, "messages": 4, "files": 0, "file_bytes": 0})
        thread = [v["id"] for v in b.get("/api/v1/conversations?limit=100")["data"] if v["contact_id"] == mine[0]]
        equal(b.api("PATCH", f"/api/v1/conversations/{thread[0]}/attributes", {"order": "geheim 7"}).status, 200)
        b.cli("backup")
        report = b.api("DELETE", f"/api/v1/contacts/{mine[0]}")
        equal(report.status, 200, str(report))
        r = report.json
        equal(r["messages"], 4)
        assert r["deliveries"] >= 3 and len(r["backups"]) == 1, r
        b.get(f"/api/v1/contacts/{mine[0]}", status=404)
        equal(b.api("DELETE", f"/api/v1/contacts/{mine[0]}").status, 404)
        assert not any("geheim" in json.dumps(m) for m in b.messages())
        equal(len([m for m in b.messages() if "kept" in json.dumps(m)]), 3)
        b.wait_idle()
        b.cli("prove")
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        left = []
        for (t,) in db.execute("SELECT name FROM pragma_table_list WHERE schema='main' AND type='table' AND name NOT LIKE 'sqlite_%'").fetchall():
            for row in db.execute(f'SELECT * FROM "{t}"'):
                line = " ".join(x.decode(errors="replace") if isinstance(x, bytes) else str(x) for x in row)
                if person in line or "geheim" in line:
                    left.append((t, line[:200]))
        db.close()
        equal(left, [], "nothing of the person is left")
        b.start()
        b.hook(meta_hook(person, "again"))
        wait_until(lambda: [m for m in b.messages() if "again" in json.dumps(m)], what="a new life begins")


def taken(data):
    """The files of an archive; its lines as one list by part."""
    with tarfile.open(fileobj=io.BytesIO(data)) as t:
        files = {m.name: t.extractfile(m).read() for m in t.getmembers()}
    parts = {}
    for name, text in files.items():
        if name.endswith(".jsonl"):
            part = name.split("/")[1].rsplit("-", 1)[0]
            parts.setdefault(part, []).extend(json.loads(line) for line in text.decode().splitlines())
    return files, parts


def test_one_person_gets_everything_that_is_held_of_them():
    with Box(n8n=None) as b:
        person, other = "34600111222", "34600333444"
        b.hook(meta_hook(person, "primero"))
        b.hook(meta_hook(other, "ajeno"))
        # One request about both, and one whose status nobody waits for.
        b.hook(meta_body([meta_value([meta_text(person, "juntos")]), meta_value([meta_text(other, "ajeno junto")])]))
        picture = png()
        f = http_call(b.peers.port["meta"], "POST", "/_double/file?mime=image/png", picture).json
        b.peers.say("meta", **{"from": person, "message": {"type": "image", "image": {"id": f["id"], "mime_type": "image/png", "sha256": f["sha256"]}}})
        group = {**meta_text(person, "en el grupo"), "group_id": "Y2FwaV9ncm91cDoxNzA1NTUwMTMwOToxMjAzNjM0MDQ2OTQyMzM4MjAZD"}
        said = {**meta_text(other, "ajeno en el grupo"), "group_id": group["group_id"]}
        b.hook(meta_body([meta_value([group])]))
        b.hook(meta_body([meta_value([said])]))
        sent = b.send(person, "respuesta", headers={"Idempotency-Key": "k1"})
        b.wait_idle()
        wait_until(lambda: [m for m in b.messages() if m["media"] and m["media"]["state"] == "stored"], what="its picture")
        thread = [v for v in b.get("/api/v1/conversations?limit=100")["data"] if person in json.dumps(v)][0]
        equal(b.api("PATCH", f"/api/v1/conversations/{thread['id']}/attributes", {"pedido": "siete"}).status, 200)
        b.api("POST", f"/api/v1/conversations/{thread['id']}/labels", {"labels": ["vip"]})
        b.post("/api/v1/queues/messages/pause")
        b.send(person, "espera")
        b.cli("export", "person", "+" + person, "--out", b.dir + "/one.tar")
        files, parts = taken(open(b.dir + "/one.tar", "rb").read())
        texts = [m["content"] for m in parts["messages"]]
        assert {"primero", "juntos", "respuesta", "espera"} <= set(texts) and len(texts) == 5, texts
        equal([m["content"] for m in parts["said-in-groups"]], ["en el grupo"])
        equal(len(parts["work"]), 1, "what waits")
        assert person in json.dumps(parts["contacts"][0]["spellings"])
        equal([(v["labels"], [(a["name"], a["value"]) for a in v["attributes"]]) for v in parts["conversations"]], [(["vip"], [("pedido", "siete")])])
        answer = [m for m in parts["messages"] if m["content"] == "respuesta"][0]
        assert [s["status"] for s in answer["statuses"]] and answer["attempts"][0]["status"] == 200, answer
        equal([(n[-4:], v == picture) for n, v in files.items() if "/media/" in n], [(".png", True)])
        bodies = [json.dumps(d["body"]) for d in parts["raw-requests"]]
        assert any("primero" in t for t in bodies) and any("names others" in t for t in bodies), bodies
        assert parts["events"] and parts["kept-answers"] and parts["messages-at-chatwoot"], sorted(parts)
        assert not any(b"ajeno" in f or other.encode() in f for f in files.values()), "nothing of others"
        assert all(word in files["totem-person/README.txt"].decode() for word in ("person", "persona", "pessoa"))
        # By API the same, and the log tells of both; who may read settings alone gets nothing.
        a = b.api("GET", f"/api/v1/contacts/{thread['contact_id']}/export")
        equal(taken(a.body)[1]["messages"], parts["messages"])
        noted = b.get("/api/v1/audit?action=contacts.export")["data"]
        equal([n["subject"] for n in noted], [thread["contact_id"]] * 2)
        equal(taken(b.api("GET", f"/api/v1/contacts/{thread['contact_id']}/export").body)[1]["audit"][0]["action"], "conversations.attributes.change")
        equal(b.api("GET", f"/api/v1/contacts/{thread['contact_id']}/export", token=b.new_token("s", "settings")).status, 403)
        b.cli("export", "person", "nobody", code=66)
        b.stop()
        b.cli("export", "person", person, "--out", b.dir + "/two.tar")
        equal(taken(open(b.dir + "/two.tar", "rb").read())[1]["messages"], parts["messages"], "without a server")
        # Lists, in pages that are put together.
        lines = b.cli("export", "messages", "direction=inbound").splitlines()
        equal(sorted(json.loads(x)["content"] for x in lines if "primero" in x or "ajeno" in x), ["ajeno", "ajeno en el grupo", "ajeno junto", "primero"])
        csv = b.cli("export", "deliveries", "--format", "csv", "--from", "2026-01-01T00:00:00Z")
        equal(csv.count("request_id"), 1, "one head")
        told = json.loads(b.cli("export", "contacts", "--out", b.dir + "/c.jsonl", "--json"))
        equal(told["bytes"], os.path.getsize(b.dir + "/c.jsonl"))
        b.cli("export", "contacts", "--out", b.dir + "/c.jsonl", code=73)  # it is there
        b.cli("export", "templates", "--from", "2026-01-01T00:00:00Z", code=64)
        b.cli("export", "nothing", code=64)


def test_backups_go_to_a_store_and_come_back():
    s3 = Store(page=3)
    try:
        with Box(settings={"backup_s3_url": s3.url(), "backup_s3_key_id": KEY_ID, "backup_s3_secret": S3_SECRET, "backup_s3_keep": "2"},
                 doubles=False) as b:
            for n in range(20):
                b.hook(meta_hook("34600123456", f"m{n}"))
            os.makedirs(b.data + "/media/1/ab", exist_ok=True)
            open(b.data + "/media/1/ab/big", "wb").write(os.urandom(9 * 1024 * 1024))  # two pieces
            open(b.data + "/media/1/ab/small", "wb").write(b"erased after the first backup")
            small = hashlib.sha256(b"erased after the first backup").hexdigest()
            asked = []
            s3.list = lambda q, of=s3.list: asked.append(q["prefix"][0]) or of(q)
            s3.fail = 1  # weather
            for n in range(3):
                if n == 1:
                    assert [k for k in s3.objects if small in k], "sent"
                    os.remove(b.data + "/media/1/ab/small")
                if n == 2:  # its list is read at the store
                    shutil.rmtree(max(glob.glob(b.data + "/backups/totem-*")))
                b.post("/api/v1/backups", status=202)
                wait_until(lambda: b.log().count("backup.sent") == n + 1, what="sent", timeout=60)
                wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], what="idle")
                time.sleep(1.1)
            equal(s3.refused, [])
            names = {k.split("/")[2] for k in s3.objects if "/totem-" in k}
            equal(len(names), 2, "the oldest went")
            wait_until(lambda: not [k for k in s3.objects if small in k], what="and what only it had")
            equal(len([k for k in s3.objects if "/media/" in k]), 2, "the rest stays")
            equal({p.split("/media/")[1] for p in asked if "/media/" in p}, {""}, "one list, none for each file")
            b.stop()
            sets = [x for k, v in b.settings.items() if k.startswith("backup_s3") for x in ("--set", f"{k}={v}")]
            new = b.dir + "/new"
            name = sorted(names)[-1]
            # Hundreds of older ones, and one that a clock ahead made.
            s3.page, own = 1000, dict(s3.objects)
            for old in [f"totem-2020{i:04}T000000Z" for i in range(600)] + ["totem-2099" + name[10:]]:
                s3.objects.update({k.replace(name, old): v for k, v in own.items() if f"{name}/manifest" in k})
            os.makedirs(new + "/backups")
            with open(new + "/backups/.lock", "w") as lock:  # somebody rotates there
                fcntl.flock(lock, fcntl.LOCK_EX)
                p = subprocess.run([b.binary, "backup", "fetch", "--data", new, *sets], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                assert p.returncode == 73 and "another backup" in p.stderr, p
            p = subprocess.run([b.binary, "backup", "fetch", "--data", new, *sets], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            equal(p.returncode, 0, str(p))
            assert f"fetched {name} " in p.stdout, p
            s3.page, s3.objects = 3, own
            p = subprocess.run([b.binary, "restore", name, "--data", new, "--without-key"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            equal(p.returncode, 0, str(p))
            equal(open(new + "/media/1/ab/big", "rb").read(), open(b.data + "/media/1/ab/big", "rb").read(), "media")
            # A wrong secret is told.
            p = subprocess.run([b.binary, "backup", "fetch", "--data", b.dir + "/x", *sets, "--set", "backup_s3_secret=wrong"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert p.returncode != 0 and "403" in p.stderr, p
            # What a command made while no server ran is sent by the next one, once.
            made = json.loads(b.cli("backup", "--json"))["name"]
            b.start()
            wait_until(lambda: b.log().count("backup.sent") == 4, what="sent after the start", timeout=60)
            assert made in {k.split("/")[2] for k in s3.objects if k.endswith("manifest.json.00001")}, made
            wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], what="idle")
            b.stop()
            b.start()
            # The thread has looked once; what it decided then comes before the backup that is asked for now.
            wait_until(lambda: b.get("/api/v1/backups")["state"]["next_at"], what="looked")
            b.post("/api/v1/backups", status=202)
            made = wait_until(lambda: [x["name"] for x in b.get("/api/v1/backups")["data"] if x["name"] > made], what="the next one")[0]
            wait_until(lambda: re.search(f'"backup.sent".*"{made}"', b.log()), what="the next one is sent", timeout=60)
            equal(b.log().count("backup.sent"), 5, "it is there")
    finally:
        s3.close()


def test_a_stick_of_this_box_only():
    with Box(doubles=False) as b:
        for name in ("mine", "strange"):
            os.makedirs(f"{b.dir}/{name}")
        b.cli("backup", "stick", b.dir + "/mine", "--prepare")
        b.cli("backup", "stick", b.dir + "/mine")
        assert [x for x in os.listdir(b.dir + "/mine/totem-backups") if x.startswith("totem-2")]
        equal(b.get("/api/v1/backups")["stick"]["state"], "done")
        b.cli("backup", "stick", b.dir + "/strange", code=77)
        equal(os.listdir(b.dir + "/strange"), [])
        equal(b.get("/api/v1/backups")["stick"]["state"], "failed")
        b.cli("verify", "--from", b.dir + "/mine/totem-backups")


def test_retention_by_age_and_by_size():
    import sqlite3
    with Box(n8n=None) as b:
        for n in range(6):
            b.hook(meta_hook("34600123456", f"old {n}"))
        b.wait_idle()
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        day = 86400000
        old = [r[0] for r in db.execute("SELECT id FROM whatsapp_messages ORDER BY id LIMIT 4")]
        db.execute(f"UPDATE whatsapp_messages SET created_at = created_at - 40 * {day} WHERE id <= ?", (old[-1],))
        db.execute("INSERT INTO incidents(kind, subject, text, count, opened_ms, updated_ms, closed_ms) VALUES ('x','box','long ago',1,1,1,2)")
        db.execute("INSERT INTO dead_letters(queue, class, reason, error, okey, lane, prio, attempts, ref, job_created_ms, created_ms) "
                   "VALUES ('messages','ours','x','old',0,0,1,1,0,1,1)")
        db.execute("UPDATE queues SET dead = dead + 1, accepted = accepted + 1 WHERE name = 'messages'")
        db.executemany("INSERT INTO webhook_deliveries(received_ms,company_id,target_id,source,outcome,request_id,signature,headers,body_size,body) "
                       f"VALUES(?,1,0,'meta','x','r','valid','{{}}',10000,?)", [(int(time.time() * 1000) - day, os.urandom(10000)) for _ in range(700)])
        db.commit()
        db.close()
        b.settings.update({"retention_messages_days": "30", "retention_dead_letters_days": "100", "database_max_mib": "3"})
        b.start()
        wait_until(lambda: len(b.messages(direction="inbound")) == 2, what="old messages go")
        wait_until(lambda: not b.dead_letters(), what="old letters go")
        wait_until(lambda: not [i for i in b.get("/api/v1/incidents")["data"] if i["kind"] == "x"], what="old incidents go")

        def used():
            d = sqlite3.connect(f"file:{b.data}/totem.db?mode=ro", uri=True)
            p, f = d.execute("PRAGMA page_count").fetchone()[0], d.execute("PRAGMA freelist_count").fetchone()[0]
            d.close()
            return (p - f) * 4096
        wait_until(lambda: used() < 3 * 1024 * 1024, what=lambda: f"the size goes down ({used()})")
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        for t, key in (("message_statuses", "message_id"), ("message_attempts", "message_id"), ("message_media", "message_id")):
            equal(db.execute(f"SELECT count(*) FROM {t} WHERE {key} <= ?", (old[-1],)).fetchone()[0], 0, t)
        db.close()
        b.start()


def test_a_read_only_disk_is_told_and_loses_nothing():
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("needs root and mount namespaces: passed over")
        return
    with Box(doubles=False) as b:
        equal(b.hook(meta_hook("34600123456", "before")).status, 200)
        wait_until(lambda: len(b.messages()) == 1, what="stored")
        b.stop()
        script = f"mount --bind {b.data} {b.data} && mount -o remount,ro,bind {b.data} && exec \"$@\""
        p = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *b.arguments()], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                           timeout=30)
        assert p.returncode != 0 and ("read-only" in p.stderr.lower() or "readonly" in p.stderr.lower()), p
        p = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", b.binary, "check", "--data", b.data, "--json"], stdout=subprocess.PIPE,
                           text=True, timeout=30)
        assert any(f["code"] == "READ_ONLY" and f["state"] == "WRONG" for f in json.loads(p.stdout)["data"]), p
        disk = b.dir + "/disk"
        os.mkdir(disk)
        p = subprocess.run(["unshare", "-m", "sh", "-c", script.replace(b.data, disk), "sh", b.binary, "check", "--data", b.data, "--json", "--set",
                            f"backup_dir={disk}"], stdout=subprocess.PIPE, text=True, timeout=30)
        found = {f["code"]: f for f in json.loads(p.stdout)["data"]}
        assert f"ReadWritePaths={disk}" in found["BACKUP_FOLDER"]["cure"], found
        b.start()
        equal(len(b.messages()), 1)


def test_what_root_does_in_a_folder_of_the_service_stays_usable_for_it():
    """A restore, a setting, a backup by root: the service's user starts on what they made. Files of another owner are told with the cure."""
    if os.geteuid() != 0:
        print("needs root: passed over")
        return
    nobody = 65534
    with Box(doubles=False, start=False) as b:
        os.chmod(b.dir, 0o755)
        program = shutil.copy(b.binary, b.dir + "/totem")
        owners = lambda: {os.path.join(f, x): os.lstat(os.path.join(f, x)).st_uid for f, d, n in os.walk(b.data) for x in d + n}
        secret = b.dir + "/passphrase"
        Path(secret).write_text("of root alone\n")
        os.chmod(secret, 0o600)

        def starts():
            p = subprocess.Popen(["setpriv", "--reuid", str(nobody), "--regid", str(nobody), "--clear-groups", program, *b.arguments()[1:]],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            line = p.stdout.readline()
            p.terminate()
            return line.startswith("listening "), p.communicate(timeout=30)[1]
        shutil.rmtree(b.data)
        os.mkdir(b.data, 0o700)
        os.chown(b.data, nobody, nobody)
        b.cli("config", "set", "company_name", "Ours")
        equal(set(owners().values()), {nobody}, "a setting before the first start")
        ok, told = starts()
        assert ok, told
        b.cli("backup", "--fast", "--passphrase-file", secret)
        name, = [x for x in os.listdir(b.data + "/backups") if x.startswith("totem-")]
        b.cli("restore", name, "--passphrase-file", secret)
        equal({k: v for k, v in owners().items() if v != nobody}, {}, "a backup and a restore")
        ok, told = starts()
        assert ok, told
        # From before, or by another program.
        os.chown(b.data + "/totem.db", 0, 0)
        ok, told = starts()
        assert not ok and f"chown -R --reference={b.data} {b.data}" in told, told
        found = {f["code"]: f for f in json.loads(b.cli("check", "--json", code=1))["data"]}
        assert "totem.db" in found["OWNER"]["detail"] and "chown -R" in found["OWNER"]["cure"], found
        subprocess.run(["chown", "-R", f"--reference={b.data}", b.data], check=True)
        assert starts()[0]
        assert "OWNER" not in b.cli("check", "--json", code=None)


def test_a_full_disk_is_told_and_loses_nothing():
    """To the last byte, in a file system of its own: 503, no start, the cure; with room again everything that was acknowledged is there."""
    mount = 'mount -t tmpfs -o size=150m tmpfs "$1" && shift && exec "$@"'
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("needs root and mount namespaces: passed over")
        return
    if os.environ.get("TOTEM_FULL_DISK") is None:
        with tempfile.TemporaryDirectory() as folder:
            p = subprocess.run(["unshare", "-m", "sh", "-c", mount, "sh", folder, sys.executable, str(ROOT / "tests/integration/run.py"), BINARY,
                                tools(), "--one", "test_operate", "test_a_full_disk_is_told_and_loses_nothing"],
                               env={**os.environ, "TMPDIR": folder, "TOTEM_FULL_DISK": "1"}, timeout=90, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
            assert p.returncode == 0, p.stdout[-3000:]
        return
    with Box(doubles=False) as b:
        send = lambda n: [b.hook(meta_hook("34600123456", f"m{k} " + "x" * 2000)).status for k in range(n)]
        equal(send(20), [200] * 20)

        def fill():
            with open(b.dir + "/filler", "wb", buffering=0) as f:
                with contextlib.suppress(OSError):
                    while True:
                        f.write(bytes(1 << 20))
                with contextlib.suppress(OSError):
                    while True:
                        f.write(bytes(4096))

        def told():
            p = subprocess.run(b.arguments(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
            assert p.returncode == 69 and f"The disk of {b.data} is full. Free some space" in p.stderr, p
            p = subprocess.run([b.binary, "check", "--data", b.data, "--json"], stdout=subprocess.PIPE, text=True, timeout=30)
            bad = [f["code"] for f in json.loads(p.stdout)["data"] if f["state"] == "WRONG"]
            assert "SPACE" in bad and not {"FOLDER", "DATABASE"} & set(bad), bad
        fill()
        answers = send(30)
        assert set(answers) <= {200, 503} and answers[-1] == 503, answers
        wait_until(lambda: b"disk-low" in b.api("GET", "/readyz").body, what="told")
        b.kill()
        told()
        os.unlink(b.dir + "/filler")
        b.start()
        equal(send(3), [200] * 3)
        wait_until(lambda: len(b.messages()) == 20 + answers.count(200) + 3, what="all that was acknowledged")
        b.cli("prove")
        # After a clean stop not even the log's index is there: SQLite calls it an input/output error.
        b.stop()
        fill()
        told()
        os.unlink(b.dir + "/filler")
        # The very first start.
        shutil.rmtree(b.data)
        os.mkdir(b.data, 0o700)
        fill()
        told()
        os.unlink(b.dir + "/filler")
        b.start()
