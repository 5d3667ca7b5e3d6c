/* chart.tsx - lines over time (uPlot), in the colours of the page. Values: one array of seconds, then one per line; `minutes`: how
 * much time is shown, up to now; totals: what is said of each line to who does not see it. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import uPlot from 'uplot';
import { number } from '../lib/format';
import { lang } from '../lib/i18n';
import { theme } from '../lib/theme';

export interface Line { label: string; color: '--brand' | '--bad' | '--warn' | '--soft' }

/* A canvas keeps the colours with which it was drawn: it is drawn anew when they change. */
const media = matchMedia('(prefers-color-scheme: dark)'), dark = signal(media.matches);
media.addEventListener('change', () => { dark.value = media.matches; });

export function Chart(p: { lines: Line[]; data: (number | null)[][]; totals: number[]; height?: number; label: string; minutes: number }): JSX.Element {
	const box = useRef<HTMLDivElement>(null), plot = useRef<uPlot | null>(null);
	const height = p.height ?? 130, key = [...p.lines.map(l => l.label), lang.value, theme.value, dark.value, p.minutes].join('|');
	useEffect(() => {
		const at = box.current!, css = getComputedStyle(at);
		const ink = css.getPropertyValue('--soft'), grid = css.getPropertyValue('--line');
		const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui' };
		plot.current = new uPlot({
			width: at.clientWidth || 300, height, legend: { show: false }, cursor: { y: false, drag: { setScale: false } },
			axes: [{ ...axis, size: 26, values: (_, v) => v.map(s => new Date(s * 1000).toLocaleTimeString(lang.value, { hour: '2-digit', minute: '2-digit' })) },
				{ ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 1e5, 1e6] }],
			scales: { x: { range: () => [Date.now() / 1000 - p.minutes * 60, Date.now() / 1000] }, y: { range: (_, __, high) => [0, Math.max(4, (high ?? 1) * 1.1)] } },
			series: [{}, ...p.lines.map(l => ({ label: l.label, stroke: css.getPropertyValue(l.color), width: 2, points: { show: (u: uPlot) => u.data[0].length < 3, size: 6 },
				fill: css.getPropertyValue(l.color).trim() + '22', paths: uPlot.paths.stepped!({ align: 1 }) }))],
		}, p.data as uPlot.AlignedData, at);
		const watch = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height }));
		watch.observe(at);
		return () => { watch.disconnect(); plot.current?.destroy(); plot.current = null; };
	}, [key]);
	useEffect(() => { plot.current?.setData(p.data as uPlot.AlignedData); }, [p.data]);
	return <figure class="chart">
		<figcaption>{p.label}{p.lines.length > 1 && <span class="legend">{p.lines.map(l => <span key={l.label} class={'key ' + l.color.slice(2)}>{l.label}</span>)}</span>}</figcaption>
		<div ref={box} role="img" aria-label={p.label + ': ' + p.lines.map((l, i) => `${l.label} ${number(p.totals[i] ?? 0)}`).join(', ')} />
	</figure>;
}
