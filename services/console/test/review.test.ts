import { Console, describeInBrowser, go } from './support/browser.js';

describeInBrowser('What waits for a steward', () => {
  test('a pair is shown with its evidence, and is gone once somebody has decided, with the reason', async () => {
    const bench = await Console.open();
    const { page } = await bench.logIn('#/decisions');
    await go(page, '#/decisions');
    const waiting = page.getByRole('region', { name: /Waiting for a decision/ });
    await waiting.getByText('A link joins 3 records and writes 2.').waitFor();
    await waiting.getByRole('button', { name: 'Why' }).click();
    await waiting.getByRole('table', { name: 'Evidence in bits' }).getByText('Any two records').waitFor();
    await waiting.getByRole('button', { name: 'Two' }).click();
    const dialog = page.getByRole('dialog', { name: 'They are two' });
    await dialog.getByLabel('Reason').fill('mother and daughter');
    await dialog.getByRole('button', { name: 'Keep apart' }).click();
    await dialog.waitFor({ state: 'detached' });
    await waiting.waitFor({ state: 'detached' });
    await page.getByText('mother and daughter').waitFor();
    await bench.close();
  });
});
