/* files.ts - files of messages: where their bytes are, and sending one to the box with its progress. */
import { useEffect, useState } from 'preact/hooks';
import { Refused, credentials, hasToken, mayAgain, type Problem } from './api';

/* An address that <img>, <audio> and <video> can load. With a session the cookie goes along by itself; with an API token of a link
 * nothing would, so the bytes are fetched and kept while the part is shown. */
export function useFile(url: string | null): string | undefined {
	const [made, setMade] = useState<{ url: string; blob: string } | null>(null);
	useEffect(() => {
		if (url === null || !hasToken())
			return;
		const stop = new AbortController();
		let blob = '';
		fetch(url, { headers: credentials(), signal: stop.signal }).then(a => a.ok ? a.blob() : Promise.reject(new Error(String(a.status)))).then(b => {
			if (!stop.signal.aborted)
				setMade({ url, blob: blob = URL.createObjectURL(b) });
		}).catch(() => { /* the place stays empty; the name and the link to download are there */ });
		return () => { stop.abort(); if (blob !== '') URL.revokeObjectURL(blob); };
	}, [url]);
	if (url === null)
		return undefined;
	return hasToken() ? made?.url === url ? made.blob : undefined : url;
}

export interface Uploaded { id: string; mime: string; bytes: number; send_as: string }

const STALLED_MS = 30_000;

/* fetch cannot tell how far a body has gone. However long it takes: it ends only when nothing moves any more. */
export function upload(file: Blob, name: string, progress: (part: number) => void, stop?: AbortSignal, again = true): Promise<Uploaded> {
	return new Promise((done, failed) => {
		const x = new XMLHttpRequest();
		x.open('POST', '/api/v1/media?filename=' + encodeURIComponent(name));
		for (const [k, v] of Object.entries(credentials()))
			x.setRequestHeader(k, v);
		x.setRequestHeader('Content-Type', file.type.split(';')[0] || 'application/octet-stream');
		x.responseType = 'json';
		let timer = 0;
		const moves = () => { clearTimeout(timer); timer = window.setTimeout(() => { failed(new Refused(0, {})); x.abort(); }, STALLED_MS); };
		x.onloadend = () => clearTimeout(timer);
		x.upload.onprogress = e => { moves(); if (e.lengthComputable) progress(e.loaded / e.total); };
		x.onload = () => x.status >= 200 && x.status < 300 && x.response !== null ? done(x.response as Uploaded)
			: refused((x.response ?? {}) as Problem);
		const refused = (p: Problem) => void mayAgain(again ? x.status : 0, p).then(may =>
			may ? upload(file, name, progress, stop, false).then(done, failed) : failed(new Refused(x.status, p)));
		x.onerror = x.ontimeout = () => failed(new Refused(0, {}));
		x.onabort = () => failed(new DOMException('stopped', 'AbortError'));
		stop?.addEventListener('abort', () => x.abort());
		moves();
		x.send(file);
	});
}
