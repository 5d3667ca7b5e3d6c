/* settings.ts - the settings of the box as screens need them: values by key, and changing some at once. */
import { call, get, type Page } from './api';
import { bytes } from './format';
import { helpFor } from './i18n';

export interface Value { key: string; value: string; source: string }
export interface Setting { key: string; kind: string; default: string; low: number; high: number; restart: boolean; help: string; values: Value[] }
export interface Settings { all: Setting[]; value: (key: string) => string; source: (key: string) => string }

export async function loadSettings(signal?: AbortSignal): Promise<Settings> {
	const all = (await get<Page<Setting>>('/api/v1/settings', { signal })).data, by = new Map(all.flatMap(s => s.values.map(v => [v.key, v] as const)));
	return { all, value: key => by.get(key)?.value ?? '', source: key => by.get(key)?.source ?? 'default' };
}

/* All or none. '' takes a value away. Says which need a restart. */
export const saveSettings = (values: Record<string, string | null>): Promise<{ changed: number; restart_needed: string[] }> =>
	call('PATCH', '/api/v1/settings', values);

/* A secret is never shown: its value says only whether it is set. */
export const isSecret = (s: Setting): boolean => s.kind === 'secret';

/* A value as people read it: of bytes so and so many. */
export const valueOf = (key: string, value: string): string => /_bytes$/.test(key) && Number(value) > 0 ? `${value} (${bytes(Number(value))})` : value;

/* What it does, in the reader's language. */
export const helpOf = (s: Setting): string => helpFor(s.key, s.help);
