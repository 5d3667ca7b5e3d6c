#!/usr/bin/env python3
"""Opening conversations in a large database: what the page asks for, timed at the API.

    talks.py BINARY [--conversations 100000] [--messages 5000000] [--rounds 40] [--index SECONDS] [--stay]

Contacts, conversations and messages are put in by SQL, as months of writing would leave them: the messages of a conversation lie
far from each other, one conversation has a 251st of all. Full-text search is then filled by the box itself (--index waits for it).
Prints a line per question, milliseconds as the client sees them over a connection of its own; the last line is JSON."""
import argparse, json, os, random, sqlite3, statistics, sys, time
from pathlib import Path
from urllib.parse import quote
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

WORDS = ("pedido envío mañana pago tarjeta tienda precio talla azul factura dirección gracias hola quiero cambio entrega horario "
         "abierto cerrado código producto oferta señor niño corazón três não endereço frete ótimo obrigado order delivery size").split()
STEP = 250_000


def fill(path, conversations, messages, company, channel):
    db = sqlite3.connect(path)
    for p in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-400000"):
        db.execute("PRAGMA " + p)
    now, span = int(time.time() * 1000), 300 * 86_400_000
    first = now - span
    db.execute("CREATE TEMP TABLE words(i INTEGER PRIMARY KEY, w TEXT)")
    db.executemany("INSERT INTO words VALUES(?,?)", enumerate(WORDS))
    n = {"c": company, "h": channel, "first": first, "span": span, "talks": conversations, "messages": messages, "words": len(WORDS)}
    series = "WITH RECURSIVE k(i) AS (SELECT :from UNION ALL SELECT i + 1 FROM k WHERE i + 1 < :to) "
    for a in range(1, conversations + 1, STEP):
        at = dict(n, **{"from": a, "to": min(a + STEP, conversations + 1)})
        db.execute(series + "INSERT INTO contacts(id,company_id,name,created_ms,updated_ms) SELECT i,:c,'Cliente Núñez '||i,:first,:first FROM k", at)
        db.execute(series + "INSERT INTO contact_aliases(company_id,kind,match,contact_id,alias,created_ms) "
                   "SELECT :c,'phone',CAST(34600000000+i AS TEXT),i,CAST(34600000000+i AS TEXT),:first FROM k", at)
        db.execute(series + "INSERT INTO whatsapp_conversations(id,company_id,channel_id,contact_id,wa_id,created_ms) "
                   "SELECT i,:c,:h,i,CAST(34600000000+i AS TEXT),:first FROM k", at)
        db.commit()
    for a in range(1, messages + 1, STEP):
        db.execute(series + """INSERT INTO whatsapp_messages(id,company_id,conversation_id,channel_id,delivery_id,direction,type,status,sending,sender_type,
            source,timestamp,created_at,meta_message_id,wa_id,sender_name,content)
            SELECT i,:c,v,:h,0,iif(o,'outbound','inbound'),'text',iif(o,'read','delivered'),iif(o,'done',NULL),iif(o,'crm_agent','customer'),
              iif(o,'api','customer'),:first+i*(:span/:messages),:first+i*(:span/:messages),'wamid.bench'||i,CAST(34600000000+v AS TEXT),iif(o,'Ana',NULL),
              (SELECT w FROM words WHERE i=k.i%:words)||' '||(SELECT w FROM words WHERE i=(k.i/7)%:words)||' '||(SELECT w FROM words WHERE i=(k.i/31)%:words)||
              ' '||(SELECT w FROM words WHERE i=(k.i/97)%:words)||' '||k.i
            FROM (SELECT i, iif(i%251=0,1,1+(i*7919)%:talks) AS v, i%3=0 AS o FROM k) AS k""", dict(n, **{"from": a, "to": min(a + STEP, messages + 1)}))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.execute("""UPDATE whatsapp_conversations SET (last_message_id,last_message_at)=(SELECT id,timestamp FROM whatsapp_messages AS m
        WHERE m.company_id=:c AND m.conversation_id=whatsapp_conversations.id ORDER BY timestamp DESC LIMIT 1),
        unread_count=iif(id%50=0,2,0), assigned_user_id=iif(id%20=0,1,0), status=iif(id%3=0,'resolved','open')""", {"c": company})
    db.execute("UPDATE whatsapp_conversations SET last_inbound_ms=last_message_at")
    db.execute("INSERT INTO conversation_labels(conversation_id,label) SELECT id,iif(id%1000=0,'vip','envío') FROM whatsapp_conversations WHERE id%10=0")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def timed(b, path, rounds):
    took = []
    for r in range(rounds):
        began = time.perf_counter()
        a = b.api("GET", path(r) if callable(path) else path)
        took.append((time.perf_counter() - began) * 1000)
        assert a.status == 200, (path, a)
    took.sort()
    return {"median_ms": round(statistics.median(took), 1), "p95_ms": round(took[int(len(took) * .95)], 1), "max_ms": round(took[-1], 1)}


def questions(b, rounds):
    talks = []
    after = ""
    for _ in range(4):
        page = b.get(f"/api/v1/conversations?limit=500{after}")
        talks += page["data"]
        after = "&after=" + page["next"]
    pick = lambda r: talks[r * 37 % len(talks)]["id"]
    big = next((t["id"] for t in talks if t["wa_id"] == "34600000001"), talks[0]["id"])
    page = b.get(f"/api/v1/conversations/{big}/messages?limit=500")
    deep = page
    for _ in range(12):
        if deep["next"] is None:
            break
        deep = b.get(f"/api/v1/conversations/{big}/messages?limit=500&after={deep['next']}")
    far = deep["data"][-1]["id"]
    return {
        "list, first page": "/api/v1/conversations?limit=100",
        "list, behind 2000": "/api/v1/conversations?limit=100" + after,
        "list, unread": "/api/v1/conversations?limit=100&unread=true",
        "list, nobody's": "/api/v1/conversations?limit=100&assigned=none",
        "list, resolved": "/api/v1/conversations?limit=100&status=resolved",
        "list, a state that none has": "/api/v1/conversations?limit=100&status=snoozed",
        "list, rare label": "/api/v1/conversations?limit=100&label=vip",
        "list, frequent label": "/api/v1/conversations?limit=100&label=env%C3%ADo",
        "unread count": "/api/v1/conversations/unread",
        "labels": "/api/v1/labels",
        "open: conversation": lambda r: f"/api/v1/conversations/{pick(r)}",
        "open: messages": lambda r: f"/api/v1/conversations/{pick(r)}/messages?limit=60",
        "open: the largest": f"/api/v1/conversations/{big}/messages?limit=60",
        "jump far back": f"/api/v1/conversations/{big}/messages?limit=60&from={far}",
        "and newer again": f"/api/v1/conversations/{big}/messages?limit=60&before={deep['prev']}",
        "find a name": "/api/v1/conversations?limit=100&search=nunez%2099",
        "find a number": "/api/v1/conversations?limit=100&search=34600054321",
        "find two letters": "/api/v1/conversations?limit=100&search=54",
        "find words": lambda r: f"/api/v1/messages/search?limit=30&q={quote(random.choice(WORDS[:15]))}%20factura",
        "find a word that is everywhere": "/api/v1/messages/search?limit=30&q=pedido",
        "find two letters that none has": "/api/v1/conversations?limit=100&search=zz",
        "find in a small conversation": lambda r: f"/api/v1/messages/search?limit=50&q=pedido&conversation_id={pick(r)}",
        "find in one conversation": f"/api/v1/messages/search?limit=30&q=factura&conversation_id={big}",
    }


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("--conversations", type=int, default=100_000)
    a.add_argument("--messages", type=int, default=5_000_000)
    a.add_argument("--rounds", type=int, default=40)
    a.add_argument("--index", type=int, default=0, help="seconds to wait for the search index")
    a.add_argument("--stay", action="store_true", help="leave the box running, for a browser")
    o = a.parse_args()
    os.environ["TOTEM_BINARY"] = os.path.abspath(o.binary)
    import lib
    with lib.Box(settings={"backup_every_hours": "0"}, doubles=False) as b:
        b.stop()
        db = sqlite3.connect(b.data + "/totem.db")
        channel = db.execute("SELECT id, company_id FROM targets WHERE kind='channel'").fetchone()
        db.close()
        began = time.monotonic()
        fill(b.data + "/totem.db", o.conversations, o.messages, channel[1], channel[0])
        out = {"fill_s": round(time.monotonic() - began), "mib": os.path.getsize(b.data + "/totem.db") >> 20}
        print(out, flush=True)
        b.start(120)
        waiting, end = lambda: b.get("/api/v1/messages/search?q=zzz")["not_indexed_yet"], time.monotonic() + o.index
        began, at = time.monotonic(), waiting()
        while time.monotonic() < end and waiting() > 0:
            time.sleep(2)
        out["index"] = {"not_yet": waiting(), "per_s": round((at - waiting()) / max(time.monotonic() - began, .001))}
        for name, path in questions(b, o.rounds).items():
            out[name] = timed(b, path, o.rounds)
            print(f"{name:34} {out[name]}", flush=True)
        out["rss_mib"] = round(b.rss_mb())
        print(json.dumps(out), flush=True)
        if o.stay:
            print(f"http://127.0.0.1:{b.main}/#token={b.token}  (Ctrl-C ends it)", flush=True)
            try:
                while True:
                    time.sleep(1)
            except KeyboardInterrupt:
                pass


if __name__ == "__main__":
    main()
