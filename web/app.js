/* The page: token, queues, last messages, sending. Whatever comes from people goes through textContent. */
import { arrive, call, enter, follow, isFirst, leave, newKey, Refused } from './api.js';
import { label, lang, words } from './words.js';

const $ = id => document.getElementById(id);
const MESSAGES_MAX = 60, QUEUES_MS = 2000;
const messages = new Map(); /* id -> { row, data } */

/* --- queues --- */

function age(ms) {
	if (ms <= 0)
		return '–';
	const s = Math.round(ms / 1000), unit = s < 90 ? ['second', s] : s < 5400 ? ['minute', Math.round(s / 60)] :
		s < 129600 ? ['hour', Math.round(s / 3600)] : ['day', Math.round(s / 86400)];
	return new Intl.NumberFormat(lang, { style: 'unit', unit: unit[0], unitDisplay: 'short' }).format(unit[1]);
}

function cell(row, text, className) {
	const td = row.insertCell();
	td.textContent = text;
	td.className = className;
	return td;
}

function queueRow(q) {
	const row = document.createElement('tr'), name = row.insertCell(), small = document.createElement('small');
	const running = q.state === 'running', number = n => n.toLocaleString(lang);
	name.append(words.q[q.name] || q.name);
	small.textContent = q.name;
	name.append(small);
	name.dataset.paused = words[q.state] || q.state;
	row.className = running ? '' : 'paused';
	cell(row, number(q.waiting), 'n');
	cell(row, number(q.active), 'n wide');
	cell(row, number(q.delayed), 'n wide');
	cell(row, number(q.completed), 'n wide');
	cell(row, number(q.dead), q.dead > 0 ? 'n alarm' : 'n');
	cell(row, age(q.oldest_age_ms), 'n wide');
	const button = document.createElement('button');
	button.type = 'button';
	button.className = 'quiet';
	button.dataset.queue = q.name;
	button.dataset.act = running ? 'pause' : 'resume';
	button.textContent = running ? words.pause : words.resume;
	button.setAttribute('aria-label', button.textContent + ' ' + (words.q[q.name] || q.name));
	row.insertCell().append(button);
	return row;
}

let queuesShown = '';
async function loadQueues() {
	const { data } = await call('GET', '/api/v1/queues');
	const now = JSON.stringify(data.map(({ rate_per_second, ...q }) => q));
	if (now === queuesShown)
		return;
	queuesShown = now;
	const held = document.activeElement?.dataset?.queue;
	$('queues').replaceChildren(...data.map(queueRow));
	if (held)
		$('queues').querySelector('[data-queue="' + CSS.escape(held) + '"]')?.focus();
}

async function loadHealth() {
	const { incidents } = await call('GET', '/api/v1/status');
	$('health').textContent = incidents.length === 0 ? words.well : '';
	$('notes').replaceChildren(...incidents.map(i => {
		const p = document.createElement('p');
		p.className = 'card note';
		p.textContent = i.subject + ': ' + i.text;
		return p;
	}));
}

let soon = null;
function refreshSoon() {
	soon ??= setTimeout(() => { soon = null; refresh(); }, 300);
}

async function refresh() {
	try {
		await Promise.all([loadQueues(), loadHealth()]);
	} catch (e) {
		if (!(e instanceof Refused))
			$('health').textContent = words.no_net;
		else if (e.status === 401)
			showDoor(words.door_wrong);
		else if (e.status === 403)
			$('health').textContent = words.forbidden;
	}
}

/* --- messages --- */

function stateOf(m) {
	return m.sending === 'unknown' || m.sending === 'cancelled' ? m.sending : m.status;
}

function fill(row, m) {
	const meta = document.createElement('div'), text = document.createElement('p'), when = document.createElement('time');
	const who = document.createElement('span'), state = document.createElement('span');
	row.className = m.direction;
	who.textContent = (m.direction === 'inbound' ? '' : '→ ') + (m.sender_name ? m.sender_name + ' · ' : '') + '+' +
		String(m.wa_id).replace(/^\+/, '');
	when.dateTime = m.timestamp;
	when.textContent = new Date(m.timestamp).toLocaleString(lang, { dateStyle: 'short', timeStyle: 'medium' });
	meta.className = 'meta';
	meta.append(who, when);
	if (m.direction === 'outbound') {
		state.textContent = words[stateOf(m)] || stateOf(m);
		state.className = 'state ' + stateOf(m);
		meta.append(state);
	}
	text.textContent = m.content;
	row.replaceChildren(text, meta);
	row.dataset.id = m.id;
}

/* Newest first, by arrival: the provider's time has whole seconds and may be late. */
function show(m, fresh) {
	let known = messages.get(m.id);
	if (known === undefined) {
		known = { row: document.createElement('li'), data: m };
		messages.set(m.id, known);
		const after = [...messages.values()].filter(o => o !== known && o.data.created_at <= m.created_at)
			.sort((a, b) => a.data.created_at < b.data.created_at ? 1 : -1)[0];
		if (after)
			after.row.before(known.row);
		else
			$('messages').append(known.row);
	}
	known.data = m;
	fill(known.row, m);
	if (fresh)
		known.row.classList.add('new');
	while (messages.size > MESSAGES_MAX) {
		const last = $('messages').lastElementChild;
		messages.delete(last.dataset.id);
		last.remove();
	}
	$('empty').hidden = messages.size > 0;
}

async function loadMessages() {
	const { data } = await call('GET', '/api/v1/messages?limit=30');
	messages.clear();
	$('messages').replaceChildren();
	$('empty').hidden = data.length > 0;
	for (const m of data)
		show(m, false);
}

async function onEvent(name, data) {
	if (name === 'reset')
		await loadMessages().catch(() => {});
	else if (name === 'whatsapp_message' || name === 'whatsapp_echo')
		show(data, true);
	else if (name === 'status' && messages.has(data.id))
		show(data, false);
	refreshSoon();
}

/* --- sending --- */

let key = newKey(); /* the same until the box has answered: a second click sends nothing twice */

async function send(event) {
	event.preventDefault();
	const button = $('send-button');
	button.disabled = true;
	button.textContent = words.sending;
	$('send-error').textContent = '';
	try {
		const m = await call('POST', '/api/v1/messages', { to: $('to').value.trim(), type: 'text', text: { body: $('text').value } },
			{ 'Idempotency-Key': key });
		show(m, true);
		$('text').value = '';
		key = newKey();
	} catch (e) {
		$('send-error').textContent = e instanceof Refused ? e.message : words.no_net;
		if (e instanceof Refused && e.status < 500)
			key = newKey();
		if (e.status === 401)
			showDoor(words.door_wrong);
	}
	button.disabled = false;
	button.textContent = words.send;
}

async function control(event) {
	const { queue, act } = event.target.dataset;
	if (!queue)
		return;
	event.target.disabled = true;
	try {
		await call('POST', '/api/v1/queues/' + encodeURIComponent(queue) + '/' + act, {});
	} catch (e) {
		$('health').textContent = e instanceof Refused ? e.message : words.no_net;
	}
	event.target.disabled = false;
	queuesShown = '';
	await refresh();
}

/* --- door and room --- */

let timer = null;

function link(state) {
	$('link').dataset.state = state;
	$('link-text').textContent = words['link_' + state];
}

function showDoor(why) {
	clearInterval(timer);
	timer = null;
	$('room').hidden = true;
	$('leave').hidden = true;
	$('door').hidden = false;
	$('door-error').textContent = why;
	$('health').textContent = '';
	link('off');
	$('link').hidden = true;
	$('door-text').textContent = isFirst() ? words.setup_text : words.door_text;
	$('code').hidden = isFirst();
	document.querySelector('label[for=code]').hidden = isFirst();
	$('login').focus();
}

let following = false;

async function showRoom() {
	$('door').hidden = true;
	$('room').hidden = false;
	$('leave').hidden = false;
	$('link').hidden = false;
	await refresh();
	if ($('room').hidden)
		return; /* the token was refused */
	timer ??= setInterval(() => { if (!document.hidden) refresh(); }, QUEUES_MS);
	if (!following) {
		following = true;
		let loaded = false;
		follow({
			/* The list is read after the stream is open: nothing falls between them. */
			state: s => {
				link(s);
				if (s === 'live' && !loaded) {
					loaded = true;
					loadMessages().catch(() => { loaded = false; });
				}
			},
			event: onEvent,
			refused: e => { following = false; if (e.status === 401) showDoor(words.door_wrong); else link('off'); },
		});
	}
}

label(document);
$('send').addEventListener('submit', send);
$('queues').addEventListener('click', control);
$('leave').addEventListener('click', () => leave().finally(() => location.reload()));
$('door-form').addEventListener('submit', event => {
	event.preventDefault();
	$('door-error').textContent = '';
	enter($('login').value.trim(), $('password').value, $('code').value.trim()).then(() => {
		$('password').value = $('code').value = '';
		return showRoom();
	}).catch(e => { $('door-error').textContent = e.message; });
});
async function begin() {
	if (await arrive().catch(() => false))
		showRoom();
	else
		showDoor('');
}
window.addEventListener('hashchange', () => { if (location.hash.length > 1) begin(); });
begin();
