import { join } from 'node:path';
import { demonstrationChecks, type Checked } from '../../src/demonstration/checks.js';
import { ANSWER, PEOPLE } from '../../src/demonstration/company.js';
import { UnsiloProcess } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { startTampering, type TamperingServer } from './tampering.js';

const STORY_LIMIT_MS = 300_000;

/** What is told otherwise, by whom, and the claim that must fall with it. */
const LIES: Record<string, { by: 'hub' | 'systems'; from: string | RegExp; to: string }> = {
  'one-customer': { by: 'hub', from: `mastodon/account/${PEOPLE.ines.account}`, to: 'mastodon/account/9' },
  provenance: { by: 'hub', from: 'Duarte Lima', to: 'Duarte' },
  'written-back': { by: 'systems', from: '14 Heron Row', to: '' },
  'phone-everywhere': { by: 'systems', from: '900241', to: '900214' },
  'phone-in-hub': { by: 'hub', from: `shop/contact/${PEOPLE.ines.shop}`, to: 'shop/contact/9' },
  'phone-no-loop': { by: 'hub', from: '"addresses":{', to: '"phones":{' },
  'complaint-on-timeline': { by: 'hub', from: 'rear light', to: 'bell' },
  answered: { by: 'systems', from: ANSWER.slice(0, 20), to: 'No answer' },
  'case-in-crm': { by: 'systems', from: `"contacts":"${PEOPLE.ines.crm}"`, to: '"contacts":""' },
  'joined-by-family': { by: 'hub', from: '"value":"Amira"', to: '"value":"Amara"' },
  'two-customers': { by: 'hub', from: '"sameCustomer":false', to: '"sameCustomer":true' },
  'crm-own-values': { by: 'systems', from: '"first_name":"Amara"', to: '"first_name":"Amira"' },
  'shop-own-values': { by: 'systems', from: '"first_name":"Amira"', to: '"first_name":"Amara"' },
  'consent-in-hub': { by: 'hub', from: '"status":"withdrawn"', to: '"status":"granted"' },
  'consent-everywhere': { by: 'systems', from: '"newsletter":"no"', to: '"newsletter":"yes"' },
  'consent-holds': { by: 'systems', from: PEOPLE.joost.laterTitle, to: 'Buyer' },
  audit: { by: 'hub', from: '"reason":"acknowledged"', to: '"reason":"unexplained"' },
};

/** Resolves when the process has said it; rejects when it ends before that. */
function told(main: UnsiloProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    main.child.stderr?.on('data', () => {
      if (main.stderr.includes(text)) resolve();
    });
    void main.ended.then((code) => reject(new Error(`It ended with ${code}: ${main.stderr}`)));
  });
}

describe('the demonstration, as a process of its own', () => {
  const cwd = temporaryFolder();
  let main: UnsiloProcess;
  let place: { url: string; key: string; window: string };
  let hub: TamperingServer;
  let systems: TamperingServer;
  let checked: Checked[];

  beforeAll(async () => {
    main = new UnsiloProcess(
      ['start', '--demonstration', 'fast', '--port', '0', '--data', join(cwd, 'data'), '--json'],
      { cwd },
    );
    await told(main, 'The story took');
    const { url, adminKey, simulated } = JSON.parse(main.stdout) as Record<string, string>;
    place = { url: url!, key: adminKey!, window: simulated! };
    hub = await startTampering(place.url);
    systems = await startTampering(place.window);
    checked = await demonstrationChecks(place);
  }, STORY_LIMIT_MS);
  afterAll(async () => {
    await Promise.all([hub?.close(), systems?.close()]);
    await main.kill();
  });

  it('tells five chapters, and every claim that it makes comes true', () => {
    const told = [...main.stderr.matchAll(/^Chapter (\d) of 5: /gm)].map(([, number]) => Number(number));
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(main.stderr).not.toContain('✗');
    expect(main.stderr.match(/✓/g)).toHaveLength(checked.length);
  });

  it('holds in every claim, looked up over HTTP at the hub and at the simulated systems', () => {
    expect(checked.filter(({ holds }) => !holds)).toEqual([]);
    expect([...new Set(checked.map(({ chapter }) => chapter))].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('checks nothing that can not fail: each claim falls when it is lied about', async () => {
    expect(Object.keys(LIES).sort()).toEqual(checked.map(({ id }) => id).sort());
    for (const [id, { by, ...lie }] of Object.entries(LIES)) {
      const liar = by === 'hub' ? hub : systems;
      liar.tamper(lie);
      const found = await demonstrationChecks({ ...place, [by === 'hub' ? 'url' : 'window']: liar.url });
      const result = found.find((check) => check.id === id);
      expect({ id, lied: liar.changed() > 0, holds: result?.holds }).toEqual({ id, lied: true, holds: false });
    }
  }, 60_000);

  it('holds nowhere where nothing answers', async () => {
    const nobody = await demonstrationChecks({ ...place, url: 'http://127.0.0.1:9', window: 'http://127.0.0.1:9' });
    expect(nobody.some(({ holds }) => holds)).toBe(false);
  });

  it('says what is simulated', async () => {
    const response = await fetch(`${place.url}/v1/systems`, { headers: { authorization: `Bearer ${place.key}` } });
    const { items } = (await response.json()) as { items: { title: string; state: string }[] };
    expect(items).toHaveLength(4);
    for (const { title, state } of items) {
      expect(title).toMatch(/^Simulated /);
      expect(state).toBe('running');
    }
    const page = await (await fetch(`${place.window}/crm`)).text();
    expect(page).toContain('simulated');
    expect(page).toContain('Duarte Lima');
  });

  it('measures when the first event and the first merged customer were there', () => {
    expect(main.stderr).toMatch(
      /first event was there after \d+\.\d s, the first customer of several records after \d+\.\d s/,
    );
  });

  it('shows its chapters in the stream of events', async () => {
    const address = `${place.url}/v1/events?topic=unsilo.signals.v1&limit=100`;
    const response = await fetch(address, { headers: { authorization: `Bearer ${place.key}` } });
    const { items } = (await response.json()) as { items: { data: { name: string; message?: string } }[] };
    const chapters = items.filter(({ data }) => data.name === 'demonstration.chapter');
    expect(chapters).toHaveLength(5);
  });

  it('sets nothing aside, and warns of nothing', async () => {
    const response = await fetch(`${place.url}/v1/dead-letters`, { headers: { authorization: `Bearer ${place.key}` } });
    expect(await response.json()).toMatchObject({ items: [] });
    expect(main.stderr).not.toMatch(/"level":"(?:warn|error)"/);
  });

  it('stops cleanly on SIGTERM', async () => {
    main.child.kill('SIGTERM');
    await expect(main.ended).resolves.toBe(0);
    expect(main.stderr).toContain('Stopped.');
  });
});
