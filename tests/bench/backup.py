#!/usr/bin/env python3
"""A backup of a large database beside writers: how long it takes and by how much it slows them, in one run.

    backup.py BINARY FOLDER [--mib 1024] [--seconds 40] [--window 0.5] [--rate N] [--pace N] [--check-pace N] [--nothing]

FOLDER holds the program `load`. One run of writers that want all they can get, beside a backup whose thread is stopped and
let go in turn, window by window (ptrace, so root or the same user): what else happens on the machine takes no side. The
figure is the median, over all neighbours, of (requests while it works / while it stands). Prints JSON as its last line."""
import argparse, ctypes, json, os, random, sqlite3, statistics, subprocess, sys, time
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


def thread_of(pid, name):
    return int(next(t.name for t in Path(f"/proc/{pid}/task").iterdir() if (t / "comm").read_text().strip() == name))


def cpu_seconds(pid, thread=None):
    """Of the whole process or its thread of that name: on a machine with other work it says more than the clock."""
    where = Path(f"/proc/{pid}/task/{thread_of(pid, thread)}" if thread else f"/proc/{pid}")
    words = (where / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Stoppable:
    """One thread of a process that is ours to stop and to let go."""
    SEIZE, INTERRUPT, CONT, DETACH = 0x4206, 0x4207, 7, 17

    def __init__(self, tid):
        self.tid, self.libc = tid, ctypes.CDLL(None, use_errno=True)
        self.call(self.SEIZE)

    def call(self, what):
        if self.libc.ptrace(what, self.tid, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    def stop(self):
        self.call(self.INTERRUPT)
        os.waitpid(self.tid, 0x40000000)  # __WALL: threads too

    def go(self):
        self.call(self.CONT)


def accepted(b):
    text = b.api("GET", "/metrics").body.decode()
    return int(next(l for l in text.splitlines() if l.startswith('totem_queue_accepted_total{queue="webhooks"')).rsplit(" ", 1)[1])


def windows(o, b):
    """Requests per second while the backup works, and while it stands, by turns; apart while one is made and while one is checked."""
    thread = Stoppable(thread_of(b.process.pid, "backup"))
    rates = {phase: {True: [], False: []} for phase in ("make", "check")}
    shares = {phase: [] for phase in rates}
    began = time.monotonic()
    while time.monotonic() - began < o.seconds:
        state = b.get("/api/v1/backups")["state"]
        phase = "make" if state["busy"] or o.nothing else "check" if state["checking"] else None
        if phase is None or (phase == "check" and len(rates["check"][True]) > len(rates["make"][True]) + 10):
            if not state["busy"]:
                b.post("/api/v1/backups", status=202)
            time.sleep(0.05)
            continue
        for works in random.sample((True, False), 2):
            if not works:
                thread.stop()
            count, at, used = accepted(b), time.monotonic(), cpu_seconds(b.process.pid, "backup")
            time.sleep(o.window)
            took = time.monotonic() - at
            rates[phase][works].append((accepted(b) - count) / took)
            if works:
                shares[phase].append((cpu_seconds(b.process.pid, "backup") - used) / took)
            else:
                thread.go()
    return rates, shares


def figures(rates, shares):
    if len(rates[True]) < 2:
        return None
    pairs = [x / y for x, y in zip(rates[True], rates[False])]
    return {"pairs": len(pairs), "stands_per_s": round(statistics.median(rates[False])), "works_per_s": round(statistics.median(rates[True])),
            "ratio": round(statistics.median(pairs), 3), "ratio_quartiles": [round(x, 3) for x in statistics.quantiles(pairs)],
            "ratio_of_sums": round(sum(rates[True]) / sum(rates[False]), 3), "backup_thread_cpu": round(statistics.mean(shares), 3)}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("binary")
    a.add_argument("folder")
    a.add_argument("--mib", type=int, default=1024)
    a.add_argument("--seconds", type=float, default=40)
    a.add_argument("--window", type=float, default=0.5)
    a.add_argument("--pace", type=int)
    a.add_argument("--check-pace", type=int)
    a.add_argument("--nothing", action="store_true", help="no backup at all: how exact the measuring is")
    a.add_argument("--rate", type=int, default=0, help="requests per second; 0: as many as fit")
    o = a.parse_args()
    os.environ["TOTEM_BINARY"] = os.path.abspath(o.binary)
    import lib
    settings = {"backup_every_hours": "0"}
    for key, value in (("backup_pace", o.pace), ("backup_check_pace", o.check_pace)):
        if value:
            settings[key] = str(value)

    with lib.Box(settings=settings, doubles=False) as b:
        b.stop()
        fill(b.data + "/totem.db", o.mib)
        b.start()
        b.post("/api/v1/queues/webhooks/pause")
        began, used = time.monotonic(), cpu_seconds(b.process.pid)
        b.post("/api/v1/backups", status=202)
        lib.wait_until(lambda: b.get("/api/v1/backups")["data"], timeout=300, what="made", every=0.2)
        alone, cpu = time.monotonic() - began, cpu_seconds(b.process.pid) - used
        lib.wait_until(lambda: b.get("/api/v1/backups")["data"][0]["state"] == "verified", timeout=300, what="verified", every=0.2)
        checked = time.monotonic() - began - alone
        words = [o.folder + "/load", "--url", f"http://127.0.0.1:{b.hooks}/webhooks/whatsapp", "--json", "--secret", lib.SECRET,
                 "--phone-id", lib.PHONE_ID, "--connections", "64", "--seconds", str(o.seconds + 3)]
        load = subprocess.Popen(words + (["--rate", str(o.rate)] if o.rate else []), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(1)
        rates, shares = windows(o, b)
        load.communicate()
        print(json.dumps({"database_mib": o.mib, "made_s": round(alone, 1), "made_cpu_s": round(cpu, 1), "checked_s": round(checked, 1),
                          "load_average": round(os.getloadavg()[0], 1), **{phase: figures(rates[phase], shares[phase]) for phase in rates}}))


if __name__ == "__main__":
    main()
