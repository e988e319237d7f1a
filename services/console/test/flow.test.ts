import type { Page } from 'playwright-core';
import { Console, describeInBrowser, go } from './support/browser.js';

describeInBrowser('Flow', () => {
  let bench: Console;
  let page: Page;
  beforeEach(async () => {
    bench = await Console.open({ limits: { heartbeatMs: 50 } });
    ({ page } = await bench.logIn());
    await page.getByText('Live', { exact: true }).waitFor();
  });
  afterEach(() => bench.close());

  const card = (name: string) => page.getByRole('article', { name });
  const lines = () => page.locator('.stream li');
  const signal = (message: string): void =>
    bench.hub.emit('unsilo.signals.v1', 'unsilo.signal.raised', 'hub', {
      name: 'note',
      message,
      at: '2026-03-02T09:00:00.000Z',
    });

  test('each system with its state, the reason, what to do, and its lag', async () => {
    const behind = await card('Spreadsheet export').innerText();
    expect(behind).toContain('Behind');
    expect(behind).toContain('1,204');
    expect(behind).toContain('oldest 5.2 s');
    expect(behind).toContain('it catches up by itself');
    const paused = await card('Press feeds').innerText();
    expect(paused).toContain('Paused');
    expect(paused).toContain('answers 401');
    expect(paused).toContain('Enter a new token');
  });

  test('what flowed before is there, and what flows now comes on top', async () => {
    await lines().first().waitFor();
    expect(await lines().count()).toBeGreaterThan(5);
    bench.hub.emit('unsilo.outcomes.v1', 'unsilo.outcome.reported', 'command-9', {
      command: 'command-9',
      system: 'crm-emea',
      status: 'rejected',
      reportedAt: '2026-03-02T09:00:00.000Z',
      error: { code: 'UNSILO_SYSTEM_REFUSED', message: 'The phone number is too long.' },
    });
    const first = lines().first();
    await first.getByText('The phone number is too long.').waitFor();
    expect(await first.innerText()).toMatch(/SuiteCRM Europe[^]*Refused/);
  });

  test('hostile text stays text', async () => {
    signal('<img src=x onerror=alert(1)>');
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await page.locator('img').count()).toBe(0);
  });

  test('a list that is held stands still, and goes on where it is', async () => {
    await page.getByRole('button', { name: 'Hold the list' }).click();
    signal('while held');
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByText('while held').count()).toBe(0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('while held').waitFor();
  });

  test('one system alone, by its card; the address can be kept', async () => {
    await card('Mastodon @support').getByRole('link').click();
    expect(page.url()).toContain('system=mastodon');
    await page.getByRole('heading', { name: 'Now, Mastodon @support' }).waitFor();
    for (const text of await lines().allInnerTexts()) expect(text).toContain('Mastodon');
    await page.getByRole('link', { name: 'Show all systems' }).click();
    await page.getByRole('heading', { name: 'Now', exact: true }).waitFor();
  });

  test('an event leads to what became of it, and back with Escape', async () => {
    const explain = lines()
      .first()
      .getByRole('link', { name: /^Explain/ });
    await explain.focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'What became of it' });
    await sheet.getByText('Kept in the log').waitFor();
    expect(page.url()).toContain('event=');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('event=');
    expect(await explain.evaluate((element) => element.matches(':focus'))).toBe(true);
  });

  test('a write leads to why it was made and how it ended', async () => {
    const actor = { tenant: 'acme', name: 'Marta', roles: ['admin'] as const };
    const { id } = await bench.hub.reply(actor, 'mastodon/status/111', { text: 'We are on it.' });
    bench.hub.settle(id, 'rejected', 'The post was deleted.');
    const outcome = lines().filter({ hasText: 'Refused' });
    await outcome.getByRole('link', { name: /^Explain/ }).click();
    const sheet = page.getByRole('dialog', { name: 'What became of it' });
    await sheet.getByText('We are on it.').waitFor();
    await sheet.getByText('The post was deleted.').first().waitFor();
    expect(await sheet.getByRole('alert').count()).toBe(0);
  });

  test('an event leads to its customer', async () => {
    await lines().filter({ hasText: 'Ada Lovelace' }).first().getByRole('link', { name: 'Customer' }).click();
    await page.getByRole('heading', { name: 'Augusta Ada Lovelace', level: 1 }).waitFor();
    expect(page.url()).toContain('#/customers/cus-1');
  });

  test('a link that is pressed while the list grows is followed', async () => {
    const link = lines().filter({ hasText: 'Ada Lovelace' }).first().getByRole('link', { name: 'Customer' });
    await link.hover();
    await page.mouse.down();
    signal('while pressed');
    // It must not come up; where it does, that is soon.
    await page
      .getByText('while pressed')
      .waitFor({ timeout: 1500 })
      .catch(() => undefined);
    await page.mouse.up();
    await page.getByRole('heading', { name: 'Augusta Ada Lovelace', level: 1 }).waitFor();
    await go(page, '#/flow');
    await page.getByText('while pressed').waitFor();
  });

  test('pause with a reason and resume, with the keyboard', async () => {
    await page.getByRole('button', { name: 'Pause SuiteCRM Europe' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Pause SuiteCRM Europe' });
    expect(await dialog.getByRole('button', { name: 'Pause' }).isDisabled()).toBe(true);
    await dialog.getByLabel('Why?').focus();
    await page.keyboard.type('Maintenance until noon.');
    await page.keyboard.press('Enter');
    await card('SuiteCRM Europe').getByText('Maintenance until noon.').waitFor();
    expect(bench.hub.systemList.find(({ system }) => system === 'crm-emea')?.state).toBe('paused');
    await page.getByRole('button', { name: 'Resume SuiteCRM Europe' }).focus();
    await page.keyboard.press('Enter');
    await card('SuiteCRM Europe').getByText('Running').waitFor();
    expect(bench.hub.systemList.find(({ system }) => system === 'crm-emea')?.state).toBe('running');
  });

  test('a refusal stays in the dialog with its reason', async () => {
    await page.getByRole('button', { name: 'Pause SuiteCRM Europe' }).click();
    await page.getByLabel('Why?').fill('Maintenance.');
    await page.route('**/pause', (route) =>
      route.fulfill({
        status: 409,
        contentType: 'application/problem+json',
        body: JSON.stringify({
          title: 'Not now',
          detail: 'It is being read.',
          hint: 'Wait a minute.',
          code: 'UNSILO_X',
          status: 409,
          requestId: 'r1',
        }),
      }),
    );
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click();
    const alert = page.getByRole('dialog').getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/Not now[^]*It is being read\.[^]*Wait a minute\.[^]*UNSILO_X, request r1/);
  });

  test('a stream that breaks is resumed without a gap', async () => {
    signal('before');
    await page.getByText('before', { exact: true }).waitFor();
    await page.route('**/v1/live*', (route) => route.abort());
    await bench.dropStreams();
    await page.getByText('Connection lost, trying again').waitFor();
    signal('in between');
    await page.unroute('**/v1/live*');
    await page.getByText('in between').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    expect(await page.getByText('before', { exact: true }).count()).toBe(1);
  });

  test('a view that failed meanwhile is there again with the stream', async () => {
    await page.route('**/v1/**', (route) => route.abort());
    await bench.dropStreams();
    await go(page, '#/customers');
    await page.getByText('The server cannot be reached').waitFor();
    await page.unroute('**/v1/**');
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor();
    expect(await page.getByText('The server cannot be reached').count()).toBe(0);
  });

  test('where no stream gets through, what flows is asked for, until one does', async () => {
    await page.route('**/v1/live*', (route) => route.abort());
    await bench.dropStreams();
    await page.getByText('No stream gets through: asking now and then').waitFor();
    signal('asked for');
    await page.getByText('asked for').waitFor();
    await page.unroute('**/v1/live*');
    await page.getByText('Live', { exact: true }).waitFor();
    signal('streamed again');
    await page.getByText('streamed again').waitFor();
    expect(await page.getByText('asked for').count()).toBe(1);
  });

  test('a server that cannot be reached is said, and found again', async () => {
    await page.route('**/v1/systems', (route) => route.abort());
    await page.getByText('The server doesn’t answer').waitFor();
    await page.unroute('**/v1/systems');
    await page.getByText('The server doesn’t answer').waitFor({ state: 'detached' });
    await go(page, '#/customers');
    await page.getByRole('heading', { name: 'Customers', level: 1 }).waitFor();
  });
});
