/* presence.ts - who else looks at a conversation or types in it, and telling others that we do. Nothing is kept anywhere: a word is
 * believed for as long as it says, and said again before that. */
import { signal } from '@preact/signals';
import { post } from '../../lib/api';
import { may, who } from '../../lib/session';
import { on } from '../../lib/stream';

interface Word { conversation_id: string; user_id: string; session_id: string; name: string; state: 'viewing' | 'typing' | 'left'; for_ms: number }
interface Here { name: string; typing: boolean; until: number }

const AGAIN_MS = 15_000, TYPING_AGAIN_MS = 8_000;

/* By conversation, then by session. */
export const present = signal<Record<string, Record<string, Here>>>({});

function note(w: Word): void {
	if (w.user_id === who.value?.user?.id)
		return;
	const { [w.session_id]: _, ...others } = present.value[w.conversation_id] ?? {};
	present.value = { ...present.value, [w.conversation_id]: w.state === 'left' ? others
		: { ...others, [w.session_id]: { name: w.name, typing: w.state === 'typing', until: Date.now() + w.for_ms } } };
}

function forget(): void {
	const now = Date.now(), out: typeof present.value = {};
	let gone = false;
	for (const [id, sessions] of Object.entries(present.value)) {
		const kept = Object.entries(sessions).filter(([, h]) => h.until > now);
		gone ||= kept.length !== Object.keys(sessions).length;
		if (kept.length > 0)
			out[id] = Object.fromEntries(kept);
	}
	if (gone)
		present.value = out;
}

export function watch(): () => void {
	const off = on('presence', note), timer = setInterval(forget, 2000);
	return () => { off(); clearInterval(timer); present.value = {}; };
}

/* Says where we are while a thread is open. typing(): a key was pressed. */
export function announce(conversation: string): { typing: () => void; end: () => void } {
	if (who.value?.user == null || !may('conversations'))
		return { typing: () => {}, end: () => {} };
	let typed = 0;
	const say = (state: Word['state']) => {
		if (state === 'left' || document.visibilityState === 'visible')
			post(`/api/v1/conversations/${conversation}/presence`, { state }).catch(() => {});
	};
	const timer = setInterval(() => { if (Date.now() - typed > AGAIN_MS) say('viewing'); }, AGAIN_MS);
	say('viewing');
	return {
		typing: () => {
			if (Date.now() - typed > TYPING_AGAIN_MS) {
				typed = Date.now();
				say('typing');
			}
		},
		end: () => { clearInterval(timer); say('left'); },
	};
}
