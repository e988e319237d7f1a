import { secretValues } from '@unsilo/connector-sdk';
import { suitecrm } from '@unsilo/connector-suitecrm';
import { SIMULATED_LOGIN } from '@unsilo/connector-suitecrm/simulator';
import { closeStages, onStage, type Stage } from './stage.js';

afterEach(closeStages);

const logins = (stage: Stage) =>
  stage.crm.server.requests
    .filter(({ path }) => path.endsWith('/access_token'))
    .map(({ body }) => new URLSearchParams(body.toString()).get('grant_type'));
const HOUR = 3_600_000;

describe('logging in', () => {
  test('one token serves all requests, until shortly before it ends', async () => {
    const stage = await onStage();
    await stage.read();
    await stage.pass(HOUR - 120_000);
    await stage.read();
    expect(logins(stage)).toEqual(['client_credentials']);
    await stage.pass(61_000);
    await stage.read();
    expect(logins(stage)).toEqual(['client_credentials', 'client_credentials']);
  });

  test('a password’s token is refreshed, and asked for anew when that fails', async () => {
    const stage = await onStage({}, { login: { grant: 'password' } });
    await stage.read();
    await stage.pass(HOUR);
    await stage.read();
    expect(logins(stage)).toEqual(['password', 'refresh_token']);
    await stage.pass(HOUR);
    stage.crm.server.fault({ kind: 'status', status: 401, path: '/Api/access_token' });
    await stage.read();
    expect(logins(stage)).toEqual(['password', 'refresh_token', 'refresh_token', 'password']);
  });

  test('a token that no header can hold is none: it would fail every request until it ends', async () => {
    const stage = await onStage();
    const twist = () => JSON.stringify({ access_token: 'a\u0000b', expires_in: 3600 });
    stage.crm.server.fault({ kind: 'odd', path: '/Api/access_token', twist });
    await expect(stage.read()).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_BAD_ANSWER' });
    await stage.read();
    expect(logins(stage)).toHaveLength(2);
  });

  test('a revoked token is replaced without a word', async () => {
    const stage = await onStage();
    await stage.read();
    stage.crm.revokeTokens();
    await stage.read();
    expect(logins(stage)).toHaveLength(2);
  });

  test('many requests at once log in once', async () => {
    const stage = await onStage({ modules: ['contact', 'case'] });
    for (let i = 0; i < 12; i += 1) stage.crm.insert('case', { name: `Case ${i}` });
    await stage.read();
    stage.crm.revokeTokens();
    await Promise.all(
      [1, 2, 3, 4].map((key) =>
        stage.write({
          action: 'create',
          kind: 'contact',
          externalKey: `k${key}`,
          createdFor: 'a/b/c',
          set: { 'name.surname': { value: 'X', asOf: 1 } },
        }),
      ),
    );
    expect(logins(stage)).toHaveLength(2);
    expect(stage.crm.records('contact')).toHaveLength(4);
  });

  test.each([
    [
      'client id',
      { auth: { grant: 'client_credentials', clientId: 'nobody', clientSecret: 'top-secret-value' } },
      'client_credentials',
    ],
    [
      'client secret',
      { auth: { grant: 'client_credentials', clientId: SIMULATED_LOGIN.clientId, clientSecret: 'top-secret-value' } },
      'client_credentials',
    ],
    [
      'password',
      {
        auth: {
          grant: 'password',
          clientId: SIMULATED_LOGIN.clientId,
          clientSecret: SIMULATED_LOGIN.clientSecret,
          username: 'api',
          password: 'top-secret-value',
        },
      },
      'password',
    ],
  ] as const)('a wrong %s pauses the system, and is repeated nowhere', async (_, options, grant) => {
    const stage = await onStage(options, { login: { grant } });
    const failure = await stage.read().catch((error: unknown) => error as Error & { code: string; hint: string });
    expect(failure).toMatchObject({ name: 'PauseError', code: 'UNSILO_SUITECRM_LOGIN_REFUSED' });
    const findings = await suitecrm.check(stage.context);
    expect(findings[0]).toMatchObject({ ok: false, code: 'UNSILO_SUITECRM_LOGIN_REFUSED' });
    const told = JSON.stringify([
      failure,
      (failure as Error).message,
      (failure as Error).stack,
      findings,
      stage.context.logged,
    ]);
    expect(told).not.toContain('top-secret-value');
  });

  test('a password without a user is told before anything is sent', async () => {
    const { clientId, clientSecret } = SIMULATED_LOGIN;
    const stage = await onStage({ auth: { grant: 'password', clientId, clientSecret } });
    await expect(stage.read()).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_LOGIN_INCOMPLETE' });
    expect(stage.crm.server.requests).toEqual([]);
  });

  test('a broken token endpoint is waited for, not taken for a wrong password', async () => {
    const stage = await onStage();
    stage.crm.server.fault({
      kind: 'status',
      status: 500,
      body: '<html>Fatal error</html>',
      path: '/Api/access_token',
      times: 9,
    });
    await expect(stage.read()).rejects.toMatchObject({ name: 'RetryableError', code: 'UNSILO_SUITECRM_LOGIN_FAILED' });
  });

  test('an address that isn’t SuiteCRM is told', async () => {
    const stage = await onStage();
    stage.crm.server.fault({
      kind: 'status',
      status: 200,
      body: '<html>Welcome</html>',
      path: '/Api/access_token',
      times: 9,
    });
    await expect(stage.read()).rejects.toMatchObject({ code: 'UNSILO_SUITECRM_BAD_ANSWER' });
  });

  test('secrets are marked as such in the options', () => {
    const options = {
      auth: { grant: 'password', clientId: 'id', clientSecret: 'one', username: 'u', password: 'two' },
    };
    expect(new Set(secretValues(suitecrm.options, options))).toEqual(new Set(['one', 'two']));
  });

  test('tokens go into the header alone, and into no address', async () => {
    const stage = await onStage();
    await stage.read();
    for (const { path, query, headers } of stage.crm.server.requests.slice(1)) {
      const token = headers['authorization']!.replace('Bearer ', '');
      expect(`${path}?${query.toString()}`).not.toContain(token);
    }
    expect(JSON.stringify([...stage.context.stored])).not.toMatch(/Bearer|access_token/);
  });
});

describe('check', () => {
  test('finds nothing wrong with a right configuration', async () => {
    const stage = await onStage();
    const findings = await suitecrm.check(stage.context);
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
    expect(findings.length).toBeGreaterThan(5);
  });

  test('names fields that aren’t there, and lengths that don’t fit', async () => {
    const fields = { nope_c: 'extra.nope', tier_c: { attribute: 'extra.tier', length: 50 } };
    const stage = await onStage({ modules: ['contact'], mapping: { contact: { fields } } });
    const wrong = (await suitecrm.check(stage.context)).filter(({ ok }) => !ok);
    expect(wrong.map(({ code }) => code)).toEqual(['UNSILO_SUITECRM_FIELDS', 'UNSILO_SUITECRM_LENGTH']);
    expect(wrong[0]!.message).toContain('nope_c');
    expect(wrong[1]!.message).toContain('20');
  });

  test('warns of a time zone with clock changes, and of clocks that differ', async () => {
    const zone = await onStage({}, { timeZone: 'Europe/Berlin' });
    expect((await suitecrm.check(zone.context)).filter(({ ok }) => !ok)).toMatchObject([
      { code: 'UNSILO_SUITECRM_TIME_ZONE' },
    ]);
    const clock = await onStage({}, { now: () => Date.UTC(2026, 5, 1) });
    expect((await suitecrm.check(clock.context)).filter(({ ok }) => !ok)).toMatchObject([
      { code: 'UNSILO_SUITECRM_CLOCK' },
    ]);
  });

  test('tells a module that the user may not read', async () => {
    const stage = await onStage({ modules: ['contact', 'lead'] });
    const denied = '{"errors":{"status":400,"title":null,"detail":"[AccessDeniedException] "}}';
    stage.crm.server.fault({ kind: 'status', status: 400, body: denied, path: '/Api/V8/module/Leads', times: 1 });
    const wrong = (await suitecrm.check(stage.context)).filter(({ ok }) => !ok);
    expect(wrong).toMatchObject([{ code: 'UNSILO_SUITECRM_ACCESS_DENIED' }]);
  });
});
