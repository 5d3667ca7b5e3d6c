/* chart.tsx - a line over time (uPlot), in the colours of the page. Values: one array of seconds, then one per line. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { lang } from '../lib/i18n';

export interface Line { label: string; color: string }

export function Chart(p: { lines: Line[]; data: number[][]; height?: number; label: string }): JSX.Element {
	const box = useRef<HTMLDivElement>(null), plot = useRef<uPlot | null>(null);
	const key = p.lines.map(l => l.label).join('|') + lang.value;
	useEffect(() => {
		const at = box.current!, css = getComputedStyle(at);
		const ink = css.getPropertyValue('--soft'), grid = css.getPropertyValue('--line');
		const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '11px system-ui' };
		plot.current = new uPlot({
			width: at.clientWidth || 300, height: p.height ?? 120, legend: { show: false }, cursor: { y: false, drag: { setScale: false } },
			axes: [{ ...axis, values: (_, v) => v.map(s => new Date(s * 1000).toLocaleTimeString(lang.value, { hour: '2-digit', minute: '2-digit' })) },
				{ ...axis, size: 44 }],
			scales: { y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(1, high ?? 1)] } },
			series: [{}, ...p.lines.map(l => ({ label: l.label, stroke: css.getPropertyValue(l.color), width: 1.5, fill: undefined, points: { show: false } }))],
		}, p.data as uPlot.AlignedData, at);
		const watch = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height: p.height ?? 120 }));
		watch.observe(at);
		return () => { watch.disconnect(); plot.current?.destroy(); plot.current = null; };
	}, [key]);
	useEffect(() => { plot.current?.setData(p.data as uPlot.AlignedData); }, [p.data]);
	return <div class="chart" ref={box} role="img" aria-label={p.label} />;
}
