#!/usr/bin/env python3
"""A backup of a large database beside writers: how long it takes and by how much it slows them, in one run.

    backup.py BINARY FOLDER [--mib 1024] [--seconds 8] [--rounds 3] [--pace N]

FOLDER holds the program `load`. Rounds alternate: writers alone, writers beside a backup. Prints JSON as its last line."""
import argparse, json, os, re, sqlite3, statistics, subprocess, sys, time
from pathlib import Path
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))


def fill(path, mib):
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    first = db.execute("SELECT coalesce(max(id),0) FROM webhook_deliveries").fetchone()[0]
    n = mib * 1024 * 1024 // 1700
    body = os.urandom(700).hex()[:1400]
    for start in range(0, n, 20000):
        db.executemany("INSERT INTO webhook_deliveries(id,received_ms,company_id,target_id,source,outcome,request_id,signature,headers,body_size,body) "
                       "VALUES(?,?,1,0,'meta','bench','r','valid','{}',1400,?)",
                       ((first + i + 1, int(time.time() * 1000), (body[:1390] + f"{i:010}").encode()) for i in range(start, min(start + 20000, n))))
        db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def cpu_seconds(pid, thread=None):
    """Of the whole process or its thread of that name: on a machine with other work it says more than the clock."""
    where = Path(f"/proc/{pid}")
    if thread:
        where = next(t for t in (where / "task").iterdir() if (t / "comm").read_text().strip() == thread)
    words = (where / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("folder")
    a.add_argument("--mib", type=int, default=1024)
    a.add_argument("--seconds", type=float, default=8)
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--pace", type=int)
    a.add_argument("--rate", type=int, default=0, help="requests per second; 0: as many as fit")
    o = a.parse_args()
    os.environ["TOTEM_BINARY"] = os.path.abspath(o.binary)
    import lib
    settings = {"backup_every_hours": "0"}
    if o.pace:
        settings["backup_pace"] = str(o.pace)

    def load(port):
        words = [o.folder + "/load", "--url", f"http://127.0.0.1:{port}/webhooks/whatsapp", "--json", "--secret", lib.SECRET,
                 "--phone-id", lib.PHONE_ID, "--connections", "64", "--seconds", str(o.seconds)]
        if o.rate:
            words += ["--rate", str(o.rate)]
        p = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
        return json.loads(p.stdout)

    with lib.Box(settings=settings, doubles=False) as b:
        b.stop()
        fill(b.data + "/totem.db", o.mib)
        b.start()
        for q in ("webhooks",):
            b.post(f"/api/v1/queues/{q}/pause")
        began, used = time.monotonic(), cpu_seconds(b.process.pid)
        b.post("/api/v1/backups", status=202)
        lib.wait_until(lambda: b.get("/api/v1/backups")["data"], timeout=300, what="made", every=0.2)
        alone, cpu = time.monotonic() - began, cpu_seconds(b.process.pid) - used
        lib.wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], timeout=60, what="idle")
        rates = {"alone": [], "beside": []}
        p99 = {"alone": [], "beside": []}
        shares = []  # of the machine, while the writers want all of it
        for i in range(o.rounds):
            # Now this first, now that: what drifts on the machine takes no side.
            for kind in ("alone", "beside") if i % 2 == 0 else ("beside", "alone"):
                if kind == "beside":
                    b.post("/api/v1/backups", status=202)
                used = cpu_seconds(b.process.pid, "backup")
                j = load(b.hooks)
                used = cpu_seconds(b.process.pid, "backup") - used
                if kind == "beside":
                    shares.append(used / o.seconds / os.cpu_count())
                busy = b.get("/api/v1/backups")["state"]
                rates[kind].append(j["per_second"] if "per_second" in j else j["ok"] / o.seconds)
                p99[kind].append(j.get("p99_us", j.get("p99_ms", 0)))
                if kind == "beside":
                    print(f"{kind}: {rates[kind][-1]:.0f}/s; backup at step {busy['at']} of {busy['of']}", file=sys.stderr)
                    lib.wait_until(lambda: not b.get("/api/v1/backups")["state"]["busy"], timeout=300, what="idle", every=0.2)
                else:
                    print(f"{kind}: {rates[kind][-1]:.0f}/s", file=sys.stderr)
        pairs = [x / y for x, y in zip(rates["beside"], rates["alone"])]
        ratio = statistics.median(pairs)
        print(json.dumps({"database_mib": o.mib, "backup_s": round(alone, 1), "alone_per_s": round(statistics.median(rates["alone"])),
                          "beside_per_s": round(statistics.median(rates["beside"])), "ratio": round(ratio, 3), "ratios": [round(x, 3) for x in pairs],
                          "backup_cpu_s": round(cpu, 1), "backup_share": round(statistics.mean(shares), 4),
                          "p99_alone": statistics.median(p99["alone"]), "p99_beside": statistics.median(p99["beside"])}))


if __name__ == "__main__":
    main()
