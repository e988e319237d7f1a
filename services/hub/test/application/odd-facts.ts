import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  commandEvent,
  decisionEvent,
  interactionEvent,
  objectEvent,
  outcomeEvent,
  parseEvent,
  partyEvent,
  recordEvent,
  signalEvent,
  type UnsiloEvent,
} from '@unsilo/schemas';
import { random, type Rng } from './history.js';
import { T0 } from './test-hub.js';

const EXAMPLES = join(__dirname, '../../../../schemas/examples');
const REFS = [
  'a/contact/1',
  'a/contact/2',
  'a/contact/3',
  'b/contact/1',
  'b/contact/2',
  'a/case/1',
  'b/case/1',
  'a/post/1',
  'b/post/1',
  'elsewhere/contact/1',
  'a/odd kind/1',
  'a/contact/ü%2F/../x',
];
const TIMES = [
  '2026-03-01T12:00:00.000Z',
  '2026-03-01T12:00:01.000Z',
  '2026-02-28T23:59:60Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2026-03-01T14:00:00+02:00',
  '2026-03-01T12:00:00.123456789Z',
  '1969-12-31T23:59:59Z',
];
const TEXTS = [
  '',
  ' ',
  'Ada',
  'ADA',
  'ada@example.org',
  'Ada@EXAMPLE.org',
  'info@example.org',
  '+4930123456',
  '030 123456',
  '000-000',
  'N/A',
  'x'.repeat(300),
  'ß',
  'İ',
  'ﬁ',
  '\u202eabc',
  '👩‍👩‍👧‍👧',
  'عائشة',
  '李小龙',
  'e\u0301',
  "O'Neil-Smith de la Cruz",
  'constructor',
  '__proto__',
  'toString',
  '\u001f',
  '\u001e',
  'a\u001fb',
  '\u0000',
  '#1',
  'true',
  'null',
  '-0',
  '1e999',
  'mastodon',
  'https://social.example/@ada',
  'http://[::1',
  'withdrawn',
  'granted',
  'work',
  'DE',
  'zz',
  'Ltd',
  '../../etc',
];
const NUMBERS = [0, 1, 2, 3, -1, 0.5, 1e21, Number.MAX_SAFE_INTEGER, 2 ** 32];

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Kind = keyof typeof MAKERS;
const MAKERS = {
  party: (data: never) => partyEvent('acme', data),
  object: (data: never) => objectEvent('acme', data),
  interaction: (data: never) => interactionEvent('acme', data),
  command: (data: never) => commandEvent('acme', data),
  outcome: (data: never) => outcomeEvent('acme', data),
  decision: (data: never) => decisionEvent('acme', data),
  record: (data: never) => recordEvent('acme', data, { revision: 1, at: new Date(T0).toISOString() }),
  signal: (data: never) => signalEvent('acme', data),
};
/** How often each comes, and how much of an example is changed. */
const MIX: readonly (readonly [Kind, number])[] = [
  ['command', 0.01],
  ['command', 0.01],
  ['command', 0.01],
  ['outcome', 0.01],
  ['outcome', 0.01],
  ['party', 0.05],
  ['party', 0.05],
  ['decision', 0.05],
  ['decision', 0.05],
  ['object', 0.05],
  ['interaction', 0.05],
  ['record', 0.05],
  ['signal', 0.05],
];

/**
 * Events that their schemas allow and that say odd things: the published examples, with values exchanged for strange ones and fields left
 * out, about a few records that they all meet in. What an event is named by (a version of a ref, an id) comes once.
 */
export function oddEvents(seed: number, length: number): UnsiloEvent[] {
  const rng = random(seed);
  const named = new Set<string>();
  const asked: { id: string; ref: Json }[] = [];
  const events: UnsiloEvent[] = [];
  while (events.length < length) {
    const [kind, oddness] = rng.pick(MIX);
    const data =
      kind === 'party' && rng.chance(0.6) ? person(rng) : (mutate(rng, rng.pick(examples(kind)), oddness) as Data);
    if (kind === 'command' || kind === 'decision') data['id'] = `${kind}${events.length}`;
    if (kind === 'outcome' && asked.length > 0) {
      const { id, ref } = rng.pick(asked);
      data['command'] = id;
      if (rng.chance(0.7)) data['ref'] = ref;
    }
    // What the hub has published of a record it believes where the state is made anew: an erasure that nobody decided would be one.
    if (kind === 'record') for (const said of ['erased', 'createdFor']) delete data[said];
    const name = `${kind} ${JSON.stringify([data['ref'], data['version']])}`;
    if (kind !== 'outcome' && 'version' in data && named.has(name)) continue;
    const event = make(kind, data);
    if (!event) continue;
    named.add(name);
    if (kind === 'command') asked.push({ id: String(data['id']), ref: data['ref'] ?? rng.pick(REFS) });
    events.push(event);
  }
  return events;
}

type Data = Record<string, Json>;

/** Undefined where the schema doesn't allow it. */
function make(kind: Kind, data: Data): UnsiloEvent | undefined {
  try {
    const event = MAKERS[kind](data as never);
    return parseEvent(JSON.stringify(event)).ok ? event : undefined;
  } catch {
    return undefined;
  }
}

const read = new Map<Kind, Data[]>();
function examples(kind: Kind): Data[] {
  let found = read.get(kind);
  if (!found) {
    const folder = join(EXAMPLES, kind, 'valid');
    found = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Data);
    read.set(kind, found);
  }
  return found;
}

/** One that may well be somebody else's record of the same person. */
function person(rng: Rng): Data {
  const at = T0 + rng.int(5000);
  const time = new Date(at).toISOString();
  const state: Data = { kind: rng.chance(0.85) ? 'person' : 'organization' };
  if (rng.chance(0.8)) state['name'] = { given: rng.pick(TEXTS), surname: rng.pick(TEXTS) };
  if (rng.chance(0.6))
    state['emails'] = [{ address: rng.pick(['ada@example.org', 'Ada@EXAMPLE.org', 'bo@example.org']) }];
  if (rng.chance(0.4)) state['phones'] = [{ number: rng.pick(['+4930123456', '+493012345678', '030 123456']) }];
  if (rng.chance(0.3))
    state['consents'] = [{ channel: 'email', purpose: 'news', status: rng.pick(['granted', 'withdrawn']) }];
  if (rng.chance(0.3)) state['note'] = rng.pick(TEXTS);
  return {
    ref: rng.pick(REFS),
    version: { major: rng.int(9), minor: rng.int(2) },
    createdAt: time,
    changedAt: time,
    observedAt: new Date(at + rng.int(2000)).toISOString(),
    ...(rng.chance(0.1) ? { deleted: true } : { state }),
  };
}

function mutate(rng: Rng, value: Json, oddness: number, name = ''): Json {
  if (['ref', 'createdFor', 'inReplyTo', 'from'].includes(name)) return rng.chance(0.9) ? rng.pick(REFS) : value;
  if (name === 'refs') return [...new Set(Array.from({ length: 1 + rng.int(4) }, () => rng.pick(REFS)))];
  if (name === 'system') return rng.pick(['a', 'b']);
  if (name.endsWith('At') && typeof value === 'string') return rng.chance(0.7) ? rng.pick(TIMES) : value;
  if (name === 'major' || name === 'minor') return rng.chance(0.85) ? rng.int(9) : rng.pick(NUMBERS);
  if (Array.isArray(value)) return mutateList(rng, value, oddness);
  if (value !== null && typeof value === 'object') {
    const kept = Object.entries(value).filter(() => !rng.chance(oddness));
    return Object.fromEntries(kept.map(([key, inner]) => [key, mutate(rng, inner, oddness, key)]));
  }
  if (!rng.chance(8 * oddness)) return value;
  if (typeof value === 'string') return rng.chance(0.1) ? null : rng.pick(TEXTS);
  return typeof value === 'number' ? rng.pick(NUMBERS) : typeof value === 'boolean' ? !value : rng.pick(TEXTS);
}

function mutateList(rng: Rng, list: readonly Json[], oddness: number): Json[] {
  const out = list.map((inner) => mutate(rng, inner, oddness));
  if (rng.chance(0.1)) return [];
  if (rng.chance(0.15) && out.length > 0) out.push(rng.pick(out));
  return rng.chance(0.05) ? out.reverse() : out;
}
