import type { Command, ReplyCommand } from '@unsilo/schemas';
import { RetryableError } from '@unsilo/connector-sdk';
import { testContext, virtualClock, type TestContext } from '@unsilo/connector-sdk/testing';
import { mastodon, type MastodonOptions } from '../src/index.js';
import { SELF, startFakeMastodon, type FakeMastodon, type SimulatedStatus } from './fake-mastodon.js';

let fake: FakeMastodon;
let context: TestContext<MastodonOptions>;
let question: SimulatedStatus;

beforeEach(async () => {
  fake = await startFakeMastodon({ idempotencyKeys: false });
  question = fake.write(fake.account('ada@other.example').id, '@support help', { visibility: 'unlisted' });
  const clock = virtualClock({ auto: 600_000, start: Date.UTC(2026, 2, 1, 9, 30) });
  context = testContext(mastodon, { url: fake.server.url, token: fake.token, streaming: false }, { clock });
});
afterEach(async () => {
  await context.close();
  await fake.close();
});

const reply = (id: string, more: Partial<ReplyCommand> = {}): Command => ({
  id,
  system: 'mastodon',
  cause: { kind: 'user' },
  issuedAt: '2026-03-01T09:30:00.000Z',
  deadline: '2026-03-01T10:30:00.000Z',
  attempt: 1,
  action: 'reply',
  inReplyTo: `mastodon/status/${question.id}`,
  text: 'We are on it',
  ...more,
});
const write = (command: Command, unclear = false) => mastodon.write!(context, command, { number: 1, unclear });
const sent = () => [...fake.statuses.values()].filter(({ account }) => account === SELF);
const posts = () => fake.server.requests.filter(({ method }) => method === 'POST');

test('a reply goes out under the key of its command, and its outcome names it', async () => {
  const outcome = await write(reply('cmd-1'));
  const [status] = sent();
  expect(status).toMatchObject({
    text: '@ada@other.example We are on it',
    inReplyTo: question.id,
    visibility: 'unlisted',
  });
  expect(posts()[0]!.headers['idempotency-key']).toBe('cmd-1');
  expect(outcome).toMatchObject({
    status: 'applied',
    ref: `mastodon/status/${status!.id}`,
    version: { major: status!.createdAt, minor: 0 },
    exact: true,
  });
});

test.each([
  ['no list', () => '{"error":"maintenance"}'],
  ['a list with something that is no status', () => '[{"id":"1"}]'],
])('%s of own statuses proves nothing: a reply that may be among them is not sent again', async (_, twist) => {
  fake.server.fault({ kind: 'lost-answer', method: 'POST' });
  await expect(write(reply('cmd-1'))).rejects.toMatchObject({ mayHaveApplied: true });
  fake.server.fault({ kind: 'odd', path: /\/accounts\/\w+\/statuses$/, twist });
  await expect(write(reply('cmd-1'), true)).rejects.toMatchObject({ code: 'UNSILO_MASTODON_BAD_ANSWER' });
  expect(await write(reply('cmd-1'), true)).toMatchObject({ status: 'applied', exact: false });
  expect(sent()).toHaveLength(1);
});

test('a reply that names its parent no more, which was deleted since, is known again by its words', async () => {
  fake.server.fault({ kind: 'lost-answer', method: 'POST' });
  await expect(write(reply('cmd-1'))).rejects.toMatchObject({ mayHaveApplied: true });
  const twist = (body: string): string => body.replaceAll(/"in_reply_to_id":"\w+"/g, '"in_reply_to_id":null');
  fake.server.fault({ kind: 'odd', path: /\/accounts\/\w+\/statuses$/, twist });
  expect(await write(reply('cmd-1'), true)).toMatchObject({ status: 'applied', exact: false });
  expect(sent()).toHaveLength(1);
});

test('after a try that ended unclear it is looked for before it is sent again', async () => {
  fake.server.fault({ kind: 'lost-answer', method: 'POST' });
  await expect(write(reply('cmd-1'))).rejects.toMatchObject({ mayHaveApplied: true });
  expect(await write(reply('cmd-1'), true)).toMatchObject({ status: 'applied', exact: false });
  expect(sent()).toHaveLength(1);
});

test('the same words of another command are not taken for it', async () => {
  await write(reply('cmd-1'));
  expect(await write(reply('cmd-2'), true)).toMatchObject({ status: 'applied', exact: true });
  expect(sent()).toHaveLength(2);
});

test('failures before anything was sent leave no doubt', async () => {
  fake.server.fault({ kind: 'status', status: 500, times: 100, path: '/api/v2/instance' });
  const error: unknown = await write(reply('cmd-1')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect(error).toMatchObject({ mayHaveApplied: false });
  expect(posts()).toEqual([]);
});

test('a rate limit is waited for as the server says', async () => {
  fake.server.fault({ kind: 'status', status: 429, method: 'POST', headers: { 'retry-after': '30' } });
  const before = context.clock.now();
  expect(await write(reply('cmd-1'))).toMatchObject({ status: 'applied' });
  expect(context.clock.now() - before).toBeGreaterThanOrEqual(30_000);
  expect(sent()).toHaveLength(1);
});

test.each([
  [
    'an update',
    { action: 'update', ref: 'mastodon/account/7', base: { major: 0, minor: 0 }, set: {} },
    'UNSILO_MASTODON_ACTION',
  ],
  ['a ref of another system', { inReplyTo: 'other/status/1' }, 'UNSILO_MASTODON_BAD_REF'],
  ['an account', { inReplyTo: 'mastodon/account/7' }, 'UNSILO_MASTODON_BAD_REF'],
  ['a post that is gone', { inReplyTo: 'mastodon/status/1' }, 'UNSILO_MASTODON_GONE'],
  ['a text that is too long', { text: 'x'.repeat(501) }, 'UNSILO_MASTODON_TOO_LONG'],
  ['more publicity than the post has', { visibility: 'public' }, 'UNSILO_MASTODON_TOO_PUBLIC'],
])('%s is rejected, and nothing is sent', async (_, more, code) => {
  const outcome = await write({ ...reply('cmd-1'), ...more } as Command);
  expect(outcome).toMatchObject({ status: 'rejected', error: { code } });
  expect(posts()).toEqual([]);
});

test('what the instance refuses is rejected with its words, if they are meant for people', async () => {
  fake.answers.set('POST /api/v1/statuses', () => ({
    status: 422,
    body: { error: 'Validation failed: Text is rude' },
  }));
  expect(await write(reply('cmd-1'))).toMatchObject({
    status: 'rejected',
    error: {
      code: 'UNSILO_MASTODON_REFUSED',
      message: 'The instance refused the reply with 422: Validation failed: Text is rude',
    },
  });
  fake.answers.set('POST /api/v1/statuses', () => ({ status: 400, body: '<html>' }));
  expect(await write(reply('cmd-2'))).toMatchObject({
    status: 'rejected',
    error: { message: 'The instance refused the reply with 400' },
  });
});

test('an answer to a reply that can not be read is unclear, not refused', async () => {
  fake.answers.set('POST /api/v1/statuses', () => ({ body: 'ok' }));
  const error: unknown = await write(reply('cmd-1')).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RetryableError);
  expect((error as RetryableError).mayHaveApplied).not.toBe(false);
});

describe('settling', () => {
  test('finds a reply that was sent, on a later page too', async () => {
    fake.server.fault({ kind: 'lost-answer', method: 'POST' });
    await write(reply('cmd-1')).catch(() => undefined);
    const [status] = sent();
    for (let n = 0; n < 45; n += 1) fake.write(SELF, `other ${n}`);
    expect(await mastodon.settle!(context, reply('cmd-1'))).toMatchObject({
      status: 'applied',
      ref: `mastodon/status/${status!.id}`,
      exact: false,
    });
  });

  test('says that it was not sent otherwise', async () => {
    fake.write(SELF, 'We are on it');
    expect(await mastodon.settle!(context, reply('cmd-1'))).toMatchObject({
      status: 'not-applied',
      error: { code: 'UNSILO_MASTODON_NOT_SENT' },
    });
  });
});
