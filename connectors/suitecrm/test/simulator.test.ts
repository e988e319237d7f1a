import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSimulatedSuiteCrm, type RunningSuiteCrm } from '@unsilo/connector-suitecrm/simulator';

let crm: RunningSuiteCrm;
let token: string;
beforeEach(async () => {
  crm = await startSimulatedSuiteCrm();
  const { clientId, clientSecret } = crm.auth;
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret };
  const answer = await fetch(`${crm.url}/Api/access_token`, { method: 'POST', body: new URLSearchParams(form) });
  ({ access_token: token } = (await answer.json()) as { access_token: string });
});
afterEach(() => crm.close());

interface Resource {
  type: string;
  id: string;
  attributes: Record<string, unknown>;
}
interface Body {
  data?: Resource & Resource[];
  meta?: Record<string, unknown>;
  links?: Record<string, string | null>;
  errors?: { status: number; title: null; detail: string };
}
interface Answered {
  status: number;
  type: string | null;
  body: Body;
}
async function call(method: string, path: string, body?: unknown): Promise<Answered> {
  const answer = await fetch(`${crm.url}/Api/V8${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/vnd.api+json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    body: text.startsWith('{') ? JSON.parse(text) : {},
  };
}
const detail = async (path: string) => (await call('GET', path)).body.errors?.detail;

const CONTRACT = join(__dirname, '../../../../shared/contracts/suitecrm/swagger.json');
const hasContract = existsSync(CONTRACT);

const why = hasContract ? '' : ' (skipped: ../shared/contracts is not beside the repository)';

(hasContract ? describe : describe.skip)(`the published contract${why}`, () => {
  test('every path and method is there, and answers a status that it names', async () => {
    const { paths } = JSON.parse(readFileSync(CONTRACT, 'utf8')) as {
      paths: Record<string, Record<string, { responses: Record<string, unknown> }>>;
    };
    const contact = crm.insert('contact', { last_name: 'Lovelace' });
    const account = crm.insert('account', { name: 'Acme' });
    const bodies: Record<string, unknown> = {
      'post /module': { data: { type: 'Accounts', attributes: { name: 'New' } } },
      'patch /module': { data: { type: 'Contacts', id: contact, attributes: { title: 'X' } } },
      'post /module/{moduleName}/{id}/relationships': { data: { type: 'Accounts', id: account } },
    };
    const values: Record<string, string> = {
      moduleName: 'Contacts',
      module: 'Contacts',
      id: contact,
      relationship: 'accounts',
      relatedBeanId: account,
    };
    const order = ['post', 'get', 'patch', 'delete'];
    const calls = Object.entries(paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { responses }]) => ({ path, method, responses })),
      )
      // The record and the session are used up last.
      .sort((a, b) => rank(a) - rank(b));
    function rank({ path, method }: { path: string; method: string }): number {
      return (
        order.indexOf(method) + (path.endsWith('{id}') && method === 'delete' ? 10 : 0) + (path === '/logout' ? 20 : 0)
      );
    }
    const seen: string[] = [];
    for (const { path, method, responses } of calls) {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name]!);
      const { status } = await call(method.toUpperCase(), filled, bodies[`${method} ${path}`]);
      // The document says 200 for PATCH; every real one answers 201.
      const named = method === 'patch' ? [...Object.keys(responses), '201'] : Object.keys(responses);
      expect({ method, path, status, isNamed: named.includes(String(status)) }).toMatchObject({ isNamed: true });
      expect(status).toBeLessThan(300);
      seen.push(`${method} ${path}`);
    }
    expect(seen).toHaveLength(9);
  });
});

describe('answers', () => {
  test('show times cut to the minute, four characters as entities, missing values as empty texts', async () => {
    const id = crm.insert('contact', { last_name: 'O\'Neil "A" & <3', date_modified: '2026-01-05 10:00:57' });
    const { body, type } = await call('GET', `/module/Contacts/${id}`);
    expect(type).toBe('application/vnd.api+json');
    expect(body.data).toMatchObject({ type: 'Contact', id });
    expect(body.data!.attributes).toMatchObject({
      last_name: 'O&#039;Neil &quot;A&quot; & &lt;3',
      date_modified: '2026-01-05T10:00:00+00:00',
      phone_work: '',
      deleted: '0',
    });
    expect(body.data!.attributes['id']).toBeUndefined();
  });

  test('of a list have pages only when a size is asked for', async () => {
    for (let i = 0; i < 25; i += 1) crm.insert('lead', { last_name: `L${i}` });
    const bare = await call('GET', '/module/Leads?page[number]=2');
    expect(bare.body.data).toHaveLength(20);
    expect(bare.body.meta).toBeUndefined();
    const paged = await call('GET', '/module/Leads?page[size]=10&page[number]=3&fields[Leads]=id');
    expect(paged.body.meta).toEqual({ 'total-pages': 3, 'records-on-this-page': 5 });
    expect(paged.body.data![0]!.attributes).toEqual([]);
    const first = await call('GET', '/module/Leads?page[size]=10');
    expect(first.body.links!['next']).toContain('page[number]=1');
    const past = await call('GET', '/module/Leads?page[size]=10&page[number]=9');
    expect(past.body).toEqual({ meta: { message: 'Request was successful, but there is no result' }, data: [] });
  });

  test('lose rows between pages that are sorted by a time that they share', async () => {
    for (let i = 0; i < 100; i += 1) crm.insert('lead', { last_name: `L${i}`, date_modified: '2026-01-05 10:00:00' });
    const paged = async (sort: string) => {
      const ids: string[] = [];
      for (let page = 1; page <= 10; page += 1) {
        const { body } = await call('GET', `/module/Leads?page[size]=10&page[number]=${page}&sort=${sort}`);
        ids.push(...(body.data as { id: string }[]).map(({ id }) => id));
      }
      return new Set(ids).size;
    };
    expect(await paged('id')).toBe(100);
    expect(await paged('date_modified')).toBeLessThan(100);
  });
});

describe('refusals', () => {
  test('are 400 with an object of errors and no title', async () => {
    const { status, body } = await call('GET', '/module/Contacts/0a0a0a0a-0000-4000-8000-00000000000a');
    expect(status).toBe(400);
    expect(body.errors).toEqual({
      status: 400,
      title: null,
      detail: 'Contacts module with id 0a0a0a0a-0000-4000-8000-00000000000a is not found',
    });
  });

  test.each([
    ['/module/Nope', 'Module Nope does not exist'],
    ['/module/Contacts?fields[Contacts]=nope', 'The following field in Contact module is not found: nope'],
    ['/module/Contacts?filter[nope][eq]=1', 'Filter field nope in Contact module is not found'],
    ['/module/Contacts?filter[id][foo]=1', 'Filter operator foo is invalid'],
    ['/module/Contacts?filter[id]=1', 'Filter field id must be an array'],
    ['/module/Contacts?filter[account_name][eq]=x', 'Database failure. Please refer to suitecrm.log for details.'],
    ['/module/Contacts?sort=nope', 'Sort field nope in Contact module is not found'],
    ['/module/Contacts?sort=id,name', 'The option "sort" with value "id,name" is invalid.'],
    ['/module/Contacts?page[size]=0', 'The option "size" with value "0" is invalid.'],
    [
      '/module/Contacts?bogus=1',
      'The option "bogus" does not exist. Defined options are: "fields", "filter", "moduleName", "page", "sort".',
    ],
    ['/module/Contacts/not-a-uuid', 'The option "id" with value "not-a-uuid" is invalid.'],
  ])('%s', async (path, text) => {
    expect(await detail(path)).toBe(text);
  });

  test('of deleted records: not read, not written, and a list of them fails with the name of the first', async () => {
    const [a, b] = [crm.insert('contact', { last_name: 'A' }), crm.insert('contact', { last_name: 'B' })].sort();
    expect((await call('GET', '/module/Contacts?filter[deleted][eq]=1')).body.data).toEqual([]);
    crm.remove('contact', a!);
    crm.remove('contact', b!);
    expect(await detail(`/module/Contacts/${a}`)).toContain('is not found');
    expect(await detail('/module/Contacts?filter[deleted][eq]=1&sort=id&page[size]=1&page[number]=1')).toBe(
      `Contacts module with id ${a} is not found`,
    );
    expect(await detail(`/module/Contacts?filter[deleted][eq]=1&filter[id][gt]=${a}&sort=id`)).toContain(b!);
    const again = await call('POST', '/module', { data: { type: 'Contacts', id: a, attributes: { last_name: 'A' } } });
    expect(again.body.errors?.detail).toBe(`Bean Contacts with id ${a} is already exist`);
  });

  test('without a good token are 401 in the form of OAuth', async () => {
    crm.revokeTokens();
    const { status, body } = await call('GET', '/module/Contacts');
    expect(status).toBe(401);
    expect(body).toMatchObject({ error: 'access_denied', hint: 'Access token has been revoked' });
  });
});

describe('addresses', () => {
  const fieldsOf = async (id: string) => (await call('GET', `/module/Contacts/${id}`)).body.data!.attributes;
  const patch = (id: string, attributes: object) =>
    call('PATCH', '/module', { data: { type: 'Contacts', id, attributes } });

  test('of a record that has some aren’t changed by a PATCH, of one without they are', async () => {
    const id = crm.insert('contact', { last_name: 'A', email1: 'a@example.com' });
    await patch(id, { email1: 'b@example.com', email_opt_out: '1' });
    expect(await fieldsOf(id)).toMatchObject({ email1: 'a@example.com', email_opt_out: '0' });
    const rows = (await call('GET', `/module/Contacts/${id}/relationships/email_addresses`)).body.data;
    await call('DELETE', `/module/Contacts/${id}/relationships/email_addresses/${rows![0]!.id}`);
    expect(await fieldsOf(id)).toMatchObject({ email1: '', email_opt_out: '' });
    await patch(id, { email1: 'b@example.com', email_opt_out: '1' });
    expect(await fieldsOf(id)).toMatchObject({ email1: 'b@example.com', email_opt_out: '1' });
  });

  test('are shared: a new record with one sets its flags for all', async () => {
    const id = crm.insert('contact', { last_name: 'A', email1: 'a@example.com', email_opt_out: '1' });
    const attributes = { last_name: 'B', email1: 'A@example.com' };
    await call('POST', '/module', { data: { type: 'Contacts', attributes } });
    expect(await fieldsOf(id)).toMatchObject({ email_opt_out: '0' });
  });
});
