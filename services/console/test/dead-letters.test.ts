import type { Page } from 'playwright-core';
import { Console, describeInBrowser, go } from './support/browser.js';

describeInBrowser('Dead letters', () => {
  let bench: Console;
  let page: Page;
  beforeEach(async () => {
    bench = await Console.open();
    ({ page } = await bench.logIn('#/dead-letters'));
    await page.getByRole('heading', { name: 'Dead letters' }).waitFor();
  });
  afterEach(() => bench.close());

  test('the list says what is wrong and where it stood, by state and by code', async () => {
    const first = page.locator('.letters > li').first();
    await first.waitFor();
    expect(await first.innerText()).toMatch(/birthDate[^]*unsilo\.parties\.v1, partition 0, offset 812/);
    await page.getByRole('link', { name: 'UNSILO_CSV_ROW' }).click();
    await page.getByText('Only').waitFor();
    // The list is being read again; one letter of the code is left of it.
    await page.locator('.letters > li').nth(1).waitFor({ state: 'detached' });
    expect(await first.innerText()).toMatch(/in\/customers-march\.csv, line 1044[^]*Spreadsheet export/);
    expect(await page.locator('.letters > li').count()).toBe(1);
    await page.getByRole('link', { name: 'Show all' }).click();
    await page.getByRole('link', { name: 'Discarded' }).click();
    await page.getByText('The entry has no id and no link').waitFor();
    await page.getByRole('link', { name: 'Replayed' }).click();
    await page.getByText('Nothing was replayed').waitFor();
  });

  test('mend it: try, correct, try again, replay, with the keyboard', async () => {
    await page.getByRole('link', { name: /birthDate/ }).focus();
    await page.keyboard.press('Enter');
    const input = page.getByLabel('The input');
    await input.waitFor();
    await page.getByRole('button', { name: 'Try without replaying' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('It can’t be used as it stands').waitFor();
    await page.locator('.note.bad code', { hasText: '/data/state/birthDate' }).waitFor();
    const text = await input.inputValue();
    await input.fill(text.replace('1985-02-30', '1985-02-28'));
    await page.getByText('It can’t be used as it stands').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Try without replaying' }).click();
    await page.getByText('It would be taken').waitFor();
    expect(bench.hub.letters[0]?.state).toBe('open');
    await page.getByRole('button', { name: 'Replay', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('It was replayed').waitFor();
    expect(bench.hub.letters[0]?.state).toBe('replayed');
    await page.getByRole('button', { name: 'Replay', exact: true }).waitFor({ state: 'detached' });
  });

  test('what a connector could not read says where it is mended, and offers no replay', async () => {
    await go(page, '#/dead-letters/letter-2');
    await page.getByText('Mend the file and drop it again.').waitFor();
    expect(await page.getByRole('button', { name: 'Replay', exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Discard…' }).waitFor();
  });

  test('back to how it came', async () => {
    await go(page, '#/dead-letters/letter-2');
    const input = page.getByLabel('The input');
    const original = await input.inputValue();
    await input.fill('something else');
    await page.getByRole('button', { name: 'Back to how it came' }).click();
    expect(await input.inputValue()).toBe(original);
  });

  test('discard with a reason', async () => {
    await go(page, '#/dead-letters/letter-2');
    await page.getByRole('button', { name: 'Discard…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Discard this input' });
    expect(await dialog.getByRole('button', { name: 'Discard', exact: true }).isDisabled()).toBe(true);
    await dialog.getByLabel('Why?').fill('A test row.');
    await dialog.getByRole('button', { name: 'Discard', exact: true }).click();
    await page.getByText('A test row.').waitFor();
    expect(bench.hub.letters[1]).toMatchObject({ state: 'discarded', stateReason: 'A test row.' });
  });

  test('one that does not exist says so', async () => {
    await go(page, '#/dead-letters/none');
    await page.getByText('There is no such dead letter').waitFor();
  });
});
