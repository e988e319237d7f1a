import type { Page } from 'playwright-core';
import { Console, describeInBrowser, go } from './support/browser.js';

describeInBrowser('Customers', () => {
  let bench: Console;
  let page: Page;
  beforeEach(async () => {
    bench = await Console.open();
    ({ page } = await bench.logIn('#/customers'));
  });
  afterEach(() => bench.close());

  const open = async (id = 'cus-1'): Promise<void> => {
    await go(page, `#/customers/${id}`);
    await page.getByRole('heading', { name: 'In each system' }).waitFor();
  };

  test('search by typing, page by page, and back', async () => {
    const search = page.getByRole('searchbox', { name: 'Search customers' });
    await search.fill('hopper');
    await page.getByRole('link', { name: 'Grace Hopper' }).waitFor();
    await page.getByRole('link', { name: 'Alan Turing' }).waitFor({ state: 'detached' });
    expect(page.url()).toContain('text=hopper');
    await search.fill('');
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor();
    await page.getByRole('link', { name: 'Next page' }).click();
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor({ state: 'detached' });
    await page.goBack();
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).waitFor();
  });

  test('a pause after a word takes nothing of what is typed', async () => {
    const search = page.getByRole('searchbox');
    await search.pressSequentially('grace ');
    await page.waitForURL(/text=grace$/);
    await page.getByRole('link', { name: 'Alan Turing' }).waitFor({ state: 'detached' });
    await search.pressSequentially('hopper');
    await page.waitForURL(/text=grace\+hopper$/);
    expect(await search.inputValue()).toBe('grace hopper');
  });

  test('who goes on while a search waits for the next letter is not called back', async () => {
    await page.getByRole('searchbox').fill('hopper');
    await go(page, '#/flow');
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    await page.waitForTimeout(400);
    expect(page.url()).toMatch(/#\/flow$/);
  });

  test('nobody found: says how to search', async () => {
    await page.getByRole('searchbox').fill('nobody at all');
    await page.getByText('Nobody found for “nobody at all”').waitFor();
    await page.getByText('Search for whole words').waitFor();
  });

  test('Ctrl K leads to the search from anywhere', async () => {
    await go(page, '#/flow');
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('searchbox').waitFor();
    await page.keyboard.type('hopper');
    await page.getByRole('link', { name: 'Grace Hopper' }).waitFor();
  });

  test('a person leads to the organization that it works for, and that to its people', async () => {
    await open();
    const employers = page.getByRole('region', { name: 'Works for' });
    await employers.getByRole('link', { name: 'Analytical Engines Ltd' }).click();
    await page.getByRole('heading', { name: 'Analytical Engines Ltd', level: 1 }).waitFor();
    const people = page.getByRole('region', { name: 'People' });
    await people.getByText('Head of Research').waitFor();
    await people.getByRole('link', { name: 'Augusta Ada Lovelace' }).click();
    await page.getByRole('heading', { name: 'Augusta Ada Lovelace', level: 1 }).waitFor();
    await employers.getByText('Analytical Engines Ltd').waitFor();
  });

  test('one customer: values, the records beside them, differences with their reasons, the timeline', async () => {
    await page.getByRole('link', { name: 'Augusta Ada Lovelace' }).click();
    await page.getByRole('heading', { name: 'Augusta Ada Lovelace', level: 1 }).waitFor();
    const row = page.getByRole('row', { name: /^Given name/ });
    expect(await row.getByRole('cell').allInnerTexts()).toEqual([
      'Augusta Ada',
      'Ada',
      'Augusta Ada',
      expect.stringMatching(/–/),
    ]);
    expect(await page.getByRole('row', { name: /^Surname/ }).innerText()).toContain('can’t be written there');
    await page.getByText('nobody picks up the phone').waitFor();
    expect(await page.locator('.timeline > li').count()).toBe(3);
    await page.getByText('3 ids').click();
    await page.getByText('cus-1-2').waitFor();
  });

  test('addresses that could run scripts never become links', async () => {
    await open();
    await page.getByText('javascript:alert(1)').first().waitFor();
    const addresses = await page
      .locator('a[href]')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
    expect(addresses.filter((address) => !/^(#\/|https?:\/\/)/.test(address) && address !== '#main')).toEqual([]);
    expect(await page.locator('b').count()).toBe(0);
  });

  test('an id that became part of another customer leads there', async () => {
    await go(page, '#/customers/cus-1-2');
    await page.getByRole('heading', { name: 'Augusta Ada Lovelace', level: 1 }).waitFor();
    await page.waitForURL(/#\/customers\/cus-1$/);
  });

  test('any value is explained: who said it, since when, and what it beat', async () => {
    await open();
    await page.getByRole('link', { name: 'Augusta Ada explain' }).focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'Given name' });
    await sheet.getByText('Others say').waitFor();
    const text = await sheet.innerText();
    expect(text).toMatch(/Stands\s+Augusta Ada\s+Spreadsheet export\s+row C-100042/);
    expect(text).toContain('recent');
    expect(text).toMatch(/Others say\s+Ada\s+SuiteCRM Europe\s+contact 42/);
    expect(page.url()).toContain('explain=name.given');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('one of several values is explained by its own address', async () => {
    await go(page, '#/customers/cus-1?explain=emails&element=ada.lovelace%40home.example');
    const sheet = page.getByRole('dialog', { name: 'E-mail' });
    await sheet.getByText('Nobody else says anything of it').waitFor();
    expect(await sheet.locator('.big').innerText()).toBe('ada.lovelace@home.example');
  });

  test('several values are explained one by one', async () => {
    await go(page, '#/customers/cus-1?explain=emails');
    const sheet = page.getByRole('dialog', { name: 'E-mail' });
    await sheet.locator('.big').nth(1).waitFor();
    expect(await sheet.locator('.big').allInnerTexts()).toEqual(
      expect.arrayContaining(['ada@analytical.example', 'ada.lovelace@home.example']),
    );
  });

  test('keep a value with a reason, and take it back', async () => {
    await go(page, '#/customers/cus-1?explain=name.given');
    await page.getByRole('button', { name: 'Keep this Ada', exact: true }).click();
    await page.getByLabel('Why? (optional)').fill('She says so herself.');
    await page.getByRole('dialog', { name: 'Keep “Ada”' }).getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByText('Given name stays as it is now.').waitFor();
    await go(page, '#/decisions');
    await page.getByText('She says so herself.').waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Take back' }).click();
    await page.getByText('Kept, taken back').waitFor();
    await page.getByText(/, takes back what .* said on /).waitFor();
    // Once more would take back what was said before it.
    expect(await page.getByRole('main').getByRole('button', { name: 'Take back' }).count()).toBe(0);
  });

  test('unlink a record with the keyboard, see it apart, and undo', async () => {
    await open();
    await page.getByRole('button', { name: 'Unlink mastodon/account/9017' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'This is somebody else' });
    await dialog.getByLabel('Why? (optional)').focus();
    await page.keyboard.type('Namesakes.');
    await page.keyboard.press('Enter');
    await page.getByText('Every system gets its own values back').waitFor();
    await page.getByRole('button', { name: 'Unlink mastodon/account/9017' }).waitFor({ state: 'detached' });
    expect(await page.getByRole('columnheader').count()).toBe(4);
    await go(page, '#/records/mastodon/account/9017');
    await page.getByRole('heading', { name: 'Ada L.', level: 1 }).waitFor();
    const { items } = await bench.hub.decisions({ tenant: 'acme', name: 'x', roles: ['reader'] }, { limit: 10 });
    expect(items).toEqual([
      expect.objectContaining({
        kind: 'unlink',
        refs: ['export/row/C-100042', 'mastodon/account/9017'],
        reason: 'Namesakes.',
      }),
      expect.objectContaining({
        kind: 'unlink',
        refs: ['crm-emea/contact/42', 'mastodon/account/9017'],
        reason: 'Namesakes.',
      }),
    ]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('The decision is taken back.').first().waitFor();
  });

  test('why a record is here, before it is unlinked', async () => {
    await open();
    await page.getByRole('link', { name: 'Why here? mastodon/account/9017' }).click();
    const sheet = page.getByRole('dialog', { name: 'Why is it here?' });
    const row = sheet.getByRole('row', { name: /emails: are the same/ }).first();
    expect(await row.innerText()).toContain('+15.8');
    await sheet.getByRole('button', { name: 'It is somebody else…' }).click();
    await page.getByRole('dialog', { name: 'This is somebody else' }).waitFor();
  });

  test('why all records are one customer, what holds least, and who stayed outside', async () => {
    await open();
    await page.getByRole('link', { name: 'Why one customer?' }).focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'Why one customer?' });
    const joins = sheet.getByRole('region', { name: 'Joined in this order' });
    await joins.getByText('Holds least').waitFor();
    expect(await joins.getByRole('listitem').count()).toBe(3);
    expect(await joins.innerText()).toContain('1 of 3 pairs speaks against one party');
    await joins.getByText('In numbers').first().click();
    expect(await joins.getByRole('row', { name: /emails: are the same/ }).innerText()).toContain('+15.8');
    const near = sheet.getByRole('region', { name: 'Nearest outside' });
    expect(await near.innerText()).toMatch(/−3\.2 bits\.\s+A steward is asked/);
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
    expect(page.url()).not.toContain('together');
  });

  test('link two customers of one kind: no other is offered', async () => {
    await open('cus-3');
    await page.getByRole('button', { name: 'Same as…' }).click();
    await page.getByLabel('Search the other customer').fill('info@analytical.example');
    await page.getByText('Nobody else is found.').waitFor();
    await page.getByLabel('Search the other customer').fill('dijkstra');
    await page.getByRole('radio', { name: /Alan Dijkstra/ }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Link' }).click();
    await page.getByText('Linked with Alan Dijkstra.').waitFor();
    await page.getByText('R-10').first().waitFor();
  });

  test('erase a customer with the keyboard: only with a reason, and only when sure', async () => {
    await open('cus-2');
    await page.getByRole('button', { name: 'Erase…' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Erase this customer?' });
    const erase = dialog.getByRole('button', { name: 'Erase for good' });
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByRole('checkbox').check();
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByLabel('Why?').fill('  ');
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByLabel('Why?').focus();
    await page.keyboard.type('Asked for by letter of 3 May.');
    await page.keyboard.press('Enter');
    await page.getByText('This customer is forgotten.').waitFor();
    await page.getByRole('heading', { name: 'Customers', level: 1 }).waitFor();
    const { items } = await bench.hub.decisions({ tenant: 'acme', name: 'x', roles: ['reader'] }, { limit: 10 });
    expect(items).toEqual([
      expect.objectContaining({
        kind: 'erase',
        refs: ['crm-emea/account/7'],
        reason: 'Asked for by letter of 3 May.',
      }),
    ]);
    await go(page, '#/customers/cus-2');
    await page.getByText('This customer was forgotten').waitFor();
  });

  test('nobody is erased by leaving the dialog', async () => {
    await open('cus-2');
    await page.getByRole('button', { name: 'Erase…' }).click();
    await page.getByLabel('Why?').fill('A slip.');
    await page.getByRole('checkbox').check();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { items } = await bench.hub.decisions({ tenant: 'acme', name: 'x', roles: ['reader'] }, { limit: 10 });
    expect(items).toEqual([]);
  });

  test('a refusal is shown, and the dialog stays', async () => {
    await open('cus-2');
    await page.getByRole('button', { name: 'Erase…' }).click();
    await page.getByLabel('Why?').fill('Asked for.');
    await page.getByRole('checkbox').check();
    await page.route('**/v1/decisions', (route) => route.abort());
    await page.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByText('The server cannot be reached').first().waitFor();
    await page.getByRole('dialog', { name: 'Erase this customer?' }).waitFor();
  });

  test.each(['reader', 'agent', 'operator'] as const)('%s: no button to erase or to link', async (role) => {
    const { page: other } = await bench.logIn('#/customers/cus-2', bench.keys.make([role]));
    await other.getByRole('heading', { name: 'In each system' }).waitFor();
    expect(await other.getByRole('button', { name: /Erase|Same as/ }).count()).toBe(0);
  });

  test('what changes while somebody looks is seen', async () => {
    await open();
    await bench.hub.decide(
      { tenant: 'acme', name: 'x', roles: ['admin'] },
      { kind: 'unlink', refs: ['crm-emea/contact/42', 'mastodon/account/9017'] },
    );
    bench.hub.emit('unsilo.customers.v1', 'unsilo.customer.changed', 'cus-1', {
      id: 'cus-1',
      members: [],
      state: { kind: 'person' },
    });
    await page.getByRole('button', { name: 'Unlink mastodon/account/9017' }).waitFor({ state: 'detached' });
  });

  test('a customer that was forgotten, and one that never was', async () => {
    await bench.hub.decide(
      { tenant: 'acme', name: 'x', roles: ['admin'] },
      { kind: 'erase', refs: ['crm-emea/account/7'] },
    );
    await go(page, '#/customers/cus-2');
    await page.getByText('This customer was forgotten').waitFor();
    await go(page, '#/customers/nobody');
    await page.getByText('No customer ever had this id').waitFor();
  });
});

describeInBrowser('Answering', () => {
  let bench: Console;
  let page: Page;
  beforeEach(async () => {
    bench = await Console.open();
    ({ page } = await bench.logIn('#/customers/cus-1'));
    await page.getByText('nobody picks up the phone').waitFor();
  });
  afterEach(() => bench.close());

  const complaint = () => page.locator('.timeline > li', { hasText: 'nobody picks up the phone' });

  test('characters are counted as people count them, and too many cannot be sent', async () => {
    await complaint().getByRole('button', { name: 'Reply' }).click();
    const reply = page.getByLabel('Your reply');
    await reply.fill('😀'.repeat(500));
    await page.getByText('0 characters left').waitFor();
    await reply.fill('😀'.repeat(501));
    await page.getByText('1 characters too many').waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).isDisabled()).toBe(true);
  });

  test('with the keyboard: reply, see it being sent, then published', async () => {
    await complaint().getByRole('button', { name: 'Reply' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Your reply').waitFor();
    await page.keyboard.type('We are sorry. A colleague calls you today.');
    await page.keyboard.press('Control+Enter');
    await complaint().getByText('Being sent').waitFor();
    const command = bench.hub.lastCommand();
    expect(command).toMatchObject({ action: 'reply', inReplyTo: 'mastodon/status/111', visibility: 'public' });
    bench.hub.settle(command.id, 'applied');
    await complaint().getByText('Published').waitFor();
  });

  test('what is being written stays when the customer changes meanwhile', async () => {
    await complaint().getByRole('button', { name: 'Reply' }).click();
    await page.getByLabel('Your reply').fill('We are sorry. A colleague');
    await page.route('**/v1/customers/cus-1', async (route) => {
      const answer = await route.fetch();
      const whole = (await answer.json()) as { customer: { revision: number; changedAt: string } };
      whole.customer.revision += 1;
      whole.customer.changedAt = '2024-05-06T07:00:00.000Z';
      await route.fulfill({ response: answer, json: whole });
    });
    bench.hub.emit('unsilo.customers.v1', 'unsilo.customer.changed', 'cus-1', {
      id: 'cus-1',
      members: [],
      state: { kind: 'person' },
    });
    await page.getByText(/changed May \d, 2024/).waitFor();
    await page.waitForLoadState('networkidle');
    expect(await page.getByLabel('Your reply').inputValue()).toBe('We are sorry. A colleague');
  });

  test('what is being written outlasts going elsewhere and a session that ends, but no change of person', async () => {
    const keys = ['one', 'two', 'one'].map((name) => bench.keys.make(['agent'], { name }));
    const [mine = '', other = '', again = ''] = keys;
    const logInWith = async (key: string): Promise<void> => {
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Log in' }).click();
      await complaint().waitFor();
    };
    ({ page } = await bench.logIn('#/customers/cus-1', mine));
    await complaint().getByRole('button', { name: 'Reply' }).click();
    const reply = page.getByLabel('Your reply');
    await reply.fill('Precious words');
    await go(page, '#/flow');
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor();
    await page.goBack();
    await complaint().waitFor();
    expect(await reply.inputValue()).toBe('Precious words');
    bench.keys.revoke(mine);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Your session has ended').waitFor();
    await logInWith(again);
    expect(await reply.inputValue()).toBe('Precious words');
    bench.keys.revoke(again);
    await page.getByRole('button', { name: 'Send' }).click();
    await logInWith(other);
    expect(await reply.count()).toBe(0);
  });

  test('all of a long timeline can be seen', async () => {
    const entries = Array.from({ length: 451 }, (_, i) => ({
      type: 'interaction',
      at: '2024-05-06T07:00:00.000Z',
      interaction: { ref: `mastodon/status/old-${i}` },
      replies: [],
    }));
    await page.route('**/v1/customers/cus-1/timeline?*', async (route) => {
      const asked = new URL(route.request().url()).searchParams;
      const from = Number(asked.get('cursor') ?? 0);
      const to = from + Math.min(200, Number(asked.get('limit')));
      const items = entries.slice(from, to);
      await route.fulfill({ json: { items, ...(to < entries.length && { next: String(to) }) } });
    });
    await page.reload();
    const older = page.getByRole('button', { name: 'Show older' });
    const shown = page.locator('.timeline > li');
    for (const count of [20, 40, 80, 160, 320, 451]) {
      await shown.nth(count - 1).waitFor();
      expect(await shown.count()).toBe(count);
      if (count < entries.length) await older.click();
    }
    expect(await older.count()).toBe(0);
  });

  test('what happens is seen however much else goes on', async () => {
    let isOver = false;
    const busy = (async () => {
      for (let i = 0; !isOver; i += 1) {
        bench.hub.emit('unsilo.outcomes.v1', 'unsilo.outcome.reported', `other-${i}`, {
          command: `other-${i}`,
          system: 'crm-emea',
          status: 'applied',
          reportedAt: '2026-03-02T09:00:00.000Z',
        });
        await page.waitForTimeout(100);
      }
    })();
    try {
      const actor = { tenant: 'acme', name: 'Marta', roles: ['admin'] as const };
      await bench.hub.reply(actor, 'mastodon/status/111', { text: 'Somebody else answers.' });
      await complaint().getByText('Somebody else answers.').waitFor({ timeout: 5000 });
    } finally {
      isOver = true;
      await busy;
    }
  });

  test('a reply that is refused says why', async () => {
    await complaint().getByRole('button', { name: 'Reply' }).click();
    await page.getByLabel('Your reply').fill('Hello?');
    await page.getByRole('button', { name: 'Send' }).click();
    await complaint().getByText('Being sent').waitFor();
    bench.hub.settle(bench.hub.lastCommand().id, 'rejected', 'The post was deleted.');
    await complaint().getByText('The post was deleted.').waitFor();
    await complaint().getByText('Refused').waitFor();
  });

  test('a reply whose answer was lost is sent again once', async () => {
    await complaint().getByRole('button', { name: 'Reply' }).click();
    await page.getByLabel('Your reply').fill('Hello?');
    await page.route('**/replies', async (route) => {
      await route.fetch();
      await route.abort();
    });
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('The server cannot be reached').first().waitFor();
    await page.unroute('**/replies');
    await page.getByRole('button', { name: 'Send' }).click();
    await complaint().getByText('Being sent').first().waitFor();
    expect(await complaint().locator('.reply').count()).toBe(1);
  });

  test('make a case of a complaint, and see it made', async () => {
    await complaint().getByRole('button', { name: 'Make a case' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a case' });
    expect(await dialog.getByLabel('Description').inputValue()).toContain('https://social.example/@ada/111');
    await dialog.getByLabel('Title').fill('Grinding noise');
    await dialog.getByLabel('Priority').selectOption('High');
    await dialog.getByRole('button', { name: 'Make the case' }).click();
    await page.getByText('The case is on its way.').waitFor();
    const command = bench.hub.lastCommand();
    expect(command).toMatchObject({
      action: 'create-object',
      system: 'crm-emea',
      object: { name: 'Grinding noise', priority: 'High', interaction: 'mastodon/status/111' },
    });
    bench.hub.settle(command.id, 'applied');
    await page.getByText('SuiteCRM Europe has made the case.').waitFor();
    await page.locator('.timeline > li', { hasText: 'Grinding noise' }).getByText('New').waitFor();
  });
});
