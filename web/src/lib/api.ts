/* api.ts - calls to the box. A session cookie says who, and writes carry the CSRF token that GET /api/v1/session gave; or an API token
 * that a link brought ("#token=", kept in this tab only). */

import { lang, told } from './i18n';

export interface FieldError { field: string; detail: string }
export interface Problem { type?: string; title?: string; status?: number; detail?: string; request_id?: string; errors?: FieldError[] }

/* An answer that is not 2xx, or (status 0) no answer at all. */
export class Refused extends Error {
	constructor(readonly status: number, readonly problem: Problem, readonly retryAfter = 0) {
		super(told(problem.errors?.[0]?.detail ?? problem.detail ?? problem.title, problem.type) ?? String(status));
	}
	field(name: string): string | undefined {
		const wrong = this.problem.errors?.find(e => e.field === name);
		return wrong && told(wrong.detail, this.problem.type);
	}
}

const TOKEN = 'totem.token';
export const setToken = (token: string): void => sessionStorage.setItem(TOKEN, token);
export const dropToken = (): void => sessionStorage.removeItem(TOKEN);
export const hasToken = (): boolean => sessionStorage.getItem(TOKEN) !== null;

let csrf = '';
/* What a request carries to say who asks, beside the cookie that the browser adds. */
export function credentials(): Record<string, string> {
	const token = sessionStorage.getItem(TOKEN);
	return token !== null ? { Authorization: 'Bearer ' + token } : csrf !== '' ? { 'X-CSRF-Token': csrf } : {};
}
export function setCsrf(token: string): void { csrf = token; }

let onLost: () => void = () => {};
/* Called when the session ended (401): the page shows the door. */
export function whenLost(fn: () => void): void { onLost = fn; }

let renew: () => Promise<boolean> = async () => false;
/* Called when the box knows the cookie and not the CSRF token: somebody has come in by another tab. True: it was the same person, and the
 * token is theirs again, so that what was refused may be asked once more. */
export function whenStale(fn: () => Promise<boolean>): void { renew = fn; }
export async function mayAgain(status: number, problem: Problem): Promise<boolean> {
	return status === 403 && problem.type?.endsWith('csrf') === true && await renew();
}

let shut = false;
/* The page is being loaded anew: what its screens still ask for is not asked, and never answered. */
export function shutDown(): void { shut = true; }

export interface Ask { headers?: Record<string, string>; signal?: AbortSignal; raw?: BodyInit; again?: boolean }

export async function call<T = unknown>(method: string, path: string, body?: unknown, ask: Ask = {}): Promise<T> {
	const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': lang.value, ...credentials(), ...ask.headers };
	const init: RequestInit = { method, headers, cache: 'no-store', credentials: 'same-origin', signal: ask.signal ?? null };
	if (ask.raw !== undefined) {
		init.body = ask.raw;
	} else if (body !== undefined) {
		init.body = JSON.stringify(body);
		headers['Content-Type'] = 'application/json';
	}
	let answer: Response;
	if (shut)
		return new Promise<never>(() => {});
	try {
		answer = await fetch(path, init);
	} catch (e) {
		if ((e as Error).name === 'AbortError')
			throw e;
		throw new Refused(0, {});
	}
	const data: unknown = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
	if (answer.ok)
		return data as T;
	if (answer.status === 401 && path !== '/api/v1/session')
		onLost();
	if (ask.again !== true && await mayAgain(answer.status, data as Problem))
		return call<T>(method, path, body, { ...ask, again: true });
	throw new Refused(answer.status, data as Problem, Number(answer.headers.get('Retry-After') ?? 0));
}

export const get = <T>(path: string, ask?: Ask): Promise<T> => call<T>('GET', path, undefined, ask);
export const post = <T>(path: string, body: unknown = {}, ask?: Ask): Promise<T> => call<T>('POST', path, body, ask);

/* A page of a list: rows, and where the next one begins (null: that was all). */
export interface Page<T> { data: T[]; next: string | null }

/* 128 random bits for Idempotency-Key; crypto.randomUUID does not exist on pages without TLS. */
export function newKey(): string {
	return Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');
}

export function query(fields: Record<string, string | number | boolean | null | undefined>): string {
	const q = new URLSearchParams();
	for (const [k, v] of Object.entries(fields))
		if (v !== null && v !== undefined && v !== '' && v !== false)
			q.set(k, String(v));
	const text = q.toString();
	return text === '' ? '' : '?' + text;
}
