/* model.ts - what the API says about conversations and messages (openapi.json: Conversation, Message, Contact). */

import { t } from '../../lib/i18n';

/* What came from outside: looked at member by member, with `text` and friends. */
export type Json = unknown;
export interface Media { state: string; id: string | null; mime: string | null; bytes: number; filename: string | null; voice: boolean; url: string | null; reason: string | null }
export interface Reaction { emoji: string; actor: string | null; at: string }
export interface Message {
	id: string; conversation_id: string; meta_message_id: string | null; direction: 'inbound' | 'outbound'; type: string; content: string; status: string;
	sending: string | null; wa_id: string; sender_type: string; sender_name: string | null; sender_user_id: string | null; source: string; media: Media | null;
	failed: boolean; error: Json; reply_to: string | null; timestamp: string; created_at: string; contact_name?: string | null;
	content_json?: Json; edited_at?: string | null; revoked_at?: string | null; resent?: boolean; send_at?: string | null; reactions?: Reaction[]; sender_source_id?: string | null;
}
export interface Conversation {
	id: string; contact_id: string; channel: string | null; contact_name: string | null; wa_id: string; status: string; unread_count: number;
	assigned: { id: string; name: string } | null; labels: string[]; last_content: string | null; last_message_at: string; last_inbound_at: string | null;
	window_open_until: string | null; snoozed_until: string | null; automation_off_until: string | null; created_at: string; chatwoot_conversation_id: number | null;
}
export interface Contact {
	id: string; kind: string; name: string | null; profile_name: string | null; username: string | null; aliases: { kind: string; alias: string }[];
	marketing: string | null; marketing_at: string | null; created_at: string;
	merges?: { name: string | null; at: string; undone_at: string | null }[];
}
export interface Template { id: string; name: string; language: string; status: string; usable: boolean; why: string | null; category: string | null; components: Json }
export interface Quick { id: string; shortcut: string; title: string; text: string }
export interface Colleague { id: string; name: string; role: string }

/* Messages that say something about another one: shown at that one, not as bubbles of their own. */
export const ACTS = new Set(['reaction', 'edit', 'revoke']);

export function member(v: Json, ...path: (string | number)[]): Json {
	for (const p of path)
		v = typeof v === 'object' && v !== null ? (v as Record<string | number, unknown>)[p] : undefined;
	return v;
}
export function text(v: Json, ...path: (string | number)[]): string {
	const at = member(v, ...path);
	return typeof at === 'string' ? at : typeof at === 'number' ? String(at) : '';
}
export function list(v: Json, ...path: (string | number)[]): Json[] {
	const at = member(v, ...path);
	return Array.isArray(at) ? at as Json[] : [];
}

export function nameOf(c: { contact_name: string | null; wa_id: string }): string {
	const group = /(\w{4})@g\.us$/.exec(c.wa_id);
	return c.contact_name || (group !== null ? `${t('c.alias.group')} …${group[1]}` : phone(c.wa_id));
}
/* Digits of a phone as one writes them; anything else as it is. */
export function phone(id: string): string {
	return /^\d{7,15}$/.test(id) ? '+' + id : id;
}
/* The state that a person should see: of sending while that is not over, else of the way to the customer. */
export function stateOf(m: Message): string {
	if (m.sending === 'unknown' || m.sending === 'cancelled')
		return m.sending;
	return m.status === 'pending' && m.sending === 'sending' ? 'leaving' : m.status;
}
/* "[image] caption" without the word in brackets. */
export function rest(content: string): string {
	return content.replace(/^\[[a-z_ ]+\] ?/, '');
}
/* The name of a file without the characters that turn its ending around ("cod.exe" for "exe.doc"). */
export function fileName(s: string): string {
	return s.replace(/[\u0000-\u001f\u007f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}
