/* bundle.mjs - what build.mjs and dev.mjs share: the bundler's settings, the languages as files of their own, what is copied as it is. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const web = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
export const COPIED = ['index.html', 'docs.html', 'docs.js', 'icon.svg'];
const BUILDS = 'esbuild'; /* the one of package.json's dependencies that does not end up in the page */

export const bundler = modules => createRequire(join(modules, 'x.js'))('esbuild');

/* What the page is made of, for its screen "about". */
function parts(modules) {
	const read = path => JSON.parse(readFileSync(path, 'utf8'));
	return Object.keys(read(join(web, 'package.json')).dependencies).filter(name => name !== BUILDS).map(name => {
		const { version, license } = read(join(modules, name, 'package.json'));
		return { name, version, licence: license };
	});
}

export function options(modules, out, dev) {
	return { entryPoints: { app: join(web, 'src/main.tsx') }, bundle: true, format: 'esm', target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
		jsx: 'automatic', jsxImportSource: 'preact', nodePaths: [modules], outdir: out, legalComments: 'none', logLevel: 'warning',
		define: { DEV: JSON.stringify(dev), PARTS: JSON.stringify(parts(modules)) } };
}

/* words-es.json and so on: a browser loads only its reader's. */
export async function languages(modules, out) {
	const { outputFiles } = await bundler(modules).build({ entryPoints: [join(web, 'src/words/index.ts')], bundle: true, format: 'esm', write: false });
	const { LANGUAGES } = await import('data:text/javascript;base64,' + Buffer.from(outputFiles[0].contents).toString('base64'));
	for (const [name, language] of Object.entries(LANGUAGES))
		writeFileSync(join(out, `words-${name}.json`), JSON.stringify(language));
}
