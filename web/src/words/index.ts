/* index.ts - the languages, each as one piece: the build makes a file of each (bundle.mjs), and a browser loads its reader's only.
 * The page's code takes nothing from here but types. */
import { en } from './en';
import { es } from './es';
import { HELP } from './help';
import { META } from './meta';
import { problemEn, problemEs, problemPt } from './problem';
import { pt } from './pt';
import { SAID } from './said';
import { workEn } from './work.en';
import { workEs } from './work.es';
import { workPt } from './work.pt';

export type Words = typeof en & typeof workEn & typeof problemEn;
/* help: what settings do; said: sentences of the API. English ones come from the box itself. */
export interface Language { words: Words; help: Record<string, string>; said: Record<string, string> }

const column = (of: Record<string, string[]>, n: 0 | 1 | 2): Record<string, string> => Object.fromEntries(Object.entries(of).map(([k, v]) => [k, v[n]!]));

export const LANGUAGES: Record<'en' | 'es' | 'pt', Language> = {
	es: { words: { ...es, ...workEs, ...problemEs, ...column(META, 1) }, help: column(HELP, 0), said: column(SAID, 0) },
	pt: { words: { ...pt, ...workPt, ...problemPt, ...column(META, 2) }, help: column(HELP, 1), said: column(SAID, 1) },
	en: { words: { ...en, ...workEn, ...problemEn, ...column(META, 0) }, help: {}, said: {} },
};
