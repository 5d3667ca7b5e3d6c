/* list.tsx - a long list of which only what is seen exists in the page. Rows have one height; `more` is asked for when the end
 * comes near; `reveal` is a row that is brought into view when another one (by its key) is asked for. Thousands of rows cost as much as thirty. */
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const AHEAD = 8; /* rows outside of the window on each side */

export function VirtualList<T>(p: { rows: T[]; rowHeight: number; row: (item: T, index: number) => JSX.Element; keyOf: (item: T) => string;
	more?: () => void; reveal?: { key: string; index: number }; label: string; class?: string }): JSX.Element {
	const box = useRef<HTMLDivElement>(null);
	const [view, setView] = useState({ top: 0, height: 600 });
	useLayoutEffect(() => {
		const at = box.current!;
		const look = () => setView({ top: at.scrollTop, height: at.clientHeight });
		const watch = new ResizeObserver(look);
		at.addEventListener('scroll', look, { passive: true });
		watch.observe(at);
		look();
		return () => { at.removeEventListener('scroll', look); watch.disconnect(); };
	}, []);
	useLayoutEffect(() => {
		const at = box.current!, top = (p.reveal?.index ?? -1) * p.rowHeight;
		if (top < 0)
			return;
		if (top < at.scrollTop)
			at.scrollTop = top;
		else if (top + p.rowHeight > at.scrollTop + at.clientHeight)
			at.scrollTop = top + p.rowHeight - at.clientHeight;
	}, [p.reveal?.key, (p.reveal?.index ?? -1) >= 0]);
	const first = Math.max(0, Math.floor(view.top / p.rowHeight) - AHEAD);
	const end = Math.min(p.rows.length, Math.ceil((view.top + view.height) / p.rowHeight) + AHEAD);
	useEffect(() => { if (end >= p.rows.length - AHEAD) p.more?.(); }, [end, p.rows.length]);
	return <div class={'virtual ' + (p.class ?? '')} ref={box} role="list" aria-label={p.label} tabIndex={-1}>
		<div style={{ height: p.rows.length * p.rowHeight + 'px' }} class="virtual-all" role="presentation">
			{p.rows.slice(first, end).map((item, i) => <div key={p.keyOf(item)} class="virtual-row" role="listitem" aria-setsize={p.rows.length}
				aria-posinset={first + i + 1} style={{ top: (first + i) * p.rowHeight + 'px', height: p.rowHeight + 'px' }}>{p.row(item, first + i)}</div>)}
		</div>
	</div>;
}
