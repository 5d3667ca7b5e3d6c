/* record.ts - a voice note. WhatsApp shows one as such only in Ogg with Opus and one channel; a browser that cannot record that is not asked. */
const OGG = 'audio/ogg;codecs=opus';

export function canRecord(): boolean {
	return typeof MediaRecorder !== 'undefined' && navigator.mediaDevices !== undefined && MediaRecorder.isTypeSupported(OGG);
}

export interface Recording { stop: () => Promise<File>; drop: () => void }

export async function record(): Promise<Recording> {
	const sound = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
	const recorder = new MediaRecorder(sound, { mimeType: OGG, audioBitsPerSecond: 32_000 }), parts: Blob[] = [];
	const quiet = () => sound.getTracks().forEach(track => track.stop());
	recorder.ondataavailable = e => { if (e.data.size > 0) parts.push(e.data); };
	recorder.start(1000);
	return {
		stop: () => new Promise(done => {
			recorder.onstop = () => { quiet(); done(new File(parts, 'voice.ogg', { type: 'audio/ogg' })); };
			recorder.stop();
		}),
		drop: () => { recorder.ondataavailable = null; recorder.stop(); quiet(); },
	};
}
