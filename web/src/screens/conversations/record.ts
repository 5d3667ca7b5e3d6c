/* record.ts - a voice note. WhatsApp shows one as such only in Ogg with Opus and one channel: Firefox records that, Chromium records
 * the same sound in WebM, which ogg.ts puts into Ogg. A browser with neither, or a page without TLS, has no button. */
import { oggOf } from './ogg';

const OGG = 'audio/ogg;codecs=opus', WEBM = 'audio/webm;codecs=opus', BITS = 32_000;

const kind = (): string | undefined => typeof MediaRecorder === 'undefined' ? undefined : [OGG, WEBM].find(k => MediaRecorder.isTypeSupported(k));

export function canRecord(): boolean {
	return navigator.mediaDevices !== undefined && kind() !== undefined;
}

export interface Recording { stop: () => Promise<File>; drop: () => void }

export async function record(): Promise<Recording> {
	const sound = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } }), mime = kind()!;
	const context = new AudioContext(), one = context.createMediaStreamDestination(); /* a microphone may give two channels all the same */
	one.channelCount = 1;
	one.channelCountMode = 'explicit';
	context.createMediaStreamSource(sound).connect(one);
	const recorder = new MediaRecorder(one.stream, { mimeType: mime, audioBitsPerSecond: BITS }), parts: Blob[] = [];
	const quiet = () => { sound.getTracks().forEach(track => track.stop()); void context.close(); };
	recorder.ondataavailable = e => { if (e.data.size > 0) parts.push(e.data); };
	recorder.start(1000);
	return {
		stop: () => new Promise((done, failed) => {
			recorder.onstop = () => {
				quiet();
				new Blob(parts).arrayBuffer().then(b => {
					const made = mime === OGG ? parts : oggOf(new Uint8Array(b)) as BlobPart[];
					done(new File(made, 'voice.ogg', { type: 'audio/ogg' }));
				}).catch(failed);
			};
			recorder.stop();
		}),
		drop: () => {
			recorder.ondataavailable = null;
			if (recorder.state !== 'inactive') /* the microphone may have been pulled out */
				recorder.stop();
			quiet();
		},
	};
}
