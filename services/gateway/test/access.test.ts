import { ServiceError } from '@unsilo/hub';
import Fastify from 'fastify';
import { guardRoutes } from '../src/access/access.js';
import { Sessions } from '../src/access/session.js';
import { Contract, type Call } from './support/contract.js';
import { exampleCalls } from './support/example-calls.js';
import { bearer, testBed, type TestBed } from './support/gateway.js';
import { TestKeys } from './support/keys.js';

let bed: TestBed;
beforeEach(async () => {
  bed = await testBed();
});
afterEach(() => bed.gateway.close());

const codeOf = (answer: { json(): unknown }): string => (answer.json() as { code: string }).code;

describe('every operation', () => {
  test('asks for a key and for one of its roles, unless the document calls it open', async () => {
    const contract = new Contract(bed.gateway.app.swagger() as never);
    const source = bed.keys.make(['source']);
    const nobody = bed.keys.make([]);
    const open: string[] = [];
    for (const { id, operation } of contract.operations) {
      if (operation.security?.length === 0) {
        open.push(id);
        continue;
      }
      const example = exampleCalls[id];
      const calls = typeof example === 'function' ? await example(bed) : example;
      const call = (Array.isArray(calls) ? calls[0] : calls) as Call;
      const request = contract.request(id, call);
      const without = await bed.gateway.app.inject(request);
      expect({ id, status: without.statusCode, code: codeOf(without) }).toEqual({
        id,
        status: 401,
        code: 'UNSILO_KEY_MISSING',
      });
      expect(without.headers['www-authenticate']).toContain('Bearer');
      const roles = operation['x-unsilo-roles'];
      if (roles === undefined) continue;
      const wrong = roles.includes('source') ? nobody : source;
      const refused = await bed.gateway.app.inject({ ...request, headers: { ...request.headers, ...bearer(wrong) } });
      expect({ id, status: refused.statusCode, code: codeOf(refused) }).toEqual({
        id,
        status: 403,
        code: 'UNSILO_ROLE_MISSING',
      });
      for (const role of roles) {
        const key = bed.keys.make([role as 'reader']);
        const allowed = await bed.gateway.app.inject({ ...request, headers: { ...request.headers, ...bearer(key) } });
        expect({ id, role, refused: [401, 403].includes(allowed.statusCode) }).toEqual({ id, role, refused: false });
      }
    }
    expect(open.sort()).toEqual([
      'confirmWebhook',
      'console',
      'consoleFile',
      'docs',
      'health',
      'logIn',
      'logOut',
      'openapi',
      'readiness',
      'receiveWebhook',
    ]);
  });

  test('that does not say who may call it stops the start', () => {
    const app = Fastify();
    guardRoutes(app, bed.keys, new Sessions(new Uint8Array(32)));
    app.get('/declared', { config: { access: 'any-key' } }, () => 'hello');
    expect(() => app.get('/undeclared', () => 'hello')).toThrow("GET /undeclared doesn't declare who may call it");
  });
});

describe('keys', () => {
  const systems = { method: 'GET', url: '/v1/systems' } as const;

  test.each([
    ['a wrong one', 'Bearer unsilo_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'UNSILO_KEY_REFUSED'],
    ['what is no key', 'Bearer hello', 'UNSILO_KEY_REFUSED'],
    ['another scheme', 'Basic aGVsbG86d29ybGQ=', 'UNSILO_KEY_MISSING'],
    ['nothing after the scheme', 'Bearer ', 'UNSILO_KEY_MISSING'],
    ['two keys', 'Bearer a b', 'UNSILO_KEY_MISSING'],
  ])('%s is refused', async (_, authorization, code) => {
    const answer = await bed.gateway.app.inject({ ...systems, headers: { authorization } });
    expect(answer.statusCode).toBe(401);
    expect(codeOf(answer)).toBe(code);
  });

  test('a revoked one and an expired one are refused, one that has time left is not', async () => {
    const revoked = bed.keys.make(['reader']);
    expect((await bed.gateway.app.inject({ ...systems, headers: bearer(revoked) })).statusCode).toBe(200);
    bed.keys.revoke(revoked);
    expect((await bed.gateway.app.inject({ ...systems, headers: bearer(revoked) })).statusCode).toBe(401);
    const past = bed.keys.make(['reader'], { expiresAt: '2020-01-01T00:00:00Z' });
    expect((await bed.gateway.app.inject({ ...systems, headers: bearer(past) })).statusCode).toBe(401);
    const broken = bed.keys.make(['reader'], { expiresAt: 'some day' });
    expect((await bed.gateway.app.inject({ ...systems, headers: bearer(broken) })).statusCode).toBe(401);
    const ahead = bed.keys.make(['reader'], { expiresAt: '2999-01-01T00:00:00Z' });
    expect((await bed.gateway.app.inject({ ...systems, headers: bearer(ahead) })).statusCode).toBe(200);
  });

  test('a key that is refused never appears in the answer', async () => {
    const answer = await bed.gateway.app.inject({ ...systems, headers: bearer('unsilo_very-secret-key') });
    expect(answer.body + JSON.stringify(answer.headers)).not.toContain('very-secret');
  });

  test('the service is told who asks, and may refuse too', async () => {
    bed.hub.failure = new ServiceError('forbidden', 'UNSILO_OTHER_TENANT', 'This key belongs to another tenant.');
    const answer = await bed.gateway.app.inject({ ...systems, headers: bearer(bed.admin) });
    expect(answer.statusCode).toBe(403);
    expect(codeOf(answer)).toBe('UNSILO_OTHER_TENANT');
  });
});

describe('sessions', () => {
  const logIn = (key: string, headers: Record<string, string> = {}) =>
    bed.gateway.app.inject({ method: 'POST', url: '/v1/session', payload: { key }, headers });
  const cookieOf = (answer: { headers: Record<string, unknown> }): string =>
    String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';

  test('the cookie is out of reach of scripts and of other sites, and holds no key', async () => {
    const answer = await logIn(bed.admin);
    expect(answer.statusCode).toBe(200);
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Strict/);
    expect(cookie).toMatch(/Path=\/v1/);
    expect(cookie).not.toContain(bed.admin);
    expect(answer.body).not.toContain(bed.admin);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('the cookie goes over TLS alone where TLS is used', async () => {
    expect(String((await logIn(bed.admin)).headers['set-cookie'])).not.toMatch(/Secure/);
    const behind = await testBed({ trustProxy: true });
    const answer = await behind.gateway.app.inject({
      method: 'POST',
      url: '/v1/session',
      payload: { key: behind.admin },
      headers: { 'x-forwarded-proto': 'https' },
    });
    await behind.gateway.close();
    expect(String(answer.headers['set-cookie'])).toMatch(/Secure/);
  });

  test('reading works with the cookie, changing needs the header that only the console sends', async () => {
    const cookie = cookieOf(await logIn(bed.admin));
    const get = await bed.gateway.app.inject({ method: 'GET', url: '/v1/systems', headers: { cookie } });
    expect(get.statusCode).toBe(200);
    const post = { method: 'POST', url: '/v1/systems/crm-emea/resume' } as const;
    const forged = await bed.gateway.app.inject({ ...post, headers: { cookie } });
    expect(forged.statusCode).toBe(403);
    expect(codeOf(forged)).toBe('UNSILO_CROSS_SITE');
    const real = await bed.gateway.app.inject({ ...post, headers: { cookie, 'x-unsilo-console': '1' } });
    expect(real.statusCode).toBe(200);
  });

  test('a changed cookie, a longer one and one of another server are refused', async () => {
    const cookie = cookieOf(await logIn(bed.admin));
    const other = await testBed();
    const foreign = await other.gateway.app.inject({
      method: 'POST',
      url: '/v1/session',
      payload: { key: other.admin },
    });
    await other.gateway.close();
    const [hash, end, signature] = cookie.split('.');
    for (const forged of [
      `${hash}.${Number(end) + 1000}.${signature}`,
      `${cookie}.more`,
      cookie.slice(0, -2),
      'unsilo_session=a.b.c',
      'unsilo_session=',
      cookieOf(foreign),
    ]) {
      const answer = await bed.gateway.app.inject({ method: 'GET', url: '/v1/session', headers: { cookie: forged } });
      expect({ forged, status: answer.statusCode }).toEqual({ forged, status: 401 });
    }
  });

  test('it ends with its key, and when its time is over', async () => {
    const key = bed.keys.make(['reader']);
    const cookie = cookieOf(await logIn(key));
    bed.keys.revoke(key);
    const revoked = await bed.gateway.app.inject({ method: 'GET', url: '/v1/session', headers: { cookie } });
    expect(codeOf(revoked)).toBe('UNSILO_SESSION_ENDED');
    const short = await testBed({ limits: { sessionMs: -1 } });
    const answer = await short.gateway.app.inject({
      method: 'POST',
      url: '/v1/session',
      payload: { key: short.admin },
    });
    const over = await short.gateway.app.inject({
      method: 'GET',
      url: '/v1/session',
      headers: { cookie: cookieOf(answer) },
    });
    await short.gateway.close();
    expect(codeOf(over)).toBe('UNSILO_SESSION_ENDED');
  });

  test('it lasts over a restart when the secret is kept', async () => {
    const sessionSecret = new Uint8Array(32).fill(7);
    const keys = new TestKeys();
    const key = keys.make(['reader']);
    const before = await testBed({ sessionSecret, keys });
    const cookie = cookieOf(await before.gateway.app.inject({ method: 'POST', url: '/v1/session', payload: { key } }));
    await before.gateway.close();
    const after = await testBed({ sessionSecret, keys });
    const answer = await after.gateway.app.inject({ method: 'GET', url: '/v1/session', headers: { cookie } });
    await after.gateway.close();
    expect(answer.json()).toEqual({ name: 'reader', tenant: 'acme', roles: ['reader'] });
  });

  test('a secret that is too short is refused', async () => {
    await expect(testBed({ sessionSecret: new Uint8Array(31) })).rejects.toThrow(/32 bytes/);
  });

  test('guessing is slowed down', async () => {
    const slow = await testBed({ limits: { loginsPerMinute: 3 } });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++)
      statuses.push(
        (await slow.gateway.app.inject({ method: 'POST', url: '/v1/session', payload: { key: 'no' } })).statusCode,
      );
    await slow.gateway.close();
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });
});

test('other sites are told nothing: no CORS header, whatever they ask', async () => {
  for (const method of ['OPTIONS', 'GET'] as const) {
    const answer = await bed.gateway.app.inject({
      method,
      url: '/v1/systems',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST', ...bearer(bed.admin) },
    });
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  }
});
