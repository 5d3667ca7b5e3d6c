/* qr.tsx - a text as a QR code, drawn here: a secret is never sent anywhere to become a picture. */
import type { JSX } from 'preact';
import qrcode from 'qrcode-generator';

const QUIET = 4; /* modules of white around it, which readers need (ISO/IEC 18004) */

export function Qr(p: { text: string; label: string; size?: number }): JSX.Element {
	const code = qrcode(0, 'M');
	code.addData(p.text);
	code.make();
	const n = code.getModuleCount(), all = n + 2 * QUIET, path: string[] = [];
	for (let y = 0; y < n; y++)
		for (let x = 0; x < n; x++)
			if (code.isDark(y, x))
				path.push(`M${x + QUIET} ${y + QUIET}h1v1h-1z`);
	return <svg class="qr-code" role="img" aria-label={p.label} width={p.size ?? 220} height={p.size ?? 220} viewBox={`0 0 ${all} ${all}`} shape-rendering="crispEdges">
		<rect width={all} height={all} fill="#fff" /><path d={path.join('')} fill="#000" /></svg>;
}
