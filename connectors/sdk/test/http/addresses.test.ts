import type { lookup } from 'node:dns';
import { addressPolicy, createHttpClient, guardedLookup } from '../../src/index.js';
import { startFakeServer } from '../../src/testing.js';

const inner = ['127.0.0.1', '::1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.64.0.1', 'fd12::1', '::ffff:10.0.0.1'];
const metadata = [
  '169.254.169.254',
  'fe80::1',
  '168.63.129.16',
  'fd00:ec2::254',
  '100.100.100.200',
  '::ffff:169.254.169.254',
];
const neverUnicast = [
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  'ff02::1',
  '192.0.2.1',
  '2001:db8::1',
  '240.0.0.1',
];
const disguised = ['64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '2002:7f00:1::', '2002:a9fe:a9fe::1'];
/** IPv4 in a form of IPv6 that has had no meaning since 2006, and what was never given to anybody. */
const outsideGlobal = ['::7f00:1', '::a9fe:a9fe', '1::1', '4000::1'];
const open = ['8.8.8.8', '1.1.1.1', '2606:4700::1111', '64:ff9b::808:808'];

test.each([...inner, ...metadata, ...neverUnicast, ...disguised, ...outsideGlobal, 'not an address', ''])(
  '%s is refused',
  (address) => {
    expect(addressPolicy(false)(address)).toBe(false);
  },
);

test.each(open)('%s is public', (address) => expect(addressPolicy(false)(address)).toBe(true));

test('allowing private addresses opens private ones and loopback, never metadata', () => {
  const permits = addressPolicy(true);
  expect(inner.filter((address) => !permits(address))).toEqual([]);
  expect([...metadata, ...neverUnicast].filter(permits)).toEqual([]);
});

test('single blocks can be opened, others stay shut', () => {
  const permits = addressPolicy(['10.1.0.0/16', '169.254.169.254', 'fd12::/16']);
  expect(['10.1.9.9', '169.254.169.254', 'fd12::7', '8.8.8.8'].every(permits)).toBe(true);
  expect(['10.2.0.1', '127.0.0.1', '169.254.0.1'].some(permits)).toBe(false);
  expect(() => addressPolicy(['10.1/99'])).toThrow(expect.objectContaining({ code: 'UNSILO_HTTP_BAD_NETWORK' }));
});

describe('at connect time', () => {
  const failure = (url: string, allowPrivateAddresses: boolean | string[] = false) => {
    const http = createHttpClient({
      system: 'x',
      allowPrivateAddresses,
      retries: { attempts: 1, baseMs: 1, maxMs: 1, longestWaitMs: 1 },
    });
    return http
      .request({ url, timeoutMs: 2000 })
      .then(
        () => 'connected',
        (error: { code: string }) => error.code,
      )
      .finally(() => http.close());
  };

  test.each(['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]', '127.1'])(
    'http://%s is refused however it is written',
    async (host) => {
      const server = await startFakeServer(() => ({}));
      expect(await failure(server.url.replace('127.0.0.1', host))).toBe('UNSILO_HTTP_ADDRESS_REFUSED');
      expect(server.requests).toEqual([]);
      await server.close();
    },
  );

  test('a redirect inward is refused as well', async () => {
    const inside = await startFakeServer(() => ({ body: 'inside' }));
    const outside = await startFakeServer(() => ({
      status: 302,
      headers: { location: inside.url.replace('127.0.0.1', '127.0.0.2') },
    }));
    expect(await failure(outside.url, ['127.0.0.1'])).toBe('UNSILO_HTTP_ADDRESS_REFUSED');
    expect(inside.requests).toEqual([]);
    await inside.close();
    await outside.close();
  });
});

describe('the guarded lookup', () => {
  const answering = (...addresses: string[]) =>
    ((_: string, __: unknown, callback: (error: null, found: object[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof lookup;
  const ask = (found: typeof lookup, all: boolean) =>
    new Promise((resolve) =>
      guardedLookup(addressPolicy(false), found)('name', { all }, (error, address) => resolve(error ?? address)),
    );

  test('answers only permitted addresses, so that what was checked is what is connected to', async () => {
    expect(await ask(answering('10.0.0.1', '8.8.8.8'), true)).toEqual([{ address: '8.8.8.8', family: 4 }]);
    expect(await ask(answering('10.0.0.1', '8.8.8.8'), false)).toBe('8.8.8.8');
  });

  test('a name with none is refused', async () => {
    expect(await ask(answering('10.0.0.1', '::1'), true)).toMatchObject({ code: 'UNSILO_HTTP_ADDRESS_REFUSED' });
    expect(await ask(answering(), true)).toMatchObject({ code: 'UNSILO_HTTP_ADDRESS_REFUSED' });
  });

  test('failures of the lookup are passed on', async () => {
    const failing = ((_: string, __: unknown, callback: (error: Error) => void) =>
      callback(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))) as unknown as typeof lookup;
    expect(await ask(failing, true)).toMatchObject({ code: 'ENOTFOUND' });
  });
});
