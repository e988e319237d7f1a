import fc from 'fast-check';

/**
 * What stands where something else was said to be: other types, nothing, too much, times that no clock shows. A half of a surrogate pair and
 * a name that reaches into prototypes come as JSON can write them.
 */
const ODD_VALUES: readonly string[] = [
  'null',
  'true',
  '0',
  '-1',
  '1e308',
  '9007199254740993',
  '""',
  '" "',
  '"0"',
  '"null"',
  '"9999-99-99"',
  '"9999-12-31T23:59:59Z"',
  '"-271821-04-20T00:00:00Z"',
  '"0000-00-00 00:00:00"',
  '"\\ud800"',
  '"\\u0000"',
  '"http://[::1"',
  '"javascript:alert(1)"',
  '"../../x?y#z"',
  '[]',
  '[null]',
  '[[]]',
  '[{}]',
  '{}',
  '{"__proto__":{"polluted":true}}',
  '{"data":{}}',
  `"${'x'.repeat(20_000)}"`,
  `${'['.repeat(200)}${']'.repeat(200)}`,
];

const ODD_TEXTS: readonly string[] = [
  '',
  '\u0000',
  '<',
  '>',
  '&',
  '&#0;',
  ']]>',
  '<![CDATA[',
  '"',
  '\n',
  '\ufffd',
  'x'.repeat(2000),
];

/** Where a place in an answer is chosen by a number, so that one seed names one answer, however long the right one is. */
interface Oddity {
  place: number;
  value: number;
  how: 'replace' | 'remove' | 'repeat';
}

const oddities: fc.Arbitrary<Oddity[]> = fc.array(
  fc.record({
    place: fc.nat(),
    value: fc.nat(),
    how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'repeat'),
  }),
  { minLength: 1, maxLength: 3 },
);

/**
 * Makes an answer odd, the same way for the same seed: in JSON up to three values are replaced, left out or there twice; in any other text, pieces
 * of it. What a proxy, a plug-in or the next release of a system may do to an answer.
 */
export function oddAnswer(seed: number): (body: string) => string {
  const [chosen = []] = fc.sample(oddities, { seed, numRuns: 1 });
  return (body) => chosen.reduce((text, oddity) => inJson(text, oddity) ?? inText(text, oddity), body);
}

/**
 * Makes whatever an answer says of one thing odd, the same way each time: in JSON a value within each object of this id is replaced. A record that a
 * plug-in or an import has spoilt. Other texts stay as they are.
 */
export function oddAbout(id: string, seed: number): (body: string) => string {
  const [[oddity] = []] = fc.sample(oddities, { seed, numRuns: 1 });
  return (body) => inAllOf(body, id, oddity!) ?? body;
}

/** JSON within a list, so that the whole of it has a place as well; undefined where the text is none. */
function rootOf(text: string): unknown[] | undefined {
  try {
    return [JSON.parse(text)];
  } catch {
    return undefined;
  }
}

/** Stands in the text until the odd value, which `JSON.stringify` might not write, takes its place. */
const MARK = '\u0001odd\u0001';

type Place = { within: Record<string, unknown> | unknown[]; key: string };

/** Every place in a value where another value stands, in order. */
function placesIn(within: Place['within']): Place[] {
  return Object.entries(within).flatMap(([key, inner]) => [
    { within, key },
    ...(typeof inner === 'object' && inner !== null ? placesIn(inner as Place['within']) : []),
  ]);
}

function inJson(text: string, { place, value, how }: Oddity): string | undefined {
  const root = rootOf(text);
  if (root === undefined) return undefined;
  const places = placesIn(root);
  const { within, key } = places[place % places.length]!;
  if (how === 'remove' && !Array.isArray(within)) delete within[key];
  else if (how === 'repeat' && Array.isArray(within) && within !== root)
    within.splice(Number(key), 0, within[Number(key)]);
  else (within as Record<string, unknown>)[key] = MARK;
  return written(root[0], value);
}

function inAllOf(text: string, id: string, { place, value }: Oddity): string | undefined {
  const root = rootOf(text);
  if (root === undefined) return undefined;
  const about = placesIn(root)
    .filter(({ within, key }) => key === 'id' && !Array.isArray(within) && String(within['id']) === id)
    .map(({ within }) => within);
  for (const object of about) {
    const places = placesIn(object).filter(({ within, key }) => within !== object || key !== 'id');
    const { within, key } = places[place % Math.max(places.length, 1)] ?? {};
    if (within !== undefined) (within as Record<string, unknown>)[key!] = MARK;
  }
  return written(root[0], value);
}

function written(value: unknown, odd: number): string {
  const text = ODD_VALUES[odd % ODD_VALUES.length]!;
  return JSON.stringify(value).replaceAll(JSON.stringify(MARK), () => text);
}

function inText(text: string, { place, value, how }: Oddity): string {
  const at = text.length === 0 ? 0 : place % text.length;
  const end = Math.min(text.length, at + 1 + (value % 60));
  if (how === 'repeat') return text.slice(0, end) + text.slice(at);
  const odd = how === 'remove' ? '' : ODD_TEXTS[value % ODD_TEXTS.length]!;
  return text.slice(0, at) + odd + text.slice(end);
}
