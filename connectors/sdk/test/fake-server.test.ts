import { startFakeServer } from '../src/testing.js';

test('a fake server listens where it is told to, and says so when the port is taken', async () => {
  const anywhere = await startFakeServer(() => ({ body: 'first' }));
  const port = Number(new URL(anywhere.url).port);
  await expect(startFakeServer(() => ({}), { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await anywhere.close();
  const there = await startFakeServer(() => ({ body: 'second' }), { port });
  expect(there.url).toBe(anywhere.url);
  expect(await (await fetch(there.url)).text()).toBe('second');
  await there.close();
});
