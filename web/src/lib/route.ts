/* route.ts - where we are: the part behind '#', so that the box has one page to serve. "#/queues/messages?x=1". */
import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => { hash.value = location.hash; });

export const place = computed(() => {
	const [path = '', search = ''] = hash.value.replace(/^#\/?/, '').split('?');
	return { parts: path.split('/').filter(p => p !== '').map(decodeURIComponent), query: new URLSearchParams(search) };
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
