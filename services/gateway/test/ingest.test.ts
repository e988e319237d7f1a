import { bearer, testBed, type TestBed } from './support/gateway.js';
import { partyEvent } from './support/example-calls.js';

let bed: TestBed;
let key: string;
beforeEach(async () => {
  bed = await testBed({ limits: { eventsPerRequest: 5, eventBodyBytes: 20_000 } });
  key = bed.keys.make(['source']);
});
afterEach(() => bed.gateway.close());

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const send = (payload: string | Buffer, contentType: string, headers: Record<string, string> = {}) =>
  bed.gateway.app.inject({
    method: 'POST',
    url: '/v1/events',
    headers: { ...bearer(key), 'content-type': contentType, ...headers },
    payload,
  });
const sendJson = (value: unknown, contentType = BATCH) => send(JSON.stringify(value), contentType);
const binary = (event: object): Record<string, string> =>
  Object.fromEntries(
    Object.entries(event)
      .filter(([name]) => name !== 'data')
      .map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]),
  );

test('the three modes bring the same event', async () => {
  const event = partyEvent('one') as { data: object };
  await sendJson(event, STRUCTURED);
  await sendJson([event], BATCH);
  await send(JSON.stringify(event.data), 'application/json', binary(event));
  const [structured, batched, binaryOne] = bed.hub.ingested;
  expect(batched).toEqual(structured);
  expect(binaryOne).toEqual({ ...(structured as object), datacontenttype: 'application/json' });
});

test('attributes in headers are percent-decoded, quoted ones unquoted, and the trace is taken over', async () => {
  const event = { ...(partyEvent('Zoë/€ 1') as { data: object }) };
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const headers = { ...binary(event), 'ce-subject': '"export/row/R-77"', traceparent };
  const answer = await send(JSON.stringify(event.data), 'application/json', headers);
  expect(answer.statusCode).toBe(202);
  expect(bed.hub.ingested[0]).toMatchObject({ id: 'Zoë/€ 1', subject: 'export/row/R-77', traceparent });
});

test('a batch answers for each event, in order; good neighbours of bad ones are taken', async () => {
  const bad = { ...partyEvent('bad'), specversion: '0.3' };
  const answer = await sendJson([partyEvent('a'), bad, partyEvent('c'), 7]);
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({
    code: 'UNSILO_EVENTS_REJECTED',
    accepted: 2,
    results: [
      { id: 'a', status: 'accepted' },
      { id: 'bad', status: 'rejected', code: 'UNSILO_INVALID', errors: [{ path: '/specversion' }] },
      { id: 'c', status: 'accepted' },
      { status: 'rejected', code: 'UNSILO_INVALID' },
    ],
    errors: [{ path: '/1/specversion' }, { path: '/3' }],
  });
  expect(bed.hub.ingested).toHaveLength(2);
});

test('a repeat is accepted', async () => {
  const first = await sendJson(partyEvent('same'), STRUCTURED);
  const second = await sendJson(partyEvent('same'), STRUCTURED);
  expect([first.statusCode, second.statusCode]).toEqual([202, 202]);
  expect(second.json()).toEqual({ accepted: 1, results: [{ id: 'same', status: 'accepted' }] });
});

test('an empty batch is nothing to do', async () => {
  expect((await sendJson([])).json()).toEqual({ accepted: 0, results: [] });
});

test('too many events are refused before any is taken', async () => {
  const answer = await sendJson(Array.from({ length: 6 }, (_, i) => partyEvent(`e${i}`)));
  expect(answer.statusCode).toBe(413);
  expect(answer.json()).toMatchObject({ code: 'UNSILO_EVENTS_TOO_MANY', detail: expect.stringContaining('at most 5') });
  expect(bed.hub.ingested).toEqual([]);
});

test.each([
  ['JSON without ce- headers', 'application/json', '{}', 415, 'UNSILO_EVENTS_MODE'],
  ['a form', 'application/x-www-form-urlencoded', 'a=1', 415, 'UNSILO_EVENTS_MODE'],
  ['an Avro batch', 'application/cloudevents-batch+avro', '[]', 415, 'UNSILO_EVENTS_MODE'],
  ['another charset', `${STRUCTURED}; charset=utf-16`, '{}', 415, 'UNSILO_HTTP_CONTENT_TYPE'],
  ['a batch that is no list', BATCH, '{}', 400, 'UNSILO_HTTP_MALFORMED'],
  ['half of JSON', STRUCTURED, '{"specversion":', 400, 'UNSILO_HTTP_MALFORMED'],
  ['nothing', STRUCTURED, '', 400, 'UNSILO_HTTP_MALFORMED'],
])('%s is refused with what to do', async (_, contentType, payload, status, code) => {
  const answer = await send(payload, contentType);
  expect(answer.statusCode).toBe(status);
  expect(answer.json()).toMatchObject({ code, hint: expect.stringMatching(/\w/) });
});

test('bytes that are not UTF-8 are refused, never mended', async () => {
  const answer = await send(Buffer.from([0x22, 0xc3, 0x28, 0x22]), STRUCTURED);
  expect(answer.statusCode).toBe(400);
});

test('a byte order mark is no harm', async () => {
  const answer = await send(`\uFEFF${JSON.stringify(partyEvent('bom'))}`, `${STRUCTURED}; charset="UTF-8"`);
  expect(answer.statusCode).toBe(202);
});

test.each([
  ['__proto__', '{"__proto__": {"admin": true}}'],
  ['a lone surrogate', '{"kind": "person", "note": "\\ud800"}'],
  ['a day that does not exist', '{"kind": "person", "birthDate": "2026-02-30"}'],
  ['an unknown field', '{"kind": "person", "shoeSize": 43}'],
  ['bottomless nesting', `{"kind": "person", "extra": ${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}}`],
])('%s in an event is rejected with its place, and the next event is taken', async (_, state) => {
  const event = JSON.stringify(partyEvent('bad', 'STATE' as unknown as object)).replace('"STATE"', state);
  const answer = await send(`[${event},${JSON.stringify(partyEvent('good'))}]`, BATCH);
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({
    accepted: 1,
    results: [
      { status: 'rejected', errors: [{ path: expect.stringMatching(/^\/data/) }] },
      { id: 'good', status: 'accepted' },
    ],
  });
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

test('numbers past 2^53 are rejected where they would change', async () => {
  const text = JSON.stringify(partyEvent('big')).replace('"major":9', '"major":9007199254740993');
  const answer = await send(text, STRUCTURED);
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ errors: [{ path: '/data/version/major' }] });
});

test('one key can send only so often', async () => {
  const slow = await testBed({ limits: { eventRequestsPerMinute: 2 } });
  const one = slow.keys.make(['source']);
  const other = slow.keys.make(['source']);
  const status = async (who: string): Promise<number> =>
    (
      await slow.gateway.app.inject({
        method: 'POST',
        url: '/v1/events',
        headers: { ...bearer(who), 'content-type': BATCH },
        payload: '[]',
      })
    ).statusCode;
  expect([await status(one), await status(one), await status(one), await status(other)]).toEqual([202, 202, 429, 202]);
  await slow.gateway.close();
});
