import { createHmac } from 'node:crypto';
import {
  readItems,
  startFakeServer,
  testContext,
  virtualClock,
  type FakeServer,
  type TestContext,
} from '@unsilo/connector-sdk/testing';
import type { WebhookCall } from '@unsilo/connector-sdk';
import { feed, type FeedOptions } from '../src/index.js';
import { parseLinkHeader } from '../src/websub.js';
import { startFakeFeeds, type FakeFeeds } from './fake-feeds.js';

const secret = 'a-long-random-secret';
let fake: FakeFeeds;
let hub: FakeServer;
let subscriptions: Record<string, string>[];
let options: object;
const clock = virtualClock({ auto: 600_000 });

beforeEach(async () => {
  subscriptions = [];
  fake = await startFakeFeeds();
  hub = await startFakeServer(({ body }) => {
    subscriptions.push(Object.fromEntries(new URLSearchParams(body.toString())));
    return { status: 202 };
  });
  fake.headers['link'] = `<${hub.url}/hub>; rel="hub", <${fake.url('/topic')}>; rel=self; type="application/atom+xml"`;
  fake.feeds.set('/a', [{ guid: 'urn:1', title: 'One' }]);
  options = {
    feeds: [fake.url('/a')],
    interval: 3600,
    websub: { callback: 'https://unsilo.example/webhooks/press?tenant=acme', secret, leaseSeconds: 10_000 },
  };
});
afterEach(async () => {
  await fake.close();
  await hub.close();
});

type Context = TestContext<FeedOptions>;
const contextOf = (before?: { stored: ReadonlyMap<string, string>; checkpoint: unknown }): Context =>
  testContext(feed, options, { clock, ...before });

async function read(before?: Context, checkpoint?: unknown) {
  const context = contextOf(before === undefined ? undefined : { stored: before.stored, checkpoint });
  const items = await readItems(feed, context);
  await context.close();
  return { context, checkpoint: items.findLast((item) => item.type === 'checkpoint')?.value ?? checkpoint };
}

function callbackQuery(subscription: Record<string, string>): Record<string, string> {
  return Object.fromEntries(new URL(subscription['hub.callback']!).searchParams);
}

const call = (given: Partial<WebhookCall>): WebhookCall => ({
  method: 'GET',
  path: '/webhooks/press',
  query: {},
  headers: {},
  raw: Buffer.alloc(0),
  ...given,
});

/** What the runner does with a call. */
async function receive(context: Context, given: WebhookCall) {
  feed.webhook!.verify(given, context.options, context.clock.now());
  return feed.webhook!.handle(context, given);
}

async function subscribed() {
  const { context, checkpoint } = await read();
  const [subscription] = subscriptions;
  const query = { ...callbackQuery(subscription!), 'hub.mode': 'subscribe', 'hub.topic': subscription!['hub.topic']! };
  const answer = await receive(
    context,
    call({ query: { ...query, 'hub.challenge': 'abc', 'hub.lease_seconds': '5000' } }),
  );
  return { context, checkpoint, subscription: subscription!, answer };
}

test('a hub in the Link header is asked for the topic that the header names', async () => {
  const { subscription, answer } = await subscribed();
  expect(subscription).toMatchObject({
    'hub.mode': 'subscribe',
    'hub.topic': fake.url('/topic'),
    'hub.lease_seconds': '10000',
  });
  expect(new URL(subscription['hub.callback']!).searchParams.get('tenant')).toBe('acme');
  expect(answer).toMatchObject({ status: 200, body: 'abc', contentType: expect.stringContaining('text/plain') });
});

test('a hub in the feed is asked as well', async () => {
  delete fake.headers['link'];
  fake.answers.set('/a', () => ({
    body: `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="hub" href="${hub.url}/h"/><link rel="self" href="/me"/></feed>`,
  }));
  await read();
  expect(subscriptions).toMatchObject([{ 'hub.topic': fake.url('/me') }]);
});

test('a signed announcement makes the feed be read at once', async () => {
  const { context, checkpoint, subscription } = await subscribed();
  const raw = Buffer.from('<feed/>');
  for (const method of ['sha1', 'sha256', 'sha384', 'sha512']) {
    const signature = createHmac(method, subscription['hub.secret']!).update(raw).digest('hex');
    const headers = { 'X-Hub-Signature': `${method}=${signature}` };
    const answer = await receive(context, call({ method: 'POST', query: callbackQuery(subscription), headers, raw }));
    expect(answer).toMatchObject({ status: 204, poke: true });
  }
  const before = fake.server.requests.length;
  await read(context, checkpoint);
  expect(fake.server.requests).toHaveLength(before + 1);
  await read(context, checkpoint);
});

test.each([
  ['no signature', {}],
  ['a wrong signature', { 'x-hub-signature': `sha256=${'0'.repeat(64)}` }],
  ['a signature of another length', { 'x-hub-signature': 'sha256=00' }],
  ['an unknown method', { 'x-hub-signature': 'md5=00000000000000000000000000000000' }],
])('an announcement with %s is refused', async (_, headers) => {
  const { context, subscription } = await subscribed();
  const given = call({ method: 'POST', query: callbackQuery(subscription), headers, raw: Buffer.from('x') });
  await expect(receive(context, given)).rejects.toMatchObject({
    code: expect.stringMatching(/^UNSILO_WEBHOOK_(?:FORGED|UNSIGNED)$/),
  });
});

test('a body that was changed is refused', async () => {
  const { context, subscription } = await subscribed();
  const signature = createHmac('sha256', subscription['hub.secret']!).update('x').digest('hex');
  const given = call({
    method: 'POST',
    query: callbackQuery(subscription),
    headers: { 'x-hub-signature': `sha256=${signature}` },
    raw: Buffer.from('y'),
  });
  await expect(receive(context, given)).rejects.toMatchObject({ code: 'UNSILO_WEBHOOK_FORGED' });
});

test('calls without the token of the feed are refused', async () => {
  const { context, subscription } = await subscribed();
  const query = { ...callbackQuery(subscription), token: '0'.repeat(64) };
  await expect(receive(context, call({ query }))).rejects.toMatchObject({ code: 'UNSILO_WEBHOOK_FORGED' });
  await expect(receive(context, call({}))).rejects.toMatchObject({ code: 'UNSILO_WEBHOOK_UNEXPECTED' });
});

test('only what was asked for is confirmed', async () => {
  const { context, subscription } = await subscribed();
  const query = callbackQuery(subscription);
  const status = async (more: Record<string, string>) =>
    (await receive(context, call({ query: { ...query, 'hub.challenge': 'c', ...more } }))).status;
  expect(await status({ 'hub.mode': 'subscribe', 'hub.topic': 'https://other.example/' })).toBe(404);
  expect(await status({ 'hub.mode': 'unsubscribe', 'hub.topic': subscription['hub.topic']! })).toBe(404);
  expect(
    await status({
      'hub.mode': 'subscribe',
      'hub.topic': subscription['hub.topic']!,
      'hub.challenge': 'x'.repeat(5000),
    }),
  ).toBe(404);
});

test('a subscription is renewed before it ends, and not before that', async () => {
  let { context, checkpoint } = await subscribed();
  const pass = async (ms: number) => {
    await clock.advance(ms);
    ({ context, checkpoint } = await read(context, checkpoint));
  };
  await pass(1_000_000);
  expect(subscriptions).toHaveLength(1);
  await pass(3_000_000);
  expect(subscriptions).toHaveLength(2);
});

test('a hub that denies is left alone for a day, one that fails does no harm', async () => {
  const { context, checkpoint, subscription } = await subscribed();
  const query = { ...callbackQuery(subscription), 'hub.mode': 'denied', 'hub.topic': subscription['hub.topic']! };
  expect((await receive(context, call({ query }))).status).toBe(204);
  await clock.advance(20 * 3_600_000);
  const later = await read(context, checkpoint);
  expect(subscriptions).toHaveLength(1);
  hub.fault({ kind: 'status', status: 400, times: Infinity });
  await clock.advance(10 * 3_600_000);
  const failed = await read(later.context, later.checkpoint);
  expect(failed.context.logged.map((line) => line.fields['code'])).toContain('UNSILO_HTTP_REFUSED');
});

test('announcements of a feed that is no longer configured are told to end', async () => {
  const { context, subscription } = await subscribed();
  const others = testContext(feed, { ...options, feeds: [fake.url('/other')] }, { clock, stored: context.stored });
  const raw = Buffer.from('x');
  const headers = {
    'x-hub-signature': `sha256=${createHmac('sha256', subscription['hub.secret']!).update(raw).digest('hex')}`,
  };
  expect(
    (await receive(others, call({ method: 'POST', query: callbackQuery(subscription), headers, raw }))).status,
  ).toBe(410);
  const query = {
    ...callbackQuery(subscription),
    'hub.mode': 'unsubscribe',
    'hub.challenge': 'bye',
    'hub.topic': subscription['hub.topic']!,
  };
  expect(await receive(others, call({ query }))).toMatchObject({ status: 200, body: 'bye' });
  await others.close();
});

test('Link headers', () => {
  const links = parseLinkHeader(
    '<https://a.example/?x=1,2>; rel="hub preconnect", </b>; title="a, b"; rel=self, <mailto:x>; rel=hub',
    'https://base.example/',
  );
  expect(links).toEqual([
    { rel: 'hub', href: 'https://a.example/?x=1,2' },
    { rel: 'preconnect', href: 'https://a.example/?x=1,2' },
    { rel: 'self', href: 'https://base.example/b' },
  ]);
});
