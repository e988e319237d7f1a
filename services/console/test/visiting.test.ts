import { Console, describeInBrowser, go, violations } from './support/browser.js';

const KILOBYTE = 1024;

describeInBrowser('Coming in', () => {
  let bench: Console;
  beforeAll(async () => {
    bench = await Console.open();
  });
  afterAll(() => bench.close());

  test('the script is under 120 KB gzipped', () => {
    const scripts = bench.built.files.filter(({ name }) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.reduce((sum, { gzipped }) => sum + gzipped, 0)).toBeLessThan(120 * KILOBYTE);
  });

  test('nothing is loaded from elsewhere', async () => {
    const { page } = await bench.visit();
    const addresses: string[] = [];
    page.on('request', (request) => addresses.push(request.url()));
    await page.goto(`${bench.url}/#key=${bench.admin}`);
    await page.getByRole('article', { name: 'SuiteCRM Europe' }).waitFor();
    expect(addresses.length).toBeGreaterThan(4);
    expect(addresses.filter((address) => !address.startsWith(bench.url))).toEqual([]);
  });

  test('with the keyboard: type the key, enter, and the flow is there', async () => {
    const { page, faults } = await bench.visit();
    await page.goto(bench.url);
    await page.getByLabel('API key').waitFor();
    await page.keyboard.type(bench.admin);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a wrong key is refused with what to do, and nothing else is shown', async () => {
    const { page } = await bench.visit();
    await page.goto(bench.url);
    await page.getByLabel('API key').fill('unsilo_wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/not valid[^]*administrator/);
    expect(await page.getByRole('navigation').count()).toBe(0);
  });

  test('a key in the address is taken out of it at once, and not kept where scripts can read it', async () => {
    const { page } = await bench.logIn();
    expect(page.url()).toBe(`${bench.url}/#/flow`);
    await page.reload();
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    const readable = (await page.evaluate(
      'JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie',
    )) as string;
    expect(readable).not.toContain('unsilo_');
    await page.goBack();
    expect(page.url()).not.toContain('key=');
  });

  test('logging out ends it', async () => {
    const { page } = await bench.logIn();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Unsilo' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Log in to Unsilo' }).waitFor();
  });

  test('where the server cannot be asked who is here, nobody is asked to log in, and it is asked again', async () => {
    const { page } = await bench.logIn('#/customers');
    await page.route('**/v1/session', (route) =>
      route.fulfill({ status: 503, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
    );
    await page.reload();
    await page.getByText('The server answered in a way this page doesn’t understand').waitFor();
    expect(await page.getByText('HTTP 503').count()).toBe(1);
    expect(await page.getByLabel('API key').count()).toBe(0);
    expect(await violations(page)).toEqual([]);
    await page.unroute('**/v1/session');
    await page.getByRole('heading', { name: 'Customers', level: 1 }).waitFor();
  });

  test('logging out that fails is said, and nobody is logged out', async () => {
    const { page, faults } = await bench.logIn('#/customers');
    await page.route('**/v1/session', (route) => route.abort());
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are still logged in: The server cannot be reached').waitFor();
    expect(faults).toEqual([]);
    await page.unroute('**/v1/session');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Unsilo' }).waitFor();
  });

  test.each([
    ['a page of somebody else', { status: 200, contentType: 'text/html', body: '<html>Sign in to this network' }],
    ['nothing', { status: 502, contentType: 'application/json', body: 'null' }],
    ['something else', { status: 502, contentType: 'application/json', body: '{"error":"bad gateway"}' }],
  ])('who answers with %s is not taken for a mistake of this page', async (_, answer) => {
    const { page, faults } = await bench.logIn('#/flow');
    await page.route('**/v1/customers?*', (route) => route.fulfill(answer));
    await go(page, '#/customers');
    await page.getByText('The server answered in a way this page doesn’t understand').waitFor();
    await page.unroute('**/v1/customers?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor();
    expect(faults).toEqual([]);
  });

  test('a server that leaves a question unanswered is not waited for without an end', async () => {
    const { page } = await bench.visit();
    await page.clock.install();
    await page.goto(`${bench.url}/#key=${bench.admin}`);
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    await page.route('**/v1/customers?*', () => undefined);
    await go(page, '#/customers');
    await page.getByText('Loading…').waitFor();
    await page.clock.fastForward(61_000);
    await page.getByText('The server doesn’t answer', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  });

  test('an answer that stops in the middle is not waited for without an end', async () => {
    const { page } = await bench.visit();
    await page.clock.install();
    await page.goto(`${bench.url}/#key=${bench.admin}`);
    await page.getByRole('navigation', { name: 'Views' }).waitFor();
    await page.evaluate(`{
      const whole = window.fetch;
      window.fetch = (address, init) => {
        if (!String(address).startsWith('/v1/customers?')) return whole(address, init);
        const start = (body) => init.signal.addEventListener('abort', () => body.error(init.signal.reason));
        return Promise.resolve(new Response(new ReadableStream({ start })));
      };
    }`);
    await go(page, '#/customers');
    await page.getByText('Loading…').waitFor();
    await page.clock.fastForward(61_000);
    await page.getByText('The server doesn’t answer', { exact: true }).waitFor();
  });

  test('a link whose key was cut in the middle leads to the form and not to an empty page', async () => {
    const { page, faults } = await bench.visit();
    await page.goto(`${bench.url}/#key=unsilo_%E2%82`);
    await page.getByRole('heading', { name: 'Log in to Unsilo' }).waitFor();
    expect(page.url()).not.toContain('unsilo_');
    expect(faults).toEqual([]);
  });

  test('a key that is revoked while somebody works leads to the form, which says why', async () => {
    const key = bench.keys.make(['operator']);
    const { page } = await bench.logIn('#/customers', key);
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor();
    bench.keys.revoke(key);
    await go(page, '#/decisions');
    await page.getByText('Your session has ended').waitFor();
  });

  test('who may only read sees no buttons that change anything', async () => {
    const { page } = await bench.logIn('#/flow', bench.keys.make(['reader']));
    await page.getByRole('article', { name: 'SuiteCRM Europe' }).waitFor();
    expect(await page.getByRole('button', { name: /Pause|Resume/ }).count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Dead letters' }).count()).toBe(0);
    await go(page, '#/customers/cus-1');
    await page.getByText('grinding noise').first().waitFor();
    expect(await page.getByRole('button', { name: /Unlink|Same as|Reply|Make a case/ }).count()).toBe(0);
  });

  test('the colours follow the choice, which is kept', async () => {
    const { page } = await bench.logIn('#/flow', bench.admin, { colorScheme: 'light' });
    const ground = (): Promise<unknown> => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const light = await ground();
    await page.getByRole('radio', { name: 'Dark' }).check();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    expect(await ground()).toBe(dark);
  });

  test('the first stop of the keyboard skips the navigation', async () => {
    const { page } = await bench.logIn();
    await page.reload();
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toContain('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.locator(':focus').getAttribute('id')).toBe('main');
  });

  test('an unknown address says where to go', async () => {
    const { page } = await bench.logIn('#/nowhere');
    await page.getByText('This address leads nowhere').waitFor();
    await page.getByRole('main').getByRole('link', { name: 'flow' }).click();
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
  });
});
