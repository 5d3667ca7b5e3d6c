/* route.ts - where we are: the part behind '#', so that the box has one page to serve. "#/queues/messages?x=1". */
import { computed, signal } from '@preact/signals';

const hash = signal(location.hash);
addEventListener('hashchange', () => { hash.value = location.hash; });

export const place = computed(() => {
	const [path = '', search = ''] = hash.value.replace(/^#\/?/, '').split('?');
	return { parts: path.split('/').filter(p => p !== '').map(decodeURIComponent), query: new URLSearchParams(search) };
});

export function go(to: string, replace = false): void {
	if (replace) {
		history.replaceState(null, '', to);
		hash.value = location.hash;
	} else {
		location.hash = to.replace(/^#/, '');
	}
}
