import type { Page } from 'playwright-core';
import { Console, describeInBrowser, go, violations } from './support/browser.js';

const PLACES = {
  flow: '#/flow',
  event: '#/flow?event=crm-emea%2Fcontact%2F42%4060',
  customers: '#/customers',
  'customers, none found': '#/customers?text=nobody-at-all',
  customer: '#/customers/cus-1',
  'explained value': '#/customers/cus-1?explain=name.given',
  'explained pair': '#/customers/cus-1?pair=mastodon%2Faccount%2F9017',
  'explained customer': '#/customers/cus-1?together=why',
  decisions: '#/decisions',
  'dead letters': '#/dead-letters',
  'dead letter': '#/dead-letters/letter-1',
  'unknown place': '#/nowhere',
  'unknown customer': '#/customers/nobody',
} as const;

describeInBrowser('axe finds nothing', () => {
  let bench: Console;
  beforeAll(async () => {
    bench = await Console.open();
    await bench.hub.decide(
      { tenant: 'acme', name: 'Marta', roles: ['admin'] },
      { kind: 'keep', ref: 'crm-emea/contact/42', attribute: 'name.given', value: 'Ada', reason: 'She says so.' },
    );
  });
  afterAll(() => bench.close());

  for (const colorScheme of ['light', 'dark'] as const) {
    describe(`in ${colorScheme}`, () => {
      let page: Page;
      let faults: string[];
      beforeAll(async () => {
        ({ page, faults } = await bench.logIn('#/flow', bench.admin, { colorScheme }));
      });

      test('the page about the interface for programs', async () => {
        const visit = await bench.visit({ colorScheme });
        await visit.page.goto(`${bench.url}/docs#UNSILO_KEY_MISSING`);
        expect(await violations(visit.page)).toEqual([]);
        expect(visit.faults).toEqual([]);
      });

      test('log in', async () => {
        const visit = await bench.visit({ colorScheme });
        await visit.page.goto(bench.url);
        await visit.page.getByRole('heading', { name: 'Log in to Unsilo' }).waitFor();
        expect(await violations(visit.page)).toEqual([]);
      });

      test.each(Object.entries(PLACES))('%s', async (_, place) => {
        await go(page, place);
        await page.getByRole('heading', { level: 1, includeHidden: true }).first().waitFor();
        await page.locator('.loading').first().waitFor({ state: 'detached' });
        expect(await violations(page)).toEqual([]);
        expect(faults).toEqual([]);
      });

      test('forms in dialogs', async () => {
        await go(page, '#/customers/cus-1');
        for (const name of ['Make a case', 'Unlink mastodon/account/9017', 'Same as…', 'Erase…']) {
          await page.getByRole('button', { name }).first().click();
          await page.getByRole('dialog').waitFor();
          expect(await violations(page)).toEqual([]);
          await page.keyboard.press('Escape');
        }
        await page.getByRole('button', { name: 'Reply' }).first().click();
        expect(await violations(page)).toEqual([]);
        await go(page, '#/flow');
        await page.getByRole('button', { name: 'Pause SuiteCRM Europe' }).click();
        await page.getByRole('dialog').waitFor();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press('Escape');
      });

      test('a sheet that is still coming in is judged by the colours that it will have', async () => {
        await page.emulateMedia({ reducedMotion: 'no-preference' });
        await go(page, '#/customers/cus-1');
        await page.evaluate(
          "document.styleSheets[0].insertRule('dialog.sheet { animation-duration: 60s !important }')",
        );
        await go(page, PLACES['explained pair']);
        await page.locator('dialog.sheet .pair').first().waitFor();
        expect(await violations(page)).toEqual([]);
      });

      test('on a narrow screen, which nothing overflows', async () => {
        await page.setViewportSize({ width: 390, height: 844 });
        for (const place of [
          '#/flow',
          '#/customers',
          '#/customers/cus-1',
          '#/customers/cus-1?together=why',
          '#/dead-letters',
          '#/dead-letters/letter-1',
        ]) {
          await go(page, place);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await page.locator('.loading').first().waitFor({ state: 'detached' });
          expect(await violations(page)).toEqual([]);
          expect({ place, width: await page.evaluate('document.documentElement.scrollWidth') }).toEqual({
            place,
            width: 390,
          });
        }
      });
    });
  }
});
