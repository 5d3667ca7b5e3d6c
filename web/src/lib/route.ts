/* route.ts - where we are: the part behind '#', so that the box has one page to serve. "#/queues/messages?x=1". */
import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => { hash.value = location.hash; });

/* A name or an id of an address: links come from anywhere, and it becomes a piece of a path of the API. What could lead to another
 * path there ("../x", "x/cancel?") is none. */
export const plain = (v: string | null): string | null => v !== null && /^[\w.-]+$/.test(v) && !/^\.+$/.test(v) ? v : null;

export const place = computed(() => {
	const at = hash.value.replace(/^#\/?/, ''), cut = at.indexOf('?'), path = cut < 0 ? at : at.slice(0, cut);
	return { parts: path.split('/').filter(p => p !== '').map(p => plain(p) ?? '-'), query: new URLSearchParams(cut < 0 ? '' : at.slice(cut + 1)) };
});

/* How many conversations wait to be read: stands before the name of the screen in the title, for tabs that are not looked at. */
export const badge = signal(0);

export function go(to: string, replace = false): void {
	if (replace) {
		history.replaceState(null, '', to);
		hash.value = location.hash;
	} else {
		location.hash = to.replace(/^#/, '');
	}
}
