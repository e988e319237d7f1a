import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConfiguration } from '../../src/configuration/load.js';
import { createLogger } from '../../src/running/logger.js';
import { startUnsilo, type RunningUnsilo } from '../../src/running/start.js';
import { unsilo, type Ran } from '../support/command-line.js';
import { filledUnsilo, someEvents } from '../support/filled-hub.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

describe('unsilo erase', () => {
  const folder = temporaryFolder();
  let running: RunningUnsilo;
  let url = '';
  const ask = (...args: string[]): Promise<Ran> => unsilo(args, { env: { UNSILO_DATA: folder } });

  beforeAll(async () => {
    ({ unsilo: running } = await filledUnsilo(folder, someEvents()));
    ({ url } = running);
  });
  afterAll(() => running.stop());

  it('says what would be forgotten, and where, and forgets nothing', async () => {
    const { code, stdout } = await ask('erase', 'crm/contact/1', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S+ with all its records$/m);
    expect(stdout).toMatch(/^crm\/contact\/1 +still there$/m);
    expect(stdout).toMatch(/^shop\/row\/7 +still there$/m);
    expect(stdout).toMatch(/^crm\/case +1 +0$/m);
    expect(stdout).toMatch(/^shop\/post +1 +0$/m);
    expect((await ask('customers', 'show', 'crm/contact/1')).code).toBe(0);
  });

  it('says so of one record alone: what hangs on the others stays', async () => {
    const { stdout } = await ask('erase', 'shop/row/7', '--dry-run', '--only-record', '--json');
    expect(JSON.parse(stdout)).toEqual({
      customer: expect.any(String),
      whole: false,
      records: [{ ref: 'shop/row/7', system: 'shop', deleted: false }],
      entries: [{ system: 'shop', kind: 'post', erased: 1, untied: 0 }],
    });
  });

  it('is refused to a key that may only read', async () => {
    const made = await ask('keys', 'add', 'viewer', '--role', 'reader', '--json');
    const { key } = JSON.parse(made.stdout) as { key: string };
    const env = { UNSILO_URL: url, UNSILO_KEY: key };
    const refused = await unsilo(['erase', 'crm/contact/1', '--reason', 'x', '--yes'], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('UNSILO_ROLE_MISSING') });
    expect((await unsilo(['erase', 'crm/contact/1', '--dry-run'], { env })).code).toBe(0);
  });

  it('forgets one record, and the customer goes on without it', async () => {
    const why = ['--reason', 'request 16', '--yes', '--json'];
    const { code, stdout, stderr } = await ask('erase', 'shop/row/7', '--only-record', ...why);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ whole: false, author: expect.any(String), unconfirmed: [] });
    const left = await ask('export', 'person', 'crm/contact/1');
    expect(left.stdout).toContain('Ada Lovelace');
    expect(left.stdout).not.toContain('A. Lovelace');
    expect(left.stdout).not.toContain('Where is my parcel?');
  });

  it('forgets a customer, names the author, and the id resolves to nothing', async () => {
    const { customer } = JSON.parse((await ask('erase', 'crm/contact/1', '--dry-run', '--json')).stdout) as {
      customer: string;
    };
    const { code, stderr } = await ask('erase', customer, '--reason', 'request 17', '--yes');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^Decided by .+ on 2\d{3}-/);
    expect(stderr).toContain('It is forgotten: by the hub, and by the connectors of its systems.');
    expect((await ask('customers', 'show', customer)).stderr).toContain('UNSILO_CUSTOMER_GONE');
    for (const what of ['customers', 'records', 'values'])
      expect((await ask('export', what)).stdout).not.toMatch(/Lovelace|ada@|1815/);
    expect(await ask('erase', customer, '--reason', 'again', '--yes')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_CUSTOMER_GONE'),
    });
  });

  it.each([
    [[], 'The id of the customer, or a ref is missing.'],
    [['c_1'], '--reason is missing.'],
    [['c_1', '--reason', ' ', '--yes'], '--reason is missing.'],
    [['c_1', '--reason', 'x'], 'This can not be taken back: give --yes, or look with --dry-run.'],
    [['c_1', '--only-record', '--dry-run'], '--only-record needs a ref'],
    [['c_1', '--dry-run', '--wait', 'long'], '--wait must be a whole number from 0 to 3600.'],
  ])('%j is wrong usage', async (args, words) => {
    expect(await ask('erase', ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(words) });
  });
});

describe('unsilo erase, with a system that states the person again', () => {
  const folder = temporaryFolder();
  let running: RunningUnsilo;

  beforeAll(async () => {
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'in/a.csv'), 'id,name\n1,Ada Lovelace\n2,Grace Hopper\n');
    const text = `
systems:
  - name: table
    connector: csv
    interval: 100ms
    options: { folder: in, id: id, mapping: { fields: { name: name.full } } }
`;
    const configuration = await parseConfiguration(Buffer.from(text), join(folder, 'unsilo.yaml'), { env: {} });
    running = await startUnsilo(
      { ...configuration, http: { ...configuration.http, port: 0 } },
      { logger: createLogger({ level: 'silent', format: 'json', secrets: [] }) },
    );
  });
  afterAll(() => running.stop());

  it('waits until the connector has forgotten as well; what comes afterwards is new', async () => {
    const ask = (...args: string[]): Promise<Ran> => unsilo(args, { env: { UNSILO_DATA: join(folder, '.unsilo') } });
    await eventually(async () => ((await ask('customers', 'show', 'table/contact/1')).code === 0 ? true : undefined));
    const { code, stderr } = await ask('erase', 'table/contact/1', '--reason', 'request 18', '--yes');
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('It is forgotten') });
    expect(readFileSync(join(folder, 'in/a.csv'), 'utf8')).toContain('Ada');
    writeFileSync(join(folder, 'in/b.csv'), 'id,name\n1,Ada King\n');
    await eventually(async () =>
      (await ask('customers', 'show', 'table/contact/1')).stdout.includes('Ada King') ? true : undefined,
    );
  });
});
