import { randomUUID } from 'node:crypto';
import { startSimulatedSuiteCrm } from '@unsilo/connector-suitecrm/simulator';
import { hostileTexts } from './hostile.js';
import { describeReal, realSuiteCrm, skipped, type Place } from './real.js';

jest.setTimeout(120_000);

interface Resource {
  type: string;
  id: string;
  attributes?: Record<string, unknown>;
}
interface Answered {
  data?: Resource | Resource[];
  meta?: Record<string, unknown>;
  errors?: unknown;
}

async function tokenOf({ url, auth: login }: Place): Promise<string> {
  const user = { username: login.username ?? '', password: login.password ?? '' };
  const form = { grant_type: login.grant, client_id: login.clientId, client_secret: login.clientSecret, ...user };
  const answer = await fetch(`${url}/Api/access_token`, { method: 'POST', body: new URLSearchParams(form) });
  return ((await answer.json()) as { access_token: string }).access_token;
}

const SHOWN = new Set(
  `first_name last_name full_name title description birthdate do_not_call deleted salutation email1 email2 email_opt_out invalid_email account_name account_id phone_work lead_source name status state priority email_address email_address_caps opt_out`.split(
    ' ',
  ),
);

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
  async function call(method: string, path: string, body?: unknown): Promise<Resource[]> {
    const answer = await fetch(`${place.url}/Api/V8${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.api+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed = JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)) as Answered;
    const resources = [parsed.data ?? []].flat();
    const seen = resources.map(({ type, id, attributes }) => ({
      type,
      id,
      ...Object.fromEntries(
        Object.entries(attributes ?? {})
          .filter(([name]) => SHOWN.has(name))
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
    return resources;
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
  const rows = await call('GET', addresses);
  names.push([rows[0]!.id, 'ROW']);
  await call('DELETE', `${addresses}/${rows[0]!.id}`);
  await call('DELETE', `${addresses}/${rows[0]!.id}`);
  await call('GET', addresses);
  await patch(ids.A, { email1: `New-${unique}@example.com`, email_opt_out: '1' });
  await link(addresses, 'EmailAddresses', rows[0]!.id);
  await call('GET', `/module/Contacts/${ids.A}`);
  const found = await call(
    'GET',
    `/module/EmailAddresses?filter[email_address_caps][eq]=NEW-${unique.toUpperCase()}@EXAMPLE.COM&page[size]=2&page[number]=1`,
  );
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

describeReal(`a real SuiteCRM${skipped}`, () => {
  test('answers as the simulation does', async () => {
    const simulated = await startSimulatedSuiteCrm();
    try {
      const [real, ours] = await Promise.all([answersOf(realSuiteCrm), answersOf(simulated)]);
      expect(real.length).toBeGreaterThan(70);
      expect(ours).toHaveLength(real.length);
      const differing = real.flatMap((line, index) => (line === ours[index] ? [] : [difference(line, ours[index]!)]));
      expect(differing).toEqual([]);
    } finally {
      await simulated.close();
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
