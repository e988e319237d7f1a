import { gzipSync } from 'node:zlib';
import { createHttpClient, type HttpSettings, type OwnedHttpClient } from '../../src/index.js';
import { startFakeServer, virtualClock, type FakeHandler, type FakeServer } from '../../src/testing.js';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});
async function server(handler: FakeHandler = () => ({ body: 'hello' })): Promise<FakeServer> {
  const started = await startFakeServer(handler);
  open.push(started);
  return started;
}
function client(settings: Partial<HttpSettings> = {}): OwnedHttpClient & { clock: ReturnType<typeof virtualClock> } {
  const clock = virtualClock({ auto: 600_000 });
  const made = createHttpClient({ system: 'shop', allowPrivateAddresses: true, clock, random: () => 0.5, ...settings });
  open.push(made);
  return { ...made, clock };
}
const failure = async (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) =>
      error as { name: string; code: string; message: string; mayHaveApplied?: boolean; retryAfterMs?: number },
  );

test('an answer comes with status, headers, body and where it came from', async () => {
  const { url } = await server(() => ({ status: 201, headers: { 'X-Thing': 'a' }, body: { n: 1 } }));
  const answer = await client().request({ url: `${url}/x?q=1`, method: 'POST', body: 'y' });
  expect(answer).toMatchObject({ status: 201, url: `${url}/x?q=1`, redirects: [], headers: { 'x-thing': 'a' } });
  expect(JSON.parse(answer.body.toString())).toEqual({ n: 1 });
});

test('compressed answers are unpacked; 304 and HEAD have no body', async () => {
  const shop = await server((request) =>
    request.path === '/304'
      ? { status: 304, headers: { 'content-encoding': 'gzip' } }
      : { headers: { 'content-encoding': 'gzip' }, body: gzipSync('packed') },
  );
  const http = client();
  expect((await http.request({ url: `${shop.url}/` })).body.toString()).toBe('packed');
  expect((await http.request({ url: `${shop.url}/304` })).status).toBe(304);
  expect((await http.request({ url: `${shop.url}/`, method: 'HEAD' })).body).toHaveLength(0);
  expect(shop.requests[0]!.headers['accept-encoding']).toBe('gzip, br');
});

describe('repeats', () => {
  test.each([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 429 },
    { kind: 'reset' },
    { kind: 'lost-answer' },
    { kind: 'truncate' },
  ] as const)('a read is repeated after %j', async (fault) => {
    const shop = await server(() => ({ body: 'hello hello' }));
    shop.fault({ ...fault, times: 2 });
    expect((await client().request({ url: shop.url })).body.toString()).toBe('hello hello');
    expect(shop.requests).toHaveLength(3);
  });

  test('waits grow, with full jitter, and end', async () => {
    const shop = await server();
    shop.fault({ kind: 'status', status: 500, times: Infinity });
    const http = client({ retries: { attempts: 4, baseMs: 100, maxMs: 300, longestWaitMs: 60_000 } });
    expect(await failure(http.request({ url: shop.url }))).toMatchObject({
      name: 'RetryableError',
      code: 'UNSILO_HTTP_UNAVAILABLE',
      status: 500,
    });
    expect(http.clock.waits).toEqual([50, 100, 150]);
  });

  test('a write is not repeated when it may have taken effect', async () => {
    const shop = await server();
    for (const fault of [{ kind: 'status', status: 500 }, { kind: 'lost-answer' }, { kind: 'truncate' }] as const) {
      shop.fault(fault);
      const before = shop.requests.length;
      const error = await failure(client().request({ url: shop.url, method: 'POST' }));
      expect(error).toMatchObject({ name: 'RetryableError' });
      expect(error.mayHaveApplied).not.toBe(false);
      expect(shop.requests).toHaveLength(before + 1);
    }
  });

  test('a conditional write is not repeated either: it would meet its own effect', async () => {
    const shop = await server();
    shop.fault({ kind: 'lost-answer' });
    await failure(client().request({ url: shop.url, method: 'PUT', headers: { 'If-Match': '"1"' } }));
    expect(shop.requests).toHaveLength(1);
  });

  test('a write is repeated when it was surely refused, or is idempotent', async () => {
    const shop = await server();
    shop.fault({ kind: 'status', status: 429 });
    expect((await client().request({ url: shop.url, method: 'POST' })).status).toBe(200);
    shop.fault({ kind: 'lost-answer' });
    expect((await client().request({ url: shop.url, method: 'POST', idempotent: true })).status).toBe(200);
  });

  test('nobody listens: surely not applied', async () => {
    const shop = await server();
    const { url } = shop;
    await shop.close();
    open.splice(0);
    expect(await failure(client().request({ url, method: 'POST' }))).toMatchObject({
      name: 'RetryableError',
      code: 'UNSILO_HTTP_NETWORK',
      mayHaveApplied: false,
      hint: expect.stringContaining('listens') as string,
    });
  });

  test('one unclear try among several makes the whole unclear', async () => {
    const shop = await server();
    shop.fault({ kind: 'lost-answer' });
    shop.fault({ kind: 'status', status: 429, times: Infinity });
    expect(await failure(client().request({ url: shop.url, method: 'PUT' }))).toMatchObject({
      code: 'UNSILO_HTTP_RATE_LIMITED',
      mayHaveApplied: true,
    });
  });
});

describe('what the server asks for', () => {
  test('Retry-After is waited for, in seconds and as a date against the server’s clock', async () => {
    const shop = await server();
    shop.fault({ kind: 'status', status: 429, headers: { 'retry-after': '7' } });
    const http = client();
    await http.request({ url: shop.url });
    expect(http.clock.waits).toContain(7000);
    const date = new Date(Date.now() + 9000).toUTCString();
    shop.fault({
      kind: 'status',
      status: 503,
      headers: { 'retry-after': date, date: new Date(Date.parse(date) - 9000).toUTCString() },
    });
    await http.request({ url: shop.url });
    expect(http.clock.waits).toContain(9000);
  });

  test('one that is too long goes to the caller', async () => {
    const shop = await server();
    shop.fault({ kind: 'status', status: 429, headers: { 'retry-after': '3600' } });
    const http = client();
    expect(await failure(http.request({ url: shop.url }))).toMatchObject({
      name: 'RetryableError',
      retryAfterMs: 3_600_000,
      mayHaveApplied: false,
    });
    const second = await failure(http.request({ url: shop.url }));
    expect(second).toMatchObject({ code: 'UNSILO_HTTP_RATE_LIMITED', mayHaveApplied: false });
    expect(second.retryAfterMs).toBeGreaterThan(3_500_000);
    expect(shop.requests).toHaveLength(1);
  });

  test('when none is left, everybody waits for the reset', async () => {
    const shop = await server(() => ({ headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' } }));
    const http = client();
    await http.request({ url: shop.url });
    const began = http.clock.now();
    await http.request({ url: shop.url });
    expect(http.clock.now() - began).toBe(30_000);
  });

  test('its clock is measured', async () => {
    const offsets: number[] = [];
    const http = client({ onClockOffset: (offset) => offsets.push(offset) });
    const ahead = new Date(http.clock.now() + 120_000).toUTCString();
    const shop = await server((request) => ({
      headers: { date: ahead, ...(request.path === '/old' ? { age: '60' } : {}) },
    }));
    expect((await http.request({ url: shop.url })).clockOffsetMs).toBe(120_500);
    expect(await http.request({ url: `${shop.url}/old` })).not.toHaveProperty('clockOffsetMs');
    expect(offsets).toEqual([120_500]);
  });
});

describe('limits', () => {
  test('so many requests at once, whoever asks', async () => {
    let now = 0;
    let most = 0;
    const shop = await server(async () => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      now -= 1;
      return {};
    });
    const http = client({ concurrency: 2 });
    await Promise.all(Array.from({ length: 8 }, () => http.request({ url: shop.url })));
    expect(most).toBe(2);
  });

  test('so many requests in a stretch of time', async () => {
    const shop = await server();
    const http = client({ rate: { requests: 2, perMs: 1000 } });
    const began = http.clock.now();
    for (let i = 0; i < 5; i += 1) await http.request({ url: shop.url });
    expect(http.clock.now() - began).toBe(2000);
  });

  test('a time for the whole exchange', async () => {
    const shop = await server(() => ({ stream: (response) => void response.write('begun…') }));
    for (const fault of [[{ kind: 'hang' } as const], []].flat()) shop.fault(fault);
    const http = client({ retries: { attempts: 1, baseMs: 1, maxMs: 1, longestWaitMs: 1 } });
    for (let i = 0; i < 2; i += 1)
      expect(await failure(http.request({ url: shop.url, timeoutMs: 30 }))).toMatchObject({
        name: 'RetryableError',
        code: 'UNSILO_HTTP_TIMEOUT',
      });
  });

  test('a longest body, also of what a small one unpacks to', async () => {
    const shop = await server((request) =>
      request.path === '/bomb'
        ? { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5_000_000)) }
        : { body: Buffer.alloc(2000) },
    );
    const http = client({ maxBodyBytes: 1000 });
    for (const path of ['/', '/bomb'])
      expect(await failure(http.request({ url: shop.url + path }))).toMatchObject({
        name: 'TerminalError',
        code: 'UNSILO_HTTP_BODY_TOO_LARGE',
      });
    expect((await http.request({ url: `${shop.url}/`, maxBodyBytes: 2000 })).body).toHaveLength(2000);
  });

  test('a short answer in an unknown encoding fails, and nothing else does', async () => {
    const shop = await server(({ path }) =>
      path === '/' ? { headers: { 'content-encoding': 'zstd' }, body: 'x' } : { body: 'hello' },
    );
    const http = client();
    const unknown = { name: 'TerminalError', code: 'UNSILO_HTTP_ENCODING' };
    expect(await failure(http.request({ url: `${shop.url}/` }))).toMatchObject(unknown);
    expect(await failure(http.stream({ url: `${shop.url}/`, idleTimeoutMs: 1000 }))).toMatchObject(unknown);
    expect((await http.request({ url: `${shop.url}/plain` })).body.toString()).toBe('hello');
  });

  test('few encodings over each other: each takes memory before the first byte', async () => {
    const shop = await server(({ path }) => {
      const times = Number(path.slice(1));
      let body = Buffer.from('packed');
      for (let i = 0; i < times; i += 1) body = gzipSync(body);
      return { headers: { 'content-encoding': Array<string>(times).fill('gzip').join(', ') }, body };
    });
    const http = client();
    expect((await http.request({ url: `${shop.url}/3` })).body.toString()).toBe('packed');
    expect(await failure(http.request({ url: `${shop.url}/4` }))).toMatchObject({
      name: 'TerminalError',
      code: 'UNSILO_HTTP_ENCODING',
    });
  });

  test('aborting ends a request under way and one that waits', async () => {
    const shop = await server();
    shop.fault({ kind: 'hang', times: 2 });
    const http = client({ concurrency: 1 });
    const stop = new AbortController();
    const running = failure(http.request({ url: shop.url, signal: stop.signal }));
    const waiting = failure(http.request({ url: shop.url, signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect([(await running).message, (await waiting).message]).toEqual(['enough', 'enough']);
    const closing = failure(http.request({ url: shop.url }));
    await http.close();
    expect(await closing).toMatchObject({ code: 'UNSILO_HTTP_CLOSED' });
  });
});

describe('answers that are no success', () => {
  test.each([
    [401, 'PauseError', 'UNSILO_HTTP_UNAUTHORIZED'],
    [403, 'PauseError', 'UNSILO_HTTP_FORBIDDEN'],
    [404, 'TerminalError', 'UNSILO_HTTP_REFUSED'],
    [410, 'TerminalError', 'UNSILO_HTTP_REFUSED'],
    [422, 'TerminalError', 'UNSILO_HTTP_REFUSED'],
  ])('%d becomes a %s', async (status, name, code) => {
    const shop = await server(() => ({ status }));
    expect(await failure(client().request({ url: shop.url }))).toMatchObject({ name, code, status });
  });

  test('which statuses pause can be changed, and any can be asked for', async () => {
    const shop = await server((request) => ({ status: Number(request.path.slice(1)), body: 'why' }));
    const http = client({ pauseStatuses: [402] });
    expect(await failure(http.request({ url: `${shop.url}/402` }))).toMatchObject({ name: 'PauseError' });
    expect(await failure(http.request({ url: `${shop.url}/403` }))).toMatchObject({ name: 'TerminalError' });
    expect((await http.request({ url: `${shop.url}/412`, accept: [412] })).body.toString()).toBe('why');
    expect((await http.request({ url: `${shop.url}/503`, accept: [503] })).status).toBe(503);
  });
});

describe('redirects', () => {
  test('are followed and told; a POST becomes a GET, 308 keeps it', async () => {
    const shop = await server((request) => {
      const [, status] = request.path.split('/');
      return status === 'end'
        ? { body: `${request.method} ${request.body.toString()}` }
        : { status: Number(status), headers: { location: '../end' } };
    });
    const http = client();
    const post = (status: number) =>
      http.request({
        url: `${shop.url}/${status}/x`,
        method: 'POST',
        body: 'b',
        headers: { 'Content-Type': 'text/plain' },
      });
    expect((await post(302)).body.toString()).toBe('GET ');
    expect(shop.requests.at(-1)!.headers).not.toHaveProperty('content-type');
    const kept = await post(308);
    expect(kept.body.toString()).toBe('POST b');
    expect(kept).toMatchObject({ url: `${shop.url}/end`, redirects: [{ status: 308, url: `${shop.url}/end` }] });
  });

  test('nothing that could be a credential goes to another origin', async () => {
    const other = await server();
    const shop = await server(() => ({ status: 302, headers: { location: `${other.url}/` } }));
    await client().request({
      url: shop.url.replace('//', '//user:pass@'),
      headers: { 'X-Api-Key': 'k', Cookie: 'c', Accept: 'text/plain' },
    });
    expect(shop.requests[0]!.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('user:pass').toString('base64')}`,
      'x-api-key': 'k',
    });
    const sent = other.requests[0]!.headers;
    expect(sent).toMatchObject({ accept: 'text/plain' });
    for (const name of ['authorization', 'cookie', 'x-api-key']) expect(sent).not.toHaveProperty(name);
  });

  test('nor does a body', async () => {
    const other = await server();
    const shop = await server(() => ({ status: 307, headers: { location: `${other.url}/` } }));
    const error = await failure(client().request({ url: shop.url, method: 'POST', body: 'client_secret=x' }));
    expect(error).toMatchObject({ code: 'UNSILO_HTTP_BAD_REDIRECT' });
    expect(other.requests).toEqual([]);
  });

  test.each(['file:///etc/passwd', 'http://[', 'ftp://example.com/'])('to %s is refused', async (location) => {
    const shop = await server(() => ({ status: 301, headers: { location } }));
    expect(await failure(client().request({ url: shop.url }))).toMatchObject({ code: 'UNSILO_HTTP_BAD_REDIRECT' });
  });

  test('a circle ends', async () => {
    const shop = await server(() => ({ status: 301, headers: { location: '/' } }));
    expect(await failure(client({ maxRedirects: 3 }).request({ url: shop.url }))).toMatchObject({
      code: 'UNSILO_HTTP_TOO_MANY_REDIRECTS',
    });
    expect(shop.requests).toHaveLength(4);
  });
});

describe('secrets', () => {
  const secrets = ['s3cr3t/t0ken?', 'pa"ss'];
  test('never stand in errors or logs, however the server plays them back', async () => {
    const logged: string[] = [];
    const at = (fields: object, message: string) => void logged.push(JSON.stringify(fields) + message);
    const shop = await server();
    const http = client({ secrets, log: { debug: at, info: at, warn: at } });
    const url = `${shop.url.replace('//', '//user:s3cr3t%2Ft0ken%3F@')}/s3cr3t%2Ft0ken%3F/x?key=s3cr3t%2Ft0ken%3F#s3cr3t`;
    for (const fault of [
      { kind: 'status', status: 500 },
      { kind: 'status', status: 404, body: secrets[0]! },
      { kind: 'reset' },
    ] as const) {
      shop.fault({ ...fault, times: 9 });
      const error = (await failure(http.request({ url }))) as unknown as Error;
      logged.push(String(error), error.stack ?? '', JSON.stringify(error), String(error.cause));
      shop.clearFaults();
    }
    expect(logged.length).toBeGreaterThan(12);
    expect(logged.join('\n')).not.toMatch(/s3cr3t|t0ken|pa"ss/);
    expect(logged.join('\n')).toContain('key=…');
  });
});

describe('streams', () => {
  test('chunks come as they are sent, and leaving the loop closes the connection', async () => {
    let closed = false;
    const shop = await server(() => ({
      headers: { 'content-type': 'text/event-stream' },
      stream: (response) => {
        response.on('close', () => (closed = true));
        response.write('data: 1\n\n');
      },
    }));
    const stream = await client({ concurrency: 1 }).stream({ url: shop.url });
    for await (const chunk of stream.chunks) {
      expect(chunk.toString()).toBe('data: 1\n\n');
      break;
    }
    for (let i = 0; i < 500 && !closed; i += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(closed).toBe(true);
  });

  test('an open stream doesn’t take the place of requests', async () => {
    const shop = await server((request) =>
      request.path === '/s' ? { stream: (response) => void response.write('x') } : { body: 'y' },
    );
    const http = client({ concurrency: 1 });
    await http.stream({ url: `${shop.url}/s` });
    expect((await http.request({ url: shop.url })).body.toString()).toBe('y');
  });

  test('one that breaks before anybody reads it tells whoever reads it then', async () => {
    const shop = await server(({ path }) => (path === '/' ? { headers: { 'content-encoding': 'gzip' } } : {}));
    const http = client();
    const { chunks } = await http.stream({ url: `${shop.url}/`, idleTimeoutMs: 60_000 });
    // The stream has broken by the time that others are answered.
    for (let i = 0; i < 5; i += 1) await http.request({ url: `${shop.url}/other` });
    const reading = (async () => {
      for await (const chunk of chunks) throw new Error(`unexpected ${chunk.length}`);
    })();
    expect(await failure(reading)).toMatchObject({ name: 'RetryableError', code: 'UNSILO_HTTP_NETWORK' });
  });

  test('silence, breaks and refusals are errors of the usual kinds', async () => {
    const shop = await server((request) => ({
      stream: (response) => {
        response.write('x');
        if (request.path === '/break') setImmediate(() => response.destroy());
      },
    }));
    const http = client();
    const all = async (path: string, idleTimeoutMs?: number) => {
      const stream = await http.stream({
        url: shop.url + path,
        ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
      });
      for await (const chunk of stream.chunks) expect(chunk.toString()).toBe('x');
    };
    expect(await failure(all('/', 20))).toMatchObject({ code: 'UNSILO_HTTP_TIMEOUT' });
    expect(await failure(all('/break'))).toMatchObject({ code: 'UNSILO_HTTP_NETWORK' });
    shop.fault({ kind: 'status', status: 401 });
    expect(await failure(all('/'))).toMatchObject({ name: 'PauseError' });
  });
});
