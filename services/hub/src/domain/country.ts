import countries from 'i18n-iso-countries';
import { fold } from './linkage/text.js';

/** Parts of a state by whose names people call their country. */
const PARTS: Readonly<Record<string, string>> = {
  england: 'gb',
  scotland: 'gb',
  wales: 'gb',
  'northern ireland': 'gb',
};

let known: ReadonlyMap<string, string> | undefined;

/**
 * The country that a text names, by ISO 3166-1 code or by its name in any language: `Deutschland`, `Germany`, `DEU` → `de`.
 * @returns The alpha-2 code in lower case; undefined where the text names none, or, like `Congo`, two.
 */
export function countryOf(text: string): string | undefined {
  known ??= allNames();
  return known.get(fold(text));
}

function allNames(): ReadonlyMap<string, string> {
  const names = new Map<string, string>(Object.entries(PARTS));
  const ambiguous = new Set<string>();
  const add = (name: string, code: string): void => {
    const folded = fold(name);
    if ((names.get(folded) ?? code) === code) names.set(folded, code);
    else ambiguous.add(folded);
  };
  for (const language of countries.getSupportedLanguages())
    for (const [code, found] of Object.entries(countries.getNames(language, { select: 'all' })))
      for (const name of found) add(name, code.toLowerCase());
  for (const name of ambiguous) names.delete(name);
  // A code means its own country, whatever else is written like it in some language.
  for (const [code, long] of Object.entries(countries.getAlpha2Codes())) {
    names.set(code.toLowerCase(), code.toLowerCase());
    names.set(long.toLowerCase(), code.toLowerCase());
  }
  return names;
}
