/* media.tsx - pictures, films, sounds, documents of messages. Places have fixed sizes, so that nothing jumps when bytes arrive. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { bytes } from '../../lib/format';
import { useFile } from '../../lib/files';
import { t } from '../../lib/i18n';
import { Button, Dialog } from '../../ui/base';
import { Icon } from '../../ui/icons';
import { fileName, text, type Media, type Message } from './model';

/* Where a file is not, a sentence says why. */
function Absent(p: { m: Media }): JSX.Element {
	return <p class="absent">{p.m.state === 'wanted' ? t('c.file_coming') : p.m.state === 'expired' ? t('c.file_expired') : t('c.file_failed')}
		{p.m.reason !== null && p.m.state === 'failed' && <small><bdi>{p.m.reason}</bdi></small>}</p>;
}

export function Picture(p: { m: Message; open: (m: Message) => void; sticker?: boolean }): JSX.Element {
	const media = p.m.media, src = useFile(media?.url ?? null);
	if (media === null || media.url === null)
		return media === null ? <></> : <Absent m={media} />;
	return <button type="button" class={p.sticker ? 'picture sticker' : 'picture'} onClick={() => p.open(p.m)} aria-label={t('c.open_picture')}>
		{src !== undefined && <img src={src} alt="" loading="lazy" decoding="async" />}</button>;
}

export function Film(p: { m: Message }): JSX.Element {
	const media = p.m.media, src = useFile(media?.url ?? null), [broken, setBroken] = useState(false);
	if (media === null || media.url === null)
		return media === null ? <></> : <Absent m={media} />;
	if (broken) /* a kind of film that this browser does not play */
		return <div class="paper"><Icon name="document" /><div><span class="paper-name">{t('c.video')}</span><small class="soft">{t('c.no_film')} {media.bytes > 0 && bytes(media.bytes)}</small></div>
			<a class="button quiet" href={src} download={fileName(media.filename ?? 'video.mp4')} aria-label={t('c.download')}><Icon name="download" /></a></div>;
	return <video class="film" src={src} controls preload="metadata" playsInline aria-label={t('c.video')} onError={() => setBroken(src !== undefined)} />;
}

export function Paper(p: { m: Message }): JSX.Element {
	const media = p.m.media, src = useFile(media?.url ?? null);
	const name = fileName(text(p.m.content_json, 'filename') || media?.filename || t('c.document')); /* the same bytes may go under many names */
	if (media === null)
		return <></>;
	return <div class="paper">
		<Icon name="document" />
		<div><bdi class="paper-name">{name}</bdi><small class="soft">{media.bytes > 0 && bytes(media.bytes)} {media.mime}</small></div>
		{media.url === null ? <Absent m={media} /> : src !== undefined && <a class="button quiet" href={src} download={name} aria-label={t('c.download') + ' ' + name}><Icon name="download" /></a>}
	</div>;
}

const SPEEDS = [1, 1.5, 2];

/* Ours instead of the browser's, because a voice note needs three things: play, where am I, faster. */
export function Voice(p: { m: Message }): JSX.Element {
	const media = p.m.media, src = useFile(media?.url ?? null), audio = useRef<HTMLAudioElement>(null);
	const [at, setAt] = useState({ now: 0, all: 0, playing: false, broken: false }), [speed, setSpeed] = useState(1);
	if (media === null || media.url === null)
		return media === null ? <></> : <Absent m={media} />;
	const look = () => {
		const a = audio.current!;
		setAt({ now: a.currentTime, all: Number.isFinite(a.duration) ? a.duration : 0, playing: !a.paused, broken: a.error !== null });
	};
	const faster = () => {
		const next = SPEEDS[(SPEEDS.indexOf(speed) + 1) % SPEEDS.length]!;
		setSpeed(next);
		audio.current!.playbackRate = next;
	};
	return <div class="voice">
		<audio ref={audio} src={src} preload="metadata" onTimeUpdate={look} onPlay={look} onPause={look} onLoadedMetadata={look} onEnded={look} onError={look} />
		<Button label={t(at.playing ? 'c.stop_playing' : 'c.play')} onClick={() => { const a = audio.current!; if (a.paused) return a.play().catch(look); a.pause(); return undefined; }}>
			<Icon name={at.playing ? 'pause' : 'play'} /></Button>
		<input type="range" min={0} max={Math.max(at.all, 0.1)} step={0.1} value={at.now} aria-label={t('c.place_in_sound')}
			onInput={e => { audio.current!.currentTime = Number(e.currentTarget.value); }} />
		<span class="soft time">{seconds(at.playing || at.now > 0 ? at.now : at.all)}</span>
		<Button label={t('c.speed', { n: speed })} onClick={faster}>{speed}×</Button>
		{at.broken && <a href={src} download={fileName(media.filename ?? 'audio.ogg')}>{t('c.download')}</a>}
	</div>;
}

export function seconds(s: number): string {
	return `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, '0')}`;
}

/* One picture as large as the window; the arrows go through the pictures of the thread that are loaded. */
export function Viewer(p: { at: Message; all: Message[]; close: () => void }): JSX.Element {
	const [at, setAt] = useState(p.at), [near, setNear] = useState(false);
	const i = p.all.findIndex(m => m.id === at.id), src = useFile(at.media?.url ?? null);
	const step = (n: number) => { const m = p.all[i + n]; if (m !== undefined) { setAt(m); setNear(false); } };
	useEffect(() => {
		const press = (e: KeyboardEvent) => { if (e.key === 'ArrowLeft') step(-1); else if (e.key === 'ArrowRight') step(1); };
		addEventListener('keydown', press);
		return () => removeEventListener('keydown', press);
	}, [at.id]);
	return <Dialog title={at.media?.filename ? fileName(at.media.filename) : t('c.picture')} onClose={p.close} wide>
		<div class={near ? 'viewer near' : 'viewer'} tabIndex={0} role="group" aria-label={t('c.picture')}>
			{src !== undefined && <img src={src} alt="" onClick={() => setNear(!near)} />}</div>
		<div class="row end">
			<Button label={t('c.before')} disabled={i <= 0} onClick={() => step(-1)}><Icon name="left" /></Button>
			<Button label={t('c.after')} disabled={i < 0 || i >= p.all.length - 1} onClick={() => step(1)}><Icon name="right" /></Button>
			<Button pressed={near} onClick={() => setNear(!near)}>{t('c.zoom')}</Button>
			{src !== undefined && <a class="button quiet" href={src} download={fileName(at.media?.filename ?? 'picture')}>{t('c.download')}</a>}
		</div>
	</Dialog>;
}
