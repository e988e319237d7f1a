import { randomUUID } from 'node:crypto';
import {
  createHttpClient,
  parseOptions,
  systemClock,
  type ConnectorContext,
  type ReadItem,
} from '@unsilo/connector-sdk';
import { suitecrm, type SuiteCrmOptions } from '@unsilo/connector-suitecrm';
import { startSimulatedSuiteCrm } from '@unsilo/connector-suitecrm/simulator';
import type { AttributeValue, Command, PartyState, Version } from '@unsilo/schemas';
import { hostileTexts } from './hostile.js';
import { assignments, changesIn } from './stage.js';

/**
 * Against a real SuiteCRM 7.14: that the simulation answers as it does, and that the connector works with it. Makes records and deletes them
 * again. Needs SUITECRM_BASE_URL, SUITECRM_PASSWORD_CLIENT_ID, SUITECRM_PASSWORD_CLIENT_SECRET, SUITECRM_USER and SUITECRM_PASSWORD.
 */
const env = (name: string) => process.env[`SUITECRM_${name}`] ?? '';
const isThere = env('BASE_URL') !== '';
const why = isThere ? '' : ' (skipped: SUITECRM_BASE_URL is not set; see connectors/suitecrm/README.md)';
const testThere = isThere ? test : test.skip;

const auth = {
  grant: 'password' as const,
  clientId: env('PASSWORD_CLIENT_ID'),
  clientSecret: env('PASSWORD_CLIENT_SECRET'),
  username: env('USER'),
  password: env('PASSWORD'),
};

jest.setTimeout(120_000);

interface Place {
  url: string;
  auth: SuiteCrmOptions['auth'];
}

async function tokenOf({ url, auth: login }: Place): Promise<string> {
  const user = login.grant === 'password' ? { username: login.username, password: login.password } : {};
  const form = { grant_type: login.grant, client_id: login.clientId, client_secret: login.clientSecret, ...user };
  const answer = await fetch(`${url}/Api/access_token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const SHOWN = [
  ...[
    'first_name',
    'last_name',
    'full_name',
    'title',
    'description',
    'birthdate',
    'do_not_call',
    'deleted',
    'salutation',
  ],
  ...['email1', 'email2', 'email_opt_out', 'invalid_email', 'account_name', 'account_id', 'phone_work', 'lead_source'],
  ...['name', 'status', 'state', 'priority', 'email_address', 'email_address_caps', 'opt_out'],
];

/** Everything that one server answers to the same requests, with ids and times replaced by names. */
async function answersOf(place: Place): Promise<string[]> {
  const token = await tokenOf(place);
  const ids = { A: randomUUID(), B: randomUUID(), ACC: randomUUID(), CASE: randomUUID(), NONE: randomUUID() };
  const unique = randomUUID().slice(0, 8);
  const names: [string, string][] = [
    ...Object.entries(ids).map(([name, id]): [string, string] => [id, name]),
    [unique, 'UNIQUE'],
  ];
  const told: string[] = [];

  const named = (text: string) =>
    names.reduce(
      (left, [value, name]) => left.replaceAll(value, `<${name}>`).replaceAll(value.toUpperCase(), `<${name}>`),
      text,
    );
  async function call(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`${place.url}/Api/V8${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.api+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed = JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)) as { data?: any; meta?: any; errors?: any };
    const resources = [parsed.data ?? []].flat() as {
      type: string;
      id: string;
      attributes?: Record<string, unknown>;
    }[];
    const seen = resources.map(({ type, id, attributes }) => ({
      type,
      id,
      ...Object.fromEntries(
        Object.entries(attributes ?? {})
          .filter(([name]) => SHOWN.includes(name))
          .sort(),
      ),
    }));
    const line = {
      request: `${method} ${path}`,
      sent: body,
      status: answer.status,
      errors: parsed.errors,
      meta: messageless(parsed.meta),
      seen,
    };
    told.push(JSON.stringify(line));
    return parsed.data;
  }
  const post = (type: string, id: string, attributes: object) =>
    call('POST', '/module', { data: { type, id, attributes } });
  const patch = (id: string, attributes: object) =>
    call('PATCH', '/module', { data: { type: 'Contacts', id, attributes } });
  const link = async (path: string, type: string, id: string) => call('POST', path, { data: { type, id } });

  await post('Accounts', ids.ACC, { name: `Account ${unique}` });
  await post('Contacts', ids.A, {
    first_name: 'Ada',
    last_name: 'Lovelace',
    email1: `a-${unique}@example.com`,
    account_id: ids.ACC,
  });
  await post('Contacts', ids.A, { last_name: 'Again' });
  await post('Contacts', ids.A.toUpperCase(), { last_name: 'Again' });
  await post('Contacts', ids.B, {
    last_name: 'B',
    email1: 'no address',
    email2: `b-${unique}@example.com`,
    account_id: ids.NONE,
  });
  await call('GET', `/module/Contacts/${ids.NONE}`);
  await call('GET', '/module/Contacts/not-an-id');
  await patch(ids.NONE, { title: 'x' });
  for (const title of hostileTexts.filter((text) => !text.startsWith('👩')))
    await patch(ids.A, { title, description: title });
  await patch(ids.A, { title: '😀 hi', description: ' spaced  out ' });
  await patch(ids.A, { first_name: 'x'.repeat(150), title: 'é'.repeat(150), last_name: '  trimmed ' });
  for (const birthdate of ['1980-02-28', '1980-02-30', '', '02/03/1980', null]) await patch(ids.A, { birthdate });
  for (const value of [true, '1', 1, '0', false]) await patch(ids.A, { do_not_call: value });
  await patch(ids.A, { salutation: 'Herzog', lead_source: 'unheard of', last_name: '' });
  await patch(ids.A, { last_name: 'Lovelace', account_name: 'Other' });
  await patch(ids.A, { bogus: 'x' });
  await patch(ids.A, { title: ['x'] });
  await patch(ids.A, {});
  await patch(ids.A, { deleted: '0' });

  // Addresses: a PATCH changes none, unlinking and writing does; flags belong to the address.
  await patch(ids.A, { email1: `new-${unique}@example.com`, email_opt_out: '1' });
  const addresses = `/module/Contacts/${ids.A}/relationships/email_addresses`;
  const rows = (await call('GET', addresses)) as { id: string }[];
  names.push([rows[0]!.id, 'ROW']);
  await call('DELETE', `${addresses}/${rows[0]!.id}`);
  await call('DELETE', `${addresses}/${rows[0]!.id}`);
  await call('GET', addresses);
  await patch(ids.A, { email1: `New-${unique}@example.com`, email_opt_out: '1' });
  await link(addresses, 'EmailAddresses', rows[0]!.id);
  await call('GET', `/module/Contacts/${ids.A}`);
  const found = (await call(
    'GET',
    `/module/EmailAddresses?filter[email_address_caps][eq]=NEW-${unique.toUpperCase()}@EXAMPLE.COM&page[size]=2&page[number]=1`,
  )) as { id: string }[];
  names.push([found[0]!.id, 'ROW2']);
  await call('PATCH', '/module', { data: { type: 'EmailAddresses', id: found[0]!.id, attributes: { opt_out: '0' } } });
  await call('GET', `/module/Contacts/${ids.A}`);

  await patch(ids.A, { account_id: '' });
  await patch(ids.A, { account_id: ids.ACC });
  await post('Cases', ids.CASE, {
    name: `Case ${unique}`,
    account_id: ids.ACC,
    status: 'Open_New',
    priority: 'P1',
    state: 'Open',
  });
  await link(`/module/Cases/${ids.CASE}/relationships/contacts`, 'Contacts', ids.A);
  await call('GET', `/module/Cases/${ids.CASE}/relationships/contacts?page[size]=5&page[number]=1`);
  await link(`/module/Cases/${ids.CASE}/relationships/contacts`, 'Contacts', ids.NONE);

  const only = `filter[id][eq]=${ids.A}&page[size]=5&page[number]=1`;
  const future = '2099-01-01 00:00:00';
  for (const query of [
    only,
    `${only}&fields[Contacts]=last_name`,
    `${only}&fields[Contacts]=nope`,
    `${only}&filter[date_modified][gte]=${future}`,
    `${only}&filter[date_modified][lt]=${future}`,
    `${only}&filter[nope][eq]=1`,
    `${only}&sort=id,name`,
    `${only}&bogus=1`,
    `filter[email1][eq]=new-${unique}@example.com&page[size]=5&page[number]=1`,
  ])
    await call('GET', `/module/Contacts?${query}`);

  await call('DELETE', `/module/Cases/${ids.CASE}`);
  for (const id of [ids.A, ids.B]) await call('DELETE', `/module/Contacts/${id}`);
  await call('DELETE', `/module/Contacts/${ids.A}`);
  await call('GET', `/module/Contacts/${ids.A}`);
  await call('GET', `/module/Contacts?filter[id][eq]=${ids.A}&page[size]=5&page[number]=1`);
  await call('GET', `/module/Contacts?filter[deleted][eq]=1&filter[id][eq]=${ids.A}&page[size]=5&page[number]=1`);
  await post('Contacts', ids.A, { last_name: 'Again' });
  await patch(ids.A, { deleted: '0' });
  await call('DELETE', `/module/Accounts/${ids.ACC}`);
  return told.map(named);
}

/** Messages of success are for people and differ in wording; errors are told by their text and must not. */
function messageless(meta: Record<string, unknown> | undefined): unknown {
  if (meta === undefined) return undefined;
  const { 'total-pages': pages, 'records-on-this-page': records } = meta;
  return pages === undefined ? undefined : { pages, records };
}

describe('a real SuiteCRM', () => {
  testThere(`answers as the simulation does${why}`, async () => {
    const simulated = await startSimulatedSuiteCrm();
    try {
      const [real, ours] = await Promise.all([answersOf({ url: env('BASE_URL'), auth }), answersOf(simulated)]);
      expect(ours).toHaveLength(real.length);
      const differing = real.flatMap((line, index) => (line === ours[index] ? [] : [difference(line, ours[index]!)]));
      expect(differing).toEqual([]);
    } finally {
      await simulated.close();
    }
  });

  testThere(`is read whole, written and read again${why}`, async () => {
    const { context, read, versions, close } = realContext();
    try {
      const findings = await suitecrm.check(context);
      expect(findings.filter(({ ok, code }) => !ok && code !== 'UNSILO_SUITECRM_TIME_ZONE')).toEqual([]);
      const before = changesIn(await read());
      expect(new Set(before.map(({ ref }) => ref)).size).toBeGreaterThan(0);

      const key = randomUUID();
      const address = (name: string) => ({ address: `${name}-${key}@example.com` });
      const create = command({
        action: 'create',
        kind: 'contact',
        externalKey: key,
        createdFor: 'csv/row/1',
        set: assignments({
          'name.given': 'Ada',
          'name.surname': 'O\'Love <lace> & "co"',
          emails: [address('one'), address('two')],
          phones: [{ number: '+44 20 7946 0958', label: 'mobile' }],
          note: hostileTexts.filter((text) => !text.startsWith('👩')).join('\n'),
        }),
      });
      const made = await suitecrm.write!(context, create, { number: 1, unclear: false });
      expect(made).toMatchObject({ status: 'applied' });
      expect(made.left!.emails).toEqual([address('one'), address('two')]);
      expect(made.left!.note).toBe(hostileTexts.filter((text) => !text.startsWith('👩')).join('\n'));
      const ref = made.ref!;

      const update = async (set: Record<string, AttributeValue>) =>
        suitecrm.write!(context, command({ action: 'update', ref, base: versions(ref), set: assignments(set) }), {
          number: 1,
          unclear: false,
        });
      const replaced = await update({ emails: [address('three'), address('two')], 'name.given': 'Augusta' });
      expect(replaced).toMatchObject({
        status: 'applied',
        left: { name: { given: 'Augusta' }, emails: [address('three'), address('two')] },
      });
      const withdrawn = [{ purpose: 'marketing', channel: 'email', status: 'withdrawn' }];
      expect((await update({ consents: withdrawn })).left!.consents).toEqual(withdrawn);
      expect((await update({ emails: null })).left!.emails).toBeUndefined();

      const seen = changesIn(await read()).filter((change) => change.ref === ref);
      expect(seen.length).toBeGreaterThan(0);
      for (const change of seen) expect(change.version).toEqual(versions(ref));
      expect((seen.at(-1)!.state as PartyState).name!.given).toBe('Augusta');

      const stale = command({ action: 'update', ref, base: made.version!, set: assignments({ 'name.given': 'X' }) });
      expect(await suitecrm.write!(context, stale, { number: 1, unclear: false })).toMatchObject({
        status: 'conflict',
      });
      const remove = command({ action: 'delete', ref, base: versions(ref) });
      expect(await suitecrm.write!(context, remove, { number: 1, unclear: false })).toMatchObject({
        status: 'applied',
      });
      expect(changesIn(await read()).find((change) => change.ref === ref)).toMatchObject({ deleted: true });
    } finally {
      await close();
    }
  });
});

/** The values that differ, and in the answer to which request. */
function difference(real: string, ours: string): unknown {
  const flat = (text: string) => {
    const { request, sent, seen, ...rest } = JSON.parse(text) as { request: string; sent: unknown; seen: object[] };
    const shown = Object.assign(
      {},
      ...seen.map((record, i) =>
        Object.fromEntries(Object.entries(record).map(([name, value]) => [`${i}.${name}`, value])),
      ),
    );
    return { request, sent, values: { ...rest, ...shown } as Record<string, unknown> };
  };
  const [a, b] = [flat(real), flat(ours)];
  const names = [...new Set([...Object.keys(a.values), ...Object.keys(b.values)])];
  const differing = names.filter((name) => JSON.stringify(a.values[name]) !== JSON.stringify(b.values[name]));
  return {
    request: a.request,
    sent: a.sent,
    values: differing.map((name) => ({ name, real: a.values[name], ours: b.values[name] })),
  };
}

let commands = 0;
function command(given: object): Command {
  const now = Date.now();
  return {
    id: `real-${(commands += 1)}`,
    system: 'crm',
    cause: { kind: 'plan' },
    issuedAt: new Date(now).toISOString(),
    deadline: new Date(now + 60_000).toISOString(),
    attempt: 1,
    ...given,
  } as Command;
}

function realContext() {
  const parsed = parseOptions(suitecrm, { url: env('BASE_URL'), auth, overlapSeconds: 60 });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const stored = new Map<string, string>();
  const valueOf = (key: string): unknown => (stored.has(key) ? JSON.parse(stored.get(key)!) : undefined);
  const http = createHttpClient({ system: 'crm', allowPrivateAddresses: true });
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const context: ConnectorContext<SuiteCrmOptions> = {
    tenant: 'acme',
    system: 'crm',
    options: parsed.options,
    checkpoint: undefined,
    http,
    memory: {
      get: (key) => Promise.resolve(valueOf(key)),
      getMany: (keys) => Promise.resolve(keys.map(valueOf)),
      set: (entries) => {
        for (const [key, value] of Object.entries(entries))
          if (value === undefined) stored.delete(key);
          else stored.set(key, JSON.stringify(value));
        return Promise.resolve();
      },
    },
    log,
    clock: systemClock,
    signal: new AbortController().signal,
  };
  return {
    context,
    async read(): Promise<ReadItem[]> {
      const items: ReadItem[] = [];
      for await (const item of suitecrm.read!(context)) {
        items.push(item);
        if (item.type === 'checkpoint') context.checkpoint = structuredClone(item.value);
      }
      return items;
    },
    versions: (ref: string) => (valueOf(`state/${ref.slice('crm/'.length)}`) as { version: Version }).version,
    close: () => http.close(),
  };
}
