import { emptyConfiguration, policyOf } from '../../src/configuration/configuration.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { unsilo, type Ran } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { Rolodex } from '../support/rolodex.js';
import { eventually } from '../support/waiting.js';

/** A system that may be written by the policy but has no way to be, and one that may not be written. */
describe('unsilo audit', () => {
  const folder = temporaryFolder();
  let running: RunningUnsilo;
  const audit = (...args: string[]): Promise<Ran> => unsilo(['audit', ...args], { env: { UNSILO_DATA: folder } });

  beforeAll(async () => {
    const crm = new Rolodex('crm');
    const shop = new Rolodex('shop');
    const club = new Rolodex('club');
    crm.write({ id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org' });
    shop.write({ id: '2', version: 1, name: 'A. Lovelace', email: 'ada@example.org' });
    club.write({ id: '3', version: 1, name: 'Ada King', email: 'ada@example.org' });
    const empty = emptyConfiguration(folder);
    running = await startUnsilo(
      {
        ...empty,
        dataFolder: folder,
        http: { ...empty.http, port: 0 },
        systems: [crm.configured, shop.configured, club.configured],
        policy: policyOf({
          survivorship: { '*': 'source-rank' },
          systems: [
            { name: 'crm', connector: 'rolodex', policy: { rank: 1 } },
            { name: 'shop', connector: 'rolodex', policy: { write: { card: { fields: ['name.full'] } } } },
          ],
        }),
      },
      { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
    );
    await eventually(async () => ((await audit()).stdout.includes('rejected') ? true : undefined));
  });
  afterAll(() => running.stop());

  it('names what differs and why, and exits with 3 while something is open', async () => {
    const { code, stdout, stderr } = await audit();
    expect(stdout).toMatch(/^\S+ shop\/card\/2 name\.full: rejected$/m);
    expect(stdout).not.toContain('club');
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'Differences: 1 rejected.\n' });
  });

  it('does not count what may not be written, and lists it with --all', async () => {
    expect(await audit('--system', 'club')).toEqual({ code: 0, stdout: '', stderr: 'No differences.\n' });
    const { code, stdout } = await audit('--system', 'club', '--all', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ref: 'club/card/3', attribute: 'name.full', reason: 'not-writable' });
    expect(code).toBe(0);
  });
});
