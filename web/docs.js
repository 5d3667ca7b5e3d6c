/* The reference page: /openapi.json as headings, paths and schemas. */
const el = (name, text, className) => {
	const e = document.createElement(name);
	if (text !== undefined)
		e.textContent = text;
	if (className)
		e.className = className;
	return e;
};

const json = value => el('pre', JSON.stringify(value, null, 2));

function operation(path, method, op) {
	const box = el('details', undefined, 'op'), head = el('summary');
	head.append(el('code', method.toUpperCase(), 'method'), el('code', path), ' – ' + op.summary);
	box.append(head);
	if (op.description)
		box.append(el('p', op.description));
	const scopes = op.security.flatMap(s => Object.values(s).flat());
	box.append(el('p', scopes.length > 0 ? 'Token with scope ' + scopes.join(', ') : 'No token', 'soft'));
	for (const p of op.parameters)
		box.append(el('p', p.in + ' ' + p.name + (p.required ? '' : ' (optional)') + (p.description ? ': ' + p.description : '')));
	if (op.requestBody)
		box.append(el('p', 'Body', 'soft'), json(op.requestBody.content['application/json'] ?? op.requestBody));
	for (const [status, r] of Object.entries(op.responses))
		box.append(el('p', status + ': ' + (r.description ?? 'problem')));
	return box;
}

function section(title, parts) {
	const s = el('section', undefined, 'card');
	s.append(el('h2', title), ...parts);
	return s;
}

const doc = await (await fetch('/openapi.json')).json();
document.getElementById('about').textContent = doc.info.version + ' – ' + doc.info.description;
const groups = new Map();
for (const [path, methods] of Object.entries(doc.paths)) {
	for (const [method, op] of Object.entries(methods)) {
		const tag = op.tags[0];
		groups.set(tag, [...(groups.get(tag) ?? []), operation(path, method, op)]);
	}
}
const schemas = Object.entries(doc.components.schemas).map(([name, schema]) => {
	const box = el('details', undefined, 'op');
	box.append(el('summary', name), json(schema));
	return box;
});
document.getElementById('docs').append(...[...groups].map(([tag, ops]) => section(tag, ops)), section('Schemas', schemas));
