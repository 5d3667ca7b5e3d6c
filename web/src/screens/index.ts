/* index.ts - the table of screens: where, what it is called, who sees it, and its code. A new screen is a row here. */
import type { JSX } from 'preact';
import type { Words } from '../lib/i18n';
import { Conversations, KEYS as TALK_KEYS } from './conversations';
import { Integrations } from './integrations';
import { Messages } from './messages';
import { Queues } from './queues';
import { Setup } from './setup';
import { Start } from './start';
import { System } from './system';

export interface Screen {
	path: string;         /* first part of the address behind '#/' */
	title: keyof Words;
	icon: string;         /* a path of ui/icons.tsx */
	right: string | null; /* the right that it needs (store/access/scope.def); null: everybody */
	key: string;          /* g + this key goes there */
	keys?: [keys: string, what: keyof Words][]; /* of its own, for the list of keys */
	hidden?: true;        /* not in the rail: one comes there from elsewhere */
	view: () => JSX.Element;
}

export const SCREENS: Screen[] = [
	{ path: 'start', title: 'start', icon: 'start', right: 'status', key: 's', view: Start },
	{ path: 'conversations', title: 'conversations', icon: 'conversations', right: 'messages:read', key: 'c', keys: TALK_KEYS, view: Conversations },
	{ path: 'messages', title: 'messages', icon: 'messages', right: 'messages:read', key: 'm', view: Messages },
	{ path: 'queues', title: 'queues', icon: 'queues', right: 'queues:read', key: 'q', view: Queues },
	{ path: 'integrations', title: 'integrations', icon: 'integrations', right: 'status', key: 'i', view: Integrations },
	{ path: 'system', title: 'system', icon: 'system', right: null, key: 'y', view: System },
	{ path: 'setup', title: 'setup', icon: 'system', right: 'settings', key: '', hidden: true, view: Setup },
];
