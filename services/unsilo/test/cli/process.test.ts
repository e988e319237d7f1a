import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UnsiloProcess, unsilo, type Ran } from '../support/command-line.js';
import { temporaryFolder } from '../support/folders.js';
import { eventually } from '../support/waiting.js';

/** Each test here starts processes, which take seconds of their own on a busy machine. */
jest.setTimeout(180_000);

const CONNECTOR = resolve(import.meta.dirname, '../support/contacts.mjs');
const TOKEN = 'a-token-that-nobody-may-see';

const CONTACTS = [
  { id: '1', version: 1, name: 'Ada Lovelace', email: 'ada@example.org', at: '2026-01-01T00:00:00Z' },
  { id: '2', version: 1, at: '2026-01-01T00:00:00Z' },
];
const ROWS = [{ id: '7', version: 1, name: 'A. Lovelace', email: 'ADA@example.org', at: '2026-02-01T00:00:00Z' }];

/** The main process and the commands beside it, on one data folder. */
describe('unsilo as a process', () => {
  const cwd = temporaryFolder();
  const data = join(cwd, 'data');
  const env = { TOKEN, UNSILO_DATA: data };
  let main: UnsiloProcess;

  const ask = (...args: string[]): Promise<Ran> => unsilo(args, { cwd, env });
  const json = async (...args: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await ask(...args, '--json');
    if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  };

  beforeAll(async () => {
    mkdirSync(data);
    writeFileSync(join(cwd, 'contacts.json'), JSON.stringify(CONTACTS));
    writeFileSync(join(cwd, 'rows.json'), JSON.stringify(ROWS));
    writeFileSync(
      join(cwd, 'unsilo.yaml'),
      `systems:
  - name: crm
    connector: ${CONNECTOR}
    interval: 100ms
    options: { file: ${join(cwd, 'contacts.json')}, token: '\${env:TOKEN}' }
  - name: shop
    connector: ${CONNECTOR}
    options: { file: ${join(cwd, 'rows.json')} }
`,
    );
    main = new UnsiloProcess(['start', '--config', 'unsilo.yaml', '--port', '0'], { cwd, env });
    await eventually(() => (main.stderr.includes('Ready.') ? true : undefined));
    await eventually(async () => {
      const { items } = (await json('customers')) as { items: { systems: string[] }[] };
      return items[0]?.systems.length === 2 ? true : undefined;
    });
  });
  afterAll(() => main.kill());

  it('prints the address, the data folder and the admin key', () => {
    expect(main.stdout).toMatch(/^Console: {3}http:\/\/127\.0\.0\.1:\d+$/m);
    expect(main.stdout).toContain(`Data:      ${data}`);
    expect(main.stdout).toMatch(/^Admin key: unsilo_[\w-]{43}$/m);
  });

  it('lets commands of the same user ask without address or key', async () => {
    expect(await json('systems')).toMatchObject([
      { system: 'crm', state: 'running' },
      { system: 'shop', state: 'running' },
    ]);
    expect((await ask('systems')).stdout).toMatch(/^crm +contacts +running/m);
  });

  it('answers others with address and key', async () => {
    const url = /http:\S+/.exec(main.stdout)?.[0] ?? '';
    const key = /unsilo_\S+/.exec(main.stdout)?.[0] ?? '';
    const other = { UNSILO_URL: url, UNSILO_KEY: key };
    expect((await unsilo(['customers'], { env: other })).stdout).toContain('A. Lovelace');
    const refused = await unsilo(['customers'], { env: { ...other, UNSILO_KEY: `${key.slice(0, -1)}x` } });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('UNSILO_KEY_REFUSED') });
  });

  it('shows a customer with provenance, records and what was beaten', async () => {
    const { items } = (await json('customers', 'search', 'lovelace')) as { items: { id: string }[] };
    const id = items[0]?.id ?? '';
    const { stdout } = await ask('customers', 'show', id);
    expect(stdout).toMatch(/^name\.full +A\. Lovelace +shop\/contact\/7 .*Ada Lovelace \(crm\/contact\/1\)$/m);
    expect(stdout).toMatch(/^crm\/contact\/1 +settled/m);
    for (const named of [id, 'crm/contact/1'])
      expect((await ask('explain', 'value', named, 'name.full')).stdout).toContain('A. Lovelace');
    expect((await ask('explain', 'value', id, 'emails')).stdout).toContain('states {"address":"ADA@example.org"}');
    expect(await ask('customers', 'show', 'nobody')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_CUSTOMER_UNKNOWN'),
    });
  });

  it('explains customers, pairs and events', async () => {
    const { items: found } = (await json('customers', 'search', 'lovelace')) as { items: { id: string }[] };
    const id = found[0]?.id ?? '';
    expect((await ask('explain', 'customer', id)).stdout).toMatch(/^2 records are one customer[^]*^1\. .* bits \(/m);
    expect(await json('explain', 'customer', 'shop/contact/7')).toMatchObject({
      detail: { customer: id, joins: [{ by: 'evidence', pairs: 1 }] },
    });
    expect((await ask('explain', 'pair', 'crm/contact/1', 'shop/contact/7')).stdout).toContain('one customer');
    const { items } = (await json('events', '--topic', 'parties')) as { items: { id: string }[] };
    expect(items).toHaveLength(2);
    expect((await ask('events', 'show', items[0]?.id ?? '')).stdout).not.toBe('');
  });

  it('trains a model on its records and what stewards said about them', async () => {
    expect((await ask('review', 'link', 'crm/contact/1', 'shop/contact/7')).code).toBe(0);
    const trained = await ask('train', '--out', 'model.json');
    expect(trained.stderr).toContain('Stewards have judged 1 pair.');
    expect(trained.code).toBe(0);
    expect(trained.stderr).toContain('too few records');
    expect(trained.stderr).toContain('What it would change: unsilo plan --model model.json');
    expect((await ask('plan', '--model', 'model.json')).code).toBe(0);
    expect((await ask('review', 'undo', 'crm/contact/1', 'shop/contact/7')).code).toBe(0);
  });

  it('takes back what counts of all that stewards said about a pair, and says what counts again', async () => {
    const pair = ['crm/contact/1', 'shop/contact/7'] as const;
    await ask('review', 'link', ...pair);
    await ask('review', 'apart', ...pair);
    const first = await ask('review', 'undo', ...pair);
    expect(first.stderr).toMatch(/Taken back: kept apart, by [^]*counts again: the same, by /);
    expect((await ask('explain', 'pair', ...pair)).stdout).toContain('one customer');
    expect((await ask('review', 'undo', ...pair)).stderr).toContain('Taken back: the same, by ');
    expect(await ask('review', 'undo', ...pair)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_NOTHING_TO_UNDO'),
    });
  });

  it('lists the decisions about a customer, and takes back the one with an id', async () => {
    const pair = ['crm/contact/1', 'shop/contact/7'] as const;
    for (const reason of ['first', 'second']) await ask('review', 'link', ...pair, '--reason', reason);
    const { stdout } = await ask('review', 'decisions', 'crm/contact/1', '--limit', '2');
    const [, second = '', first = ''] = stdout.split('\n');
    expect(first).toMatch(/ link +yes +crm\/contact\/1 shop\/contact\/7 +first$/);
    const [id = ''] = first.split(' ');
    expect(await ask('review', 'undo', id)).toMatchObject({ code: 0, stderr: expect.stringContaining(id) });
    const after = await ask('review', 'decisions', 'crm/contact/1', '--limit', '3');
    expect(after.stdout).toContain(` undo ${id} `);
    expect(after.stdout).toMatch(new RegExp(`^${second.slice(0, 36)} .* link +yes `, 'm'));
    expect(after.stdout).toMatch(new RegExp(`^${id} .* link +no `, 'm'));
    for (const gone of [id, 'nothing'])
      expect((await ask('review', 'undo', gone)).stderr).toContain('UNSILO_NOTHING_TO_UNDO');
    expect((await ask('review', 'undo', ...pair)).code).toBe(0);
  });

  it('lists and discards what could not be used', async () => {
    const { items } = (await json('dead-letters', '--state', 'open')) as { items: { id: string; code: string }[] };
    expect(items).toMatchObject([{ code: 'UNSILO_CONTACTS_NAMELESS' }]);
    const id = items[0]?.id ?? '';
    const { stdout: shown } = await ask('dead-letters', 'show', id);
    expect(shown).toContain('crm/contact/2');
    expect(shown).toMatch(/ \[UNSILO_CONTACTS_NAMELESS\]\n(Hint: .*\n)?It can't be replayed\. Mend the record in crm/);
    expect(await ask('dead-letters', 'replay', id, '--dry-run')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/Mend the record in crm.*\[UNSILO_NOT_AN_EVENT\]/),
    });
    expect((await ask('dead-letters', 'discard', id, '--reason', 'nobody')).stdout).toContain('discarded: nobody');
  });

  it('tails what comes', async () => {
    const controller = new AbortController();
    let seen = '';
    const tail = unsilo(['events', 'tail', '--topic', 'parties', '--json'], {
      cwd,
      env,
      signal: controller.signal,
      onData(text) {
        seen += text;
        if (seen.includes('crm/contact/3')) controller.abort();
      },
    });
    const more = { id: '3', version: 1, name: 'Grace Hopper', at: '2026-03-01T00:00:00Z' };
    // The tail tells what comes after it was opened; each change is another chance.
    const changes = setInterval(() => {
      more.version += 1;
      writeFileSync(
        join(cwd, 'contacts.json'),
        JSON.stringify([...CONTACTS, { ...more, name: `Grace ${more.version}` }]),
      );
    }, 200);
    const { code } = await tail;
    clearInterval(changes);
    expect(code).toBe(0);
  });

  it('pauses and resumes a system', async () => {
    expect((await ask('systems', 'pause', 'shop', '--reason', 'stocktaking')).stdout).toMatch(
      /^shop +contacts +paused .*stocktaking/m,
    );
    expect((await ask('systems', 'resume', 'shop')).code).toBe(0);
  });

  it('takes new keys and lets go of revoked ones without a restart', async () => {
    const { key } = (await json('keys', 'add', 'viewer', '--role', 'reader')) as { key: string };
    const url = /http:\S+/.exec(main.stdout)?.[0] ?? '';
    const as = { UNSILO_URL: url, UNSILO_KEY: key };
    expect((await unsilo(['customers'], { env: as })).code).toBe(0);
    expect(await unsilo(['dead-letters'], { env: as })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_ROLE_MISSING'),
    });
    expect((await ask('keys', 'revoke', 'viewer')).code).toBe(0);
    expect((await unsilo(['customers'], { env: as })).stderr).toContain('UNSILO_KEY_REFUSED');
  });

  it('stops cleanly on SIGTERM; then commands that only read open the folder themselves', async () => {
    await eventually(async () =>
      (await ask('customers', '--hash')).stdout.includes(' 2 customers') ? true : undefined,
    );
    const { hash } = (await json('customers', '--hash')) as { hash: string };
    const tail = ask('events', 'tail');
    main.child.kill('SIGTERM');
    await expect(main.ended).resolves.toBe(0);
    await expect(tail).resolves.toMatchObject({ code: 1 });
    expect(main.stderr).toContain('Stopped.');
    expect(await json('customers', '--hash')).toMatchObject({ hash });
    expect(await json('systems')).toMatchObject([{ state: 'stopped' }, { state: 'stopped' }]);
    expect((await ask('audit')).code).toBe(0);
    expect(await ask('systems', 'resume', 'crm')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_NOT_RUNNING'),
    });
    expect(await ask('events', 'tail')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('UNSILO_NOT_RUNNING'),
    });
  });

  it('replays the log to the same customers', async () => {
    expect(await json('replay')).toMatchObject({ equal: true });
    const kept = join(cwd, 'kept');
    expect((await ask('replay', '--into', kept)).code).toBe(0);
    const { stdout } = await unsilo(['customers', '--hash'], { cwd, env: { ...env, UNSILO_DATA: kept } });
    expect(stdout).toBe((await ask('customers', '--hash')).stdout);
    expect((await ask('replay', '--into', kept)).stderr).toContain('UNSILO_FOLDER_EXISTS');
  });

  it('never wrote the secret anywhere', () => {
    expect(main.stdout + main.stderr).not.toContain(TOKEN);
    expect(readFileSync(join(data, 'last-run.json'), 'utf8')).not.toContain(TOKEN);
  });
});

describe('signals', () => {
  const cwd = temporaryFolder();

  it('a start that is told to stop before it is ready stops', async () => {
    const main = new UnsiloProcess(['start', '--port', '0'], { cwd });
    try {
      await eventually(() => (main.stdout.includes('Console:') ? true : undefined));
      main.child.kill('SIGINT');
      await expect(main.ended).resolves.toBe(0);
    } finally {
      await main.kill();
    }
  });
});

describe('a connector that does not end', () => {
  const cwd = temporaryFolder();

  async function stubborn(data: string): Promise<UnsiloProcess> {
    writeFileSync(join(cwd, 'contacts.json'), '[]');
    writeFileSync(
      join(cwd, 'unsilo.yaml'),
      `systems:\n  - name: crm\n    connector: ${CONNECTOR}\n    options: { file: ${join(cwd, 'contacts.json')}, stubborn: true }\n`,
    );
    const main = new UnsiloProcess(['start', '--config', 'unsilo.yaml', '--port', '0', '--data', data], { cwd });
    await eventually(() => (main.stderr.includes('Ready.') ? true : undefined));
    return main;
  }

  it('is abandoned and told of, and everything else ends in order', async () => {
    const main = await stubborn('one');
    try {
      main.child.kill('SIGTERM');
      await expect(main.ended).resolves.toBe(1);
      expect(main.stderr).toMatch(/Stopped\. Left undone[^]*- the systems: did not end/);
    } finally {
      await main.kill();
    }
  });

  it('is not waited for at the second signal', async () => {
    const main = await stubborn('two');
    try {
      main.child.kill('SIGINT');
      await eventually(() => (main.stderr.includes('Stopping') ? true : undefined));
      // Two within a second are taken for one that arrived twice.
      await sleep(1200);
      main.child.kill('SIGINT');
      await expect(main.ended).resolves.toBe(130);
      expect(main.stderr).not.toContain('Stopped.');
    } finally {
      await main.kill();
    }
  });
});

describe('unsilo check', () => {
  const cwd = temporaryFolder();
  const check = (...args: string[]): UnsiloProcess => new UnsiloProcess(['check', ...args], { cwd, env: { TOKEN } });

  it('exits with 0, or with 3 and the findings of every system', async () => {
    writeFileSync(join(cwd, 'good.json'), '[]');
    const system = (name: string, file: string): string =>
      `  - name: ${name}\n    connector: ${CONNECTOR}\n    options: { file: ${join(cwd, file)} }\n`;
    writeFileSync(join(cwd, 'unsilo.yaml'), `systems:\n${system('good', 'good.json')}`);
    const good = check();
    await expect(good.ended).resolves.toBe(0);
    expect(good.stdout).toContain('good: ok: The file can be read.');
    writeFileSync(join(cwd, 'unsilo.yaml'), `systems:\n${system('good', 'good.json')}${system('bad', 'nowhere.json')}`);
    const bad = check();
    await expect(bad.ended).resolves.toBe(3);
    expect(bad.stdout).toContain('bad: PROBLEM: The file can not be read');
    const offline = check('--offline', '--json');
    await expect(offline.ended).resolves.toBe(0);
    expect(JSON.parse(offline.stdout)).toMatchObject({ problems: [], systems: [] });
  });

  it('tells problems with file, line and column', async () => {
    writeFileSync(
      join(cwd, 'wrong.yaml'),
      `systems:\n  - name: a\n    connector: ${CONNECTOR}\n    options: { fil: x }\n`,
    );
    const wrong = await unsilo(['check', 'wrong.yaml', '--offline'], { cwd });
    expect(wrong.code).toBe(3);
    expect(wrong.stdout).toContain(`${join(cwd, 'wrong.yaml')}:`);
  });
});
