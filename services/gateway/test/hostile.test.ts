import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { Contract } from './support/contract.js';
import { bearer, testBed, type TestBed } from './support/gateway.js';

let bed: TestBed;
let port: number;
beforeAll(async () => {
  bed = await testBed({
    limits: { requestsPerMinute: 1_000_000, eventRequestsPerMinute: 1_000_000, loginsPerMinute: 1_000_000 },
    webhooks: {
      systems: ['mastodon'],
      call: async () => ({ status: 200, body: '<script>alert(1)</script>', contentType: 'text/html\r\nx-evil: 1' }),
    },
  });
  ({ port } = await bed.gateway.start({ port: 0 }));
});
afterAll(() => bed.gateway.close());

const post = (url: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
  bed.gateway.app.inject({
    method: 'POST',
    url,
    headers: { ...bearer(bed.admin), 'content-type': 'application/json', ...headers },
    payload,
  });
const decide = (payload: string) => post('/v1/decisions', payload);

/** Sends bytes as they are and answers what comes back until the server closes. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('bodies', () => {
  test.each([
    ['half of JSON', '{"kind":', 400, 'UNSILO_HTTP_MALFORMED'],
    ['no JSON', 'kind=link', 400, 'UNSILO_HTTP_MALFORMED'],
    ['nothing', '', 400, 'UNSILO_HTTP_MALFORMED'],
    [
      'a key into the prototype',
      '{"kind":"erase","refs":["a/b/c"],"__proto__":{"admin":true}}',
      400,
      'UNSILO_HTTP_MALFORMED',
    ],
    ['a constructor', '{"kind":"erase","refs":["a/b/c"],"constructor":{"prototype":{}}}', 400, 'UNSILO_HTTP_MALFORMED'],
    ['a lone surrogate', '{"kind":"erase","refs":["a/b/c"],"reason":"\\ud800"}', 400, 'UNSILO_HTTP_INVALID'],
    ['a lone surrogate in a key', '{"kind":"erase","refs":["a/b/c"],"\\udfff":1}', 400, 'UNSILO_HTTP_INVALID'],
    ['an unknown field', '{"kind":"erase","refs":["a/b/c"],"force":true}', 400, 'UNSILO_HTTP_INVALID'],
    ['a number for a text', '{"kind":"erase","refs":[7]}', 400, 'UNSILO_HTTP_INVALID'],
    ['a list for an object', '[]', 400, 'UNSILO_HTTP_INVALID'],
    ['null', 'null', 400, 'UNSILO_HTTP_INVALID'],
    ['control characters in a ref', '{"kind":"erase","refs":["a/b/c\\u0000"]}', 400, 'UNSILO_HTTP_INVALID'],
    ['deep lists', `{"kind":"erase","refs":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, 400, 'UNSILO_HTTP_INVALID'],
    ['deep objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, 400, 'UNSILO_HTTP_INVALID'],
  ])('%s', async (_, body, status, code) => {
    const before = bed.hub.calls.length;
    const answer = await decide(body);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ code, status, requestId: answer.headers['x-request-id'] });
    expect(bed.hub.calls).toHaveLength(before);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test('what is wrong is named by its place, and never repeated', async () => {
    const answer = await decide('{"kind":"keep","ref":"no ref, but a secret","attribute":"emails","value":{"x":1}}');
    expect(answer.json()).toMatchObject({
      errors: expect.arrayContaining([expect.objectContaining({ path: '/ref' })]),
    });
    expect(answer.body).not.toContain('secret');
  });

  test.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'as %s are not taken',
    async (contentType) => {
      const answer = await post('/v1/decisions', '{}', { 'content-type': contentType });
      expect(answer.statusCode).toBe(415);
      expect(answer.json()).toMatchObject({ code: 'UNSILO_HTTP_CONTENT_TYPE' });
    },
  );

  test('compressed ones are not taken: a small one could be a bomb', async () => {
    const answer = await post('/v1/decisions', '{}', { 'content-encoding': 'gzip' });
    expect(answer.json()).toMatchObject({ status: 415, code: 'UNSILO_HTTP_CONTENT_ENCODING' });
  });

  test('one that says that it is too large is refused unread', async () => {
    const head = `POST /v1/decisions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bed.admin}\r\ncontent-type: application/json\r\ncontent-length: 104857600\r\n\r\n`;
    expect(await raw(head)).toMatch(/^HTTP\/1\.1 413 [^]*UNSILO_HTTP_BODY_TOO_LARGE/);
  });

  test.each(['/v1/decisions', '/v1/events', '/v1/webhooks/mastodon'])(
    '100 MB in pieces to %s are cut off',
    async (path) => {
      const piece = Buffer.alloc(1024 * 1024, 0x20);
      const sent = await new Promise<{ status: number; megabytes: number }>((resolve, reject) => {
        let megabytes = 0;
        let status = 0;
        const outgoing = httpRequest({
          port,
          path,
          method: 'POST',
          headers: { ...bearer(bed.admin), 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
        });
        outgoing.on('response', (response) => {
          status = response.statusCode ?? 0;
          response.resume().on('end', () => {
            outgoing.destroy();
            resolve({ status, megabytes });
          });
        });
        // Cut off while writing: the answer may be lost on the way, the limit has held all the same.
        outgoing.on('error', () => (status === 0 ? resolve({ status: 413, megabytes }) : undefined));
        const write = (): void => {
          if (megabytes >= 100 || outgoing.destroyed) {
            outgoing.end();
            return;
          }
          megabytes += 1;
          outgoing.write(piece, (error) => (error ? undefined : setImmediate(write)));
        };
        outgoing.on('close', () => (status === 0 ? reject(new Error('closed without an answer')) : undefined));
        write();
      });
      expect(sent.status).toBe(413);
      expect(sent.megabytes).toBeLessThan(100);
    },
  );
});

describe('addresses and headers', () => {
  const get = (url: string, headers: Record<string, string> = {}) =>
    bed.gateway.app.inject({ method: 'GET', url, headers: { ...bearer(bed.admin), ...headers } });

  test.each([
    ['an unknown parameter', '/v1/customers?colour=red', 400],
    ['a page that is too large', '/v1/customers?limit=201', 400],
    ['a page of none', '/v1/customers?limit=0', 400],
    ['a page of one and a half', '/v1/customers?limit=1.5', 400],
    ['a parameter twice', '/v1/customers?text=a&text=b', 400],
    ['a key into the prototype', '/v1/customers?__proto__[x]=1', 400],
    ['broken percent encoding', '/v1/customers/%E0%A4%A', 400],
    ['an id without end', `/v1/customers/${'a'.repeat(9000)}`, 414],
    ['a ref without end', `/v1/refs/a/b/${'c'.repeat(600)}`, 400],
    ['a step up', '/assets/..%2f..%2fpackage.json', 400],
    ['a hidden file', '/assets/.env', 400],
    ['a method that does not exist there', '/v1/decisions/1', 404],
  ])('%s', async (_, url, status) => {
    const answer = await get(url);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  // A segment of one or two dots is a step in a path (RFC 3986, section 5.2.4), which clients take before they send, encoded or not.
  const anId = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((id) => id !== '.' && id !== '..');

  test.each(['.', '..', '%2E'])('an id that is a step in a path (%s) is refused, not taken for another', async (id) => {
    const answer = await get(`/v1/refs/export/row/${id}`);
    expect([400, 404]).toContain(answer.statusCode);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  test('an id with every kind of character comes through unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(anId, async (id) => {
        const seen: string[] = [];
        const { record } = bed.hub;
        bed.hub.record = (actor, ref) => {
          seen.push(ref);
          return record.call(bed.hub, actor, ref);
        };
        await get(`/v1/refs/export/row/${encodeURIComponent(id)}`);
        bed.hub.record = record;
        expect(seen).toEqual([`export/row/${id}`]);
      }),
      { numRuns: 60 },
    );
  });

  test('line breaks in an id do not reach the headers', async () => {
    const { customer } = bed.hub;
    bed.hub.customer = async () => ({ status: 'moved', to: 'a\r\nset-cookie: evil=1' });
    const answer = await get('/v1/customers/x');
    bed.hub.customer = customer;
    expect(answer.statusCode).toBe(308);
    expect(answer.headers.location).toBe('/v1/customers/a%0D%0Aset-cookie%3A%20evil%3D1');
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('a request id is taken over only when it is harmless', async () => {
    expect((await get('/healthz', { 'x-request-id': 'abc-1' })).headers['x-request-id']).toBe('abc-1');
    for (const bad of ['a b', 'x'.repeat(65), '<script>', ''])
      expect((await get('/healthz', { 'x-request-id': bad })).headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('the answer of a webhook is never markup, and sets no headers', async () => {
    const answer = await post('/v1/webhooks/mastodon', 'x', { 'content-type': 'text/plain' });
    expect(answer.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(answer.headers['x-evil']).toBeUndefined();
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('what is not HTTP', () => {
  test('is answered with a problem and closed', async () => {
    expect(await raw('hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*application\/problem\+json[^]*UNSILO_HTTP_REQUEST/);
  });

  test('headers without end', async () => {
    const answer = await raw(`GET /healthz HTTP/1.1\r\nhost: x\r\nx-long: ${'a'.repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 [^]*UNSILO_HTTP_HEADERS_TOO_LARGE/);
  });

  test('two lengths for one body', async () => {
    const answer = await raw('POST /v1/events HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test('no bytes to any operation make the server fail', async () => {
  const contract = new Contract(bed.gateway.app.swagger() as never);
  const writing = contract.operations.filter(({ method, operation }) => method === 'post' && operation.requestBody);
  expect(writing.length).toBeGreaterThan(6);
  const bytes = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...writing), bytes, fc.boolean(), async ({ url, operation }, body, asDeclared) => {
      const type = asDeclared ? (Object.keys(operation.requestBody?.content ?? {})[0] ?? '') : 'application/json';
      const answer = await post(url.replace(/\{\w+\}/g, 'x'), body, { 'content-type': type });
      expect(answer.statusCode).toBeLessThan(500);
    }),
    { numRuns: 400 },
  );
});
