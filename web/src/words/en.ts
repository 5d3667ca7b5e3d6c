/* en.ts - the page in English; the list of keys that the other languages must have too. */
import { talk } from './talk.en';

export const en = {
	...talk,
	again: 'Try again', no: 'No', enter: 'Log in', leave: 'Log out', leave_unsent: 'The box does not have {n|# message|# messages} yet: if you log out now, {n|it is|they are} never sent.', docs: 'API reference', language: 'Language', theme: 'Appearance',
	theme_auto: 'Same as the device', theme_light: 'Light', theme_dark: 'Dark', keys: 'Keys', more_screens: 'More', screens: 'Screens', skip: 'Skip to the content',
	nobody: 'This machine', not_found: 'There is no such screen.', no_net: 'The box does not answer. Is it switched on, and is this device on its network?',
	forbidden: 'Your role may not do that.', link_live: 'live', link_wait: 'connecting…', link_off: 'no connection, trying again',
	login: 'Name', password: 'Password', login_code: 'Code from your phone', login_wrong: 'The name or the password is wrong.',
	login_slow: 'Too many wrong attempts. Wait {n|# second|# seconds}.',
	setup_text: 'You are the first here: choose a name and a password of at least 10 characters.', setup_go: 'Get started',
	setup_link: 'This box has no owner yet. Open the link that “totem serve” printed when it started; “totem user add” makes one too.',
	queues: 'Queues', queue: 'Queue', waiting: 'Waiting', active: 'Running', delayed: 'Later', completed: 'Done', dead: 'Failed', oldest: 'Oldest',
	action: 'Action', pause: 'Pause', resume: 'Resume', 'state.paused': 'paused', 'state.draining': 'draining',
	start: 'Home', all_well: 'All is well.', no_number: 'No WhatsApp number is connected yet.', not_well: '{n|# thing needs|# things need} attention.', part: 'Part',
	state: 'State', since: 'Since', why: 'Why', messages: 'Messages',
	messages_none: 'No messages yet. What customers write appears here by itself.', to: 'To (phone number with country code)', text: 'Text',
	send: 'Send', send_title: 'Send a message', 'status.pending': 'waiting to be sent', 'status.accepted': 'accepted by WhatsApp',
	'status.sent': 'sent', 'status.delivered': 'delivered', 'status.read': 'read', 'status.played': 'played', 'status.failed': 'failed',
	'status.unknown': 'not known whether it was sent', 'status.cancelled': 'cancelled', 'state.up': 'works', 'state.running': 'works',
	'state.failing': 'fails', 'state.stopped': 'stopped',
	'q.webhooks': 'Received', 'q.messages': 'To send', 'q.crm-api-whatsapp-inbound': 'Inbox', 'q.support-bridge-inbound': 'To Chatwoot',
	'q.support-bridge-crm-mirror': 'Copies to Chatwoot', 'q.orchestrator-inbound': 'To n8n', 'q.support-bridge-outbound': 'Answers to Chatwoot',
	'q.support-bridge-status': 'States to Chatwoot', 'q.media': 'Files', 'q.upkeep': 'Upkeep', 'q.message-acts': 'Read and typing', 'q.support-bridge-state': 'Thread states to Chatwoot',
};
export type Words = typeof en;
