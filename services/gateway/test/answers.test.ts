import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError, type FailureKind } from '@unsilo/hub';
import type { FastifyBaseLogger } from 'fastify';
import { codes } from '../src/index.js';
import { Contract } from './support/contract.js';
import { bearer, testBed, type TestBed } from './support/gateway.js';

let bed: TestBed;
beforeEach(async () => {
  bed = await testBed();
});
afterEach(() => bed.gateway.close());
const get = (url: string, headers: Record<string, string> = {}) =>
  bed.gateway.app.inject({ method: 'GET', url, headers: { ...bearer(bed.admin), ...headers } });

describe('problems', () => {
  test.each<[FailureKind, number]>([
    ['invalid', 422],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['conflict', 409],
    ['too-large', 413],
    ['rate-limited', 429],
    ['unavailable', 503],
  ])('what the service calls %s is answered %d', async (kind, status) => {
    bed.hub.failure = new ServiceError(kind, 'UNSILO_SOME_CODE', 'It is so.', {
      hint: 'Do this.',
      details: [{ path: '/a', message: 'is wrong' }],
    });
    const answer = await get('/v1/systems');
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['etag']).toBeUndefined();
    expect(answer.json()).toEqual({
      type: '/docs#UNSILO_SOME_CODE',
      title: expect.stringMatching(/\w/),
      status,
      code: 'UNSILO_SOME_CODE',
      detail: 'It is so.',
      hint: 'Do this.',
      errors: [{ path: '/a', message: 'is wrong' }],
      requestId: answer.headers['x-request-id'],
    });
    new Contract(bed.gateway.app.swagger() as never).component('Problem', answer.json());
  });

  test('what has another form than it should is told in words', async () => {
    const answer = await get('/v1/explain/pair?a=crm&b=crm/contact/1');
    expect(answer.statusCode).toBe(400);
    expect((answer.json() as { detail: string }).detail).toMatch(/^query\/a must be a ref, system\/kind\/id, such as /);
  });

  test('what nobody foresaw says nothing of the inside', async () => {
    bed.hub.failure = new Error('connect ECONNREFUSED postgres://root:hunter2@10.0.0.1');
    const answer = await get('/v1/systems');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ code: 'UNSILO_INTERNAL' });
    expect(answer.body).not.toMatch(/hunter2|ECONNREFUSED|node_modules/);
  });

  test('every code that the sources name is in the table and on the page', async () => {
    const gateway = join(__dirname, '..', 'src');
    const service = join(__dirname, '..', '..', 'hub', 'src', 'application', 'service');
    const named = new Set([
      ...codesIn(gateway, /'(UNSILO_[A-Z0-9_]*[A-Z0-9])'/g),
      ...codesIn(service, /'(UNSILO_[A-Z0-9_]*[A-Z0-9])'/g),
    ]);
    expect(named.size).toBeGreaterThan(20);
    expect([...named].filter((code) => !(code in codes))).toEqual([]);
    const page = (await get('/docs')).body;
    for (const code of Object.keys(codes)) expect(page).toContain(`id="${code}"`);
  });
});

function* codesIn(folder: string, pattern: RegExp): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* codesIn(path, pattern);
    else for (const match of readFileSync(path, 'utf8').matchAll(pattern)) yield match[1] ?? '';
  }
}

test.each([
  ['in effect', false, 201],
  ['durable, and not yet in effect', true, 202],
])('the answer to a decision says that it is %s', async (_, isBusy, status) => {
  bed.hub.isBusy = isBusy;
  const payload = { kind: 'erase', refs: ['crm-emea/contact/102'] };
  const request = { method: 'POST', url: '/v1/decisions', headers: bearer(bed.admin), payload } as const;
  const answer = await bed.gateway.app.inject(request);
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject(payload);
});

describe('ETags', () => {
  test('what somebody has already is not sent again, until it changes', async () => {
    const first = await get('/v1/customers/cus-1');
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^"[\w-]+"$/);
    for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await get('/v1/customers/cus-1', { 'if-none-match': header });
      expect({ header, status: again.statusCode, body: again.body }).toEqual({ header, status: 304, body: '' });
      expect(again.headers['etag']).toBe(etag);
    }
    await bed.hub.decide(
      { tenant: 'acme', name: 'x', roles: ['admin'] },
      { kind: 'unlink', refs: ['crm-emea/contact/42', 'mastodon/account/9017'] },
    );
    const changed = await get('/v1/customers/cus-1', { 'if-none-match': etag });
    expect(changed.statusCode).toBe(200);
    expect(changed.headers['etag']).not.toBe(etag);
  });

  test('never on what changes something, on problems, or on what others may keep', async () => {
    const post = await bed.gateway.app.inject({
      method: 'POST',
      url: '/v1/systems/crm-emea/resume',
      headers: { ...bearer(bed.admin), 'if-none-match': '*' },
    });
    expect(post.statusCode).toBe(200);
    expect(post.headers['etag']).toBeUndefined();
    expect((await get('/v1/customers/nobody', { 'if-none-match': '*' })).statusCode).toBe(404);
    expect((await get('/v1/customers/cus-1')).headers['cache-control']).toBe('private, no-cache');
  });
});

test('paging by cursor reaches every customer once', async () => {
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query: string = cursor === undefined ? '' : `&cursor=${cursor}`;
    const page = (await get(`/v1/customers?limit=7${query}`)).json<{ items: { id: string }[]; next?: string }>();
    expect(page.items.length).toBeLessThanOrEqual(7);
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(seen).toHaveLength(86);
  expect(new Set(seen).size).toBe(86);
});

test('a page has a size when nobody asks for one', async () => {
  const small = await testBed({ limits: { pageSize: 20 } });
  const answer = await small.gateway.app.inject({ method: 'GET', url: '/v1/customers', headers: bearer(small.admin) });
  await small.gateway.close();
  expect(answer.json<{ items: unknown[] }>().items).toHaveLength(5);
});

test('limits count by key, and say when to come back', async () => {
  const slow = await testBed({ limits: { requestsPerMinute: 2 } });
  const other = slow.keys.make(['reader']);
  const ask = (key: string) => slow.gateway.app.inject({ method: 'GET', url: '/v1/systems', headers: bearer(key) });
  await ask(slow.admin);
  await ask(slow.admin);
  const third = await ask(slow.admin);
  expect(third.statusCode).toBe(429);
  expect(third.json()).toMatchObject({ code: 'UNSILO_RATE_LIMITED' });
  expect(Number(third.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask(other)).statusCode).toBe(200);
  expect((await slow.gateway.app.inject({ method: 'GET', url: '/healthz' })).statusCode).toBe(200);
  await slow.gateway.close();
});

test('wrong keys are limited by address', async () => {
  const slow = await testBed({ limits: { requestsPerMinute: 2 } });
  const ask = () => slow.gateway.app.inject({ method: 'GET', url: '/v1/systems', headers: bearer('unsilo_no') });
  expect([(await ask()).statusCode, (await ask()).statusCode, (await ask()).statusCode]).toEqual([401, 401, 429]);
  await slow.gateway.close();
});

test('browsers are told to be careful', async () => {
  const { headers } = await bed.gateway.app.inject({ method: 'GET', url: '/' });
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|\*|https:/);
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'SAMEORIGIN',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  });
  expect(headers['x-powered-by']).toBeUndefined();
});

test('health is told to everybody, readiness with what it waits for', async () => {
  bed.hub.ready = false;
  const health = await bed.gateway.app.inject({ method: 'GET', url: '/healthz' });
  expect(health.statusCode).toBe(200);
  const ready = await bed.gateway.app.inject({ method: 'GET', url: '/readyz' });
  expect(ready.statusCode).toBe(503);
  expect(ready.json()).toMatchObject({ code: 'UNSILO_NOT_READY', reasons: ['The log is still being read.'] });
});

test('figures in the form that Prometheus reads: ours, those of the service, and no personal data', async () => {
  await get('/v1/customers?text=ada%40analytical.example');
  await get('/v1/customers/cus-1');
  const answer = await get('/metrics');
  expect(answer.headers['content-type']).toContain('text/plain; version=0.0.4');
  const lines = answer.body.split('\n');
  expect(lines).toContain('# TYPE unsilo_events_total counter');
  expect(lines).toContain('unsilo_events_total{topic="parties"} 7');
  expect(lines).toContain('unsilo_batch_seconds_bucket{le="+Inf"} 4');
  expect(lines).toContain('unsilo_batch_seconds_sum 0.5');
  expect(answer.body).toMatch(
    /unsilo_http_request_seconds_count\{method="GET",route="\/v1\/customers\/:id",status="200"\} 1/,
  );
  expect(answer.body).toMatch(/^process_resident_memory_bytes /m);
  expect(answer.body).not.toMatch(/ada|cus-1/);
  for (const line of lines)
    expect(line).toMatch(
      /^(#.*|[a-zA-Z_:][\w:]*(\{.*\})? [-+]?[\d.eE+-]+|[a-zA-Z_:][\w:]*(\{.*\})? (Nan|NaN|[+-]Inf))?$/,
    );
});

test('the log has named fields, and neither queries nor bodies nor keys nor addresses', async () => {
  const lines: string[] = [];
  const write = (...parts: unknown[]): void => void lines.push(JSON.stringify(parts));
  const log = {
    level: 'trace',
    info: write,
    warn: write,
    error: write,
    fatal: write,
    debug: write,
    trace: write,
    silent: write,
    child: (bindings: object) => {
      write(bindings);
      return log;
    },
  } as unknown as FastifyBaseLogger;
  const logged = await testBed({ log });
  const ask = (request: { method: 'GET' | 'POST'; url: string; payload?: object }) =>
    logged.gateway.app.inject({ ...request, headers: { ...bearer(logged.admin), 'x-request-id': 'req-1' } });
  await ask({ method: 'GET', url: '/v1/customers?text=secret-person' });
  await ask({ method: 'GET', url: '/v1/customers/secret-person' });
  await ask({ method: 'POST', url: '/v1/decisions', payload: { kind: 'secret-person' } });
  await ask({ method: 'POST', url: '/v1/session', payload: { key: logged.admin } });
  logged.hub.failure = new Error('secret-person is broken');
  await ask({ method: 'GET', url: '/v1/systems' });
  await logged.gateway.close();
  const text = lines.join('\n');
  expect(text).toContain('"route":"/v1/customers/:id"');
  expect(text).toContain('"requestId":"req-1"');
  expect(text).toContain('"key":"admin"');
  expect(text).toContain('"frames":["at ');
  expect(text).not.toMatch(/secret-person|unsilo_[A-Za-z0-9_-]{43}|127\.0\.0\.1|\?text/);
});

test('lists of any size are streamed a line each, and say when they are not whole', async () => {
  const audit = (await get('/v1/audit')).body.trimEnd().split('\n');
  const contract = new Contract(bed.gateway.app.swagger() as never);
  expect(audit).toHaveLength(2);
  for (const line of audit) contract.component('AuditRow', JSON.parse(line));
  const customers = (await get('/v1/export/customers')).body.trimEnd().split('\n');
  expect(customers).toHaveLength(86);
  contract.component('Customer', JSON.parse(customers[0] ?? ''));

  const training = (await get('/v1/export/training-data')).body.trimEnd().split('\n');
  expect(training).toHaveLength(3);
  for (const line of training) contract.component('TrainingLine', JSON.parse(line));

  bed.hub.audit = async function* () {
    yield { customer: 'c', ref: 'a/b/c', system: 'a', reason: 'pending' };
    throw new Error('broken');
  };
  const broken = (await get('/v1/audit')).body.trimEnd().split('\n');
  expect(broken).toHaveLength(2);
  expect(JSON.parse(broken[1] ?? '')).toMatchObject({ problem: 'UNSILO_INTERNAL' });
});

describe('webhooks', () => {
  test('the connector gets the bytes as they were sent, and its answer is given back', async () => {
    const seen: unknown[] = [];
    const hooked = await testBed({
      webhooks: {
        systems: ['mastodon'],
        call: async (system, call) => {
          seen.push({ system, ...call, raw: call.raw.toString('latin1') });
          return { status: 202, body: '{"ok":true}', contentType: 'application/json' };
        },
      },
    });
    const answer = await hooked.gateway.app.inject({
      method: 'POST',
      url: '/v1/webhooks/mastodon?token=a&token=b&x=1',
      headers: { 'content-type': 'application/json; charset=latin1', 'x-signature': 'abc', 'content-encoding': 'gzip' },
      payload: Buffer.from('{ "a" :\xff1}', 'latin1'),
    });
    await hooked.gateway.close();
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(seen).toEqual([
      {
        system: 'mastodon',
        method: 'POST',
        path: '/v1/webhooks/mastodon',
        query: { token: 'b', x: '1' },
        headers: expect.objectContaining({ 'x-signature': 'abc' }),
        raw: '{ "a" :\xff1}',
      },
    ]);
  });

  test.each([
    [
      { name: 'TerminalError', code: 'UNSILO_WEBHOOK_FORGED', hint: 'Check the secret.' },
      401,
      'UNSILO_WEBHOOK_REFUSED',
    ],
    [{ name: 'TerminalError', code: 'UNSILO_OTHER' }, 400, 'UNSILO_HTTP_INVALID'],
    [{ name: 'RetryableError', code: 'UNSILO_BUSY', retryAfterMs: 1500 }, 503, 'UNSILO_WEBHOOK_UNAVAILABLE'],
    [{ name: 'PauseError', code: 'UNSILO_PAUSED' }, 503, 'UNSILO_WEBHOOK_UNAVAILABLE'],
    [{ name: 'TypeError' }, 500, 'UNSILO_INTERNAL'],
  ])('what the connector throws decides about the answer: %j', async (fields, status, code) => {
    const hooked = await testBed({
      webhooks: {
        systems: ['a'],
        call: async () => {
          throw Object.assign(new Error('some secret'), fields);
        },
      },
    });
    const answer = await hooked.gateway.app.inject({ method: 'POST', url: '/v1/webhooks/a', payload: 'x' });
    await hooked.gateway.close();
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code });
    expect(answer.body).not.toContain('some secret');
    if (status === 503) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(1);
  });

  test('made-up systems share one limit, those that are there have their own', async () => {
    const hooked = await testBed({
      limits: { eventRequestsPerMinute: 2 },
      webhooks: { systems: ['crm', 'shop'], call: async () => ({ status: 202 }) },
    });
    const statuses: number[] = [];
    for (const system of ['a', 'b', 'c', 'crm', 'crm', 'crm', 'shop'])
      statuses.push(
        (await hooked.gateway.app.inject({ method: 'POST', url: `/v1/webhooks/${system}`, payload: 'x' })).statusCode,
      );
    await hooked.gateway.close();
    expect(statuses).toEqual([404, 404, 429, 202, 202, 429, 202]);
  });

  test('a call for a system that takes none is refused before its body is read', async () => {
    const limits = { eventBodyBytes: 10 };
    const hooked = await testBed({ limits, webhooks: { systems: ['crm'], call: async () => ({ status: 202 }) } });
    const send = (system: string) =>
      hooked.gateway.app.inject({ method: 'POST', url: `/v1/webhooks/${system}`, payload: 'x'.repeat(11) });
    const [known, unknown] = [await send('crm'), await send('other')];
    await hooked.gateway.close();
    expect([known.statusCode, unknown.statusCode]).toEqual([413, 404]);
  });
});
