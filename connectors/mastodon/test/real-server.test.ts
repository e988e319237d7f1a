import type { Command, Interaction, Outcome, Party } from '@unsilo/schemas';
import { commandEvent, placeOf } from '@unsilo/schemas';
import { systemClock } from '@unsilo/connector-sdk';
import { testContext, testRun, until, type TestRun, type VirtualClock } from '@unsilo/connector-sdk/testing';
import { mastodon } from '../src/index.js';

/**
 * Against a real server that speaks the client API, with two accounts that can mention each other:
 * MASTODON_BASE_URL, MASTODON_TOKEN (the account that is read) and MASTODON_OTHER_TOKEN (who writes to it).
 */
const base = process.env['MASTODON_BASE_URL'];
const token = process.env['MASTODON_TOKEN'];
const other = process.env['MASTODON_OTHER_TOKEN'];
const configured = base !== undefined && token !== undefined && other !== undefined;
if (!configured)
  process.stderr.write(
    'SKIPPED: a real Mastodon (set MASTODON_BASE_URL, MASTODON_TOKEN and MASTODON_OTHER_TOKEN of two accounts)\n',
  );

(configured ? describe : describe.skip)('a real server', () => {
  let run: TestRun;
  let me: { id: string; acct: string };
  const marker = `t${Date.now().toString(36)}`;

  async function call<T>(as: string, method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(new URL(path, base), {
      method,
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
    return (await response.json()) as T;
  }
  const write = (as: string, status: string, more: object = {}) =>
    call<{ id: string }>(as, 'POST', '/api/v1/statuses', { status, visibility: 'public', ...more });

  const states = (id: string) =>
    run
      .events('interactions')
      .map((event) => event.data as Interaction)
      .filter(({ ref }) => ref === `mastodon/status/${id}`);

  const command = (id: string, inReplyTo: string, text: string, more: object = {}) =>
    ({
      id: `${marker}-${id}`,
      system: 'mastodon',
      cause: { kind: 'user' },
      issuedAt: new Date().toISOString(),
      deadline: new Date(Date.now() + 600_000).toISOString(),
      attempt: 1,
      action: 'reply',
      inReplyTo: `mastodon/status/${inReplyTo}`,
      text,
      ...more,
    }) as Command;

  async function carryOut(id: string, inReplyTo: string, text: string, more: object = {}): Promise<Outcome> {
    const given = command(id, inReplyTo, text, more);
    const event = commandEvent('acme', given);
    await run.log.append([{ ...placeOf(event), value: JSON.stringify(event) }]);
    const outcomes = () => run.events('outcomes').map(({ data }) => data as Outcome);
    await until(`${id} has an outcome`, () => outcomes().some(({ command: of }) => of === given.id));
    return outcomes().find(({ command: of }) => of === given.id)!;
  }

  beforeAll(async () => {
    me = await call(token!, 'GET', '/api/v1/accounts/verify_credentials');
    // A real server keeps real time.
    run = await testRun(
      mastodon,
      { url: base, token, interval: 5 },
      { clock: systemClock as VirtualClock, graceMs: 2000 },
    );
    await until('everything is read', () => run.runner.status().snapshotComplete);
  });
  afterAll(() => run?.close());

  test('is found right by check', async () => {
    const findings = await run.runner.check();
    expect(findings.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('a mention, its edit and its deletion are told, and who wrote it', async () => {
    const { id } = await write(other!, `@${me.acct} ${marker} help <b>me</b> & mine`);
    await until('the mention is told', () => states(id).length > 0);
    expect(states(id)[0]!.state).toMatchObject({ kind: 'mention', direction: 'inbound', visibility: 'public' });
    expect(states(id)[0]!.state!.text).toContain('help <b>me</b> & mine');
    const author = states(id)[0]!.state!.author;
    const parties = run.events('parties').map(({ data }) => data as Party);
    expect(parties.find(({ ref }) => ref === author)?.state?.onlineServices?.[0]?.user).toMatch(/^[^@]+@[^@]+$/);
    await call(other!, 'PUT', `/api/v1/statuses/${id}`, { status: `@${me.acct} ${marker} edited` });
    await until('the edit is told', () => states(id).some(({ state }) => state?.text?.includes('edited') === true));
    await call(other!, 'DELETE', `/api/v1/statuses/${id}`);
    await until('the deletion is told', () => states(id).some(({ deleted }) => deleted === true));
  });

  test('a reply is sent, and told as the effect of its command', async () => {
    const { id } = await write(other!, `@${me.acct} ${marker} a question`, { visibility: 'unlisted' });
    await until('the question is told', () => states(id).length > 0);
    const outcome = await carryOut('reply', id, `${marker} an answer`);
    expect(outcome).toMatchObject({ status: 'applied', exact: true });
    const sent = outcome.ref!.split('/').at(-1)!;
    await until('the answer is told', () => states(sent).some(({ state }) => state?.command === `${marker}-reply`));
    expect(states(sent).at(-1)!.state).toMatchObject({
      kind: 'reply',
      direction: 'outbound',
      visibility: 'unlisted',
      inReplyTo: `mastodon/status/${id}`,
      thread: `mastodon/status/${id}`,
    });
  });

  test('a reply that ended unclear is found again, whether or not the server knows idempotency keys', async () => {
    const { id } = await write(other!, `@${me.acct} ${marker} another question`);
    await until('the question is told', () => states(id).length > 0);
    const outcome = await carryOut('unclear', id, `${marker} said once`);
    // Another process, that knows nothing of the first try but the command.
    const context = testContext(mastodon, { url: base, token }, { clock: systemClock as VirtualClock });
    const settled = await mastodon.settle!(context, command('unclear', id, `${marker} said once`));
    await context.close();
    expect(settled).toMatchObject({ status: 'applied', ref: outcome.ref, exact: false });
  });

  test('what can not be sent is rejected with a code', async () => {
    const { id } = await write(other!, `@${me.acct} ${marker} a last question`, { visibility: 'direct' });
    await until('the question is told', () => states(id).length > 0);
    expect(states(id)[0]!.state).toMatchObject({ kind: 'message', visibility: 'direct' });
    expect(await carryOut('long', id, 'x'.repeat(200_000))).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_MASTODON_TOO_LONG' },
    });
    expect(await carryOut('public', id, 'to all', { visibility: 'public' })).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_MASTODON_TOO_PUBLIC' },
    });
    expect(await carryOut('gone', '0', 'to nobody')).toMatchObject({
      status: 'rejected',
      error: { code: 'UNSILO_MASTODON_GONE' },
    });
  });
});
