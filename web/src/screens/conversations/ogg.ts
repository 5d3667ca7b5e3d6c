/* ogg.ts - Opus in WebM, as Chromium records it, put into Ogg, as WhatsApp wants it. The sound is not touched: only its packets are taken
 * out of one container (Matroska, RFC 9559) and put into the other (RFC 3533, RFC 7845). */

const MASTERS = new Set([0x18538067, 0x1654ae6b, 0xae, 0x1f43b675, 0xa0]); /* Segment, Tracks, TrackEntry, Cluster, BlockGroup: what stands inside is read */
const CODEC_PRIVATE = 0x63a2, SIMPLE_BLOCK = 0xa3, BLOCK = 0xa1;
const RATE = 48_000, PAGE_PACKETS = 50; /* a page a second */

/* A number of Matroska at `at`: the leading zero bits say how long it is. keep: with its marker, as ids are written. */
function vint(b: Uint8Array, at: number, keep: boolean): [value: number, next: number] {
	const first = b[at] ?? 0, length = Math.clz32(first) - 23;
	let v = keep ? first : first & ((1 << (8 - length)) - 1);
	for (let i = 1; i < length; i++)
		v = v * 256 + (b[at + i] ?? 0);
	return [v, at + length];
}

/* The head of the codec and its packets, in order. */
function unpack(b: Uint8Array): { head: Uint8Array; packets: Uint8Array[] } {
	let head = new Uint8Array(0);
	const packets: Uint8Array[] = [];
	for (let at = 0; at < b.length;) {
		const [id, body] = vint(b, at, true), [size, data] = vint(b, body, false);
		if (data <= at)
			break;
		if (MASTERS.has(id)) {
			at = data;
			continue;
		}
		const end = Math.min(b.length, data + size);
		if (id === CODEC_PRIVATE)
			head = b.slice(data, end);
		else if (id === SIMPLE_BLOCK || id === BLOCK)
			packets.push(b.slice(vint(b, data, false)[1] + 3, end)); /* track, two bytes of time, flags */
		at = end;
	}
	return { head, packets };
}

/* How long a packet is, in samples of 48 kHz (RFC 6716, 3.1). */
function samples(p: Uint8Array): number {
	const toc = p[0] ?? 0, config = toc >> 3, code = toc & 3;
	const ms = config < 12 ? [10, 20, 40, 60][config & 3]! : config < 16 ? [10, 20][config & 1]! : [2.5, 5, 10, 20][config & 3]!;
	return ms * RATE / 1000 * (code === 0 ? 1 : code === 3 ? (p[1] ?? 0) & 63 : 2);
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
	let v = n << 24;
	for (let i = 0; i < 8; i++)
		v = v & 0x80000000 ? v << 1 ^ 0x04c11db7 : v << 1;
	return v >>> 0;
});

function page(packets: Uint8Array[], flags: number, granule: number, sequence: number, serial: number): Uint8Array {
	const lacing = packets.flatMap(p => [...Array<number>(Math.floor(p.length / 255)).fill(255), p.length % 255]);
	const out = new Uint8Array(27 + lacing.length + packets.reduce((n, p) => n + p.length, 0)), view = new DataView(out.buffer);
	out.set([0x4f, 0x67, 0x67, 0x53, 0, flags]);
	view.setBigUint64(6, BigInt(granule), true);
	view.setUint32(14, serial, true);
	view.setUint32(18, sequence, true);
	out[26] = lacing.length;
	out.set(lacing, 27);
	let at = 27 + lacing.length;
	for (const p of packets) {
		out.set(p, at);
		at += p.length;
	}
	let crc = 0;
	for (const byte of out)
		crc = (crc << 8 ^ CRC[crc >>> 24 ^ byte]!) >>> 0;
	view.setUint32(22, crc, true);
	return out;
}

/* Throws when there is no Opus in it. */
export function oggOf(webm: Uint8Array): Uint8Array[] {
	const { head, packets } = unpack(webm), text = new TextEncoder();
	if (packets.length === 0 || head.length < 19 || new TextDecoder().decode(head.slice(0, 8)) !== 'OpusHead')
		throw new Error('no Opus');
	const serial = crypto.getRandomValues(new Uint32Array(1))[0]!, name = text.encode('Totem');
	const tags = new Uint8Array(8 + 4 + name.length + 4);
	tags.set(text.encode('OpusTags'));
	new DataView(tags.buffer).setUint32(8, name.length, true);
	tags.set(name, 12);
	const out = [page([head], 2, 0, 0, serial), page([tags], 0, 0, 1, serial)];
	let granule = 0, sequence = 2;
	for (let i = 0; i < packets.length;) {
		const some: Uint8Array[] = [];
		for (let segments = 0; i < packets.length && some.length < PAGE_PACKETS; i++) {
			segments += Math.floor(packets[i]!.length / 255) + 1;
			if (segments > 255)
				break;
			granule += samples(packets[i]!);
			some.push(packets[i]!);
		}
		out.push(page(some, i === packets.length ? 4 : 0, granule, sequence++, serial));
	}
	return out;
}
