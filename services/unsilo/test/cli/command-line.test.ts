import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands/index.js';
import { createOutput, inWords, printable, table } from '../../src/cli/output.js';
import { temporaryFolder } from '../support/folders.js';
import { filledUnsilo } from '../support/filled-hub.js';
import { unsilo } from '../support/command-line.js';

describe('help', () => {
  it('lists every command', async () => {
    const { code, stdout } = await unsilo(['help']);
    expect(code).toBe(0);
    for (const { name, summary } of commands)
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary.slice(0, 20)}`, 'm'));
  });

  it.each(commands.map(({ name }) => name))(
    'of %s shows usage, options and examples that begin with it',
    async (name) => {
      const { code, stdout } = await unsilo(['help', name]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: unsilo ${name}`);
      expect(stdout).toContain('--json');
      expect(stdout).toMatch(new RegExp(`Examples:\\n {2}unsilo ${name}`));
      expect((await unsilo([name, '--help'])).stdout).toBe(stdout);
    },
  );

  it('is what a bare call gets, as wrong usage', async () => {
    expect(await unsilo([])).toMatchObject({ code: 2, stdout: expect.stringContaining('Usage: unsilo COMMAND') });
  });
});

describe('wrong usage', () => {
  it.each([
    [['custmers'], 'There is no command "custmers". Did you mean "customers"?'],
    [['customers', '--jsno'], 'There is no option --jsno. Did you mean --json?'],
    [['customers', 'shwo', 'x'], '"shwo" is not list, search or show.'],
    [['customers', '--limit', 'many'], '--limit must be a whole number from 1 to 200.'],
    [['start', '--port', '70000'], '--port must be a whole number from 0 to 65535.'],
    [['start', '--role', 'worker'], '--role must be one of all, hub, gateway, connector.'],
    [['start', '--role', 'hub'], '--role needs a configuration: give --config FILE.'],
    [['start', '--role', 'hub', '--system', 'crm', '--config', 'x'], 'go with --role connector only.'],
    [['topics', 'make'], '"make" is not plan or apply.'],
    [['topics'], '--config is missing.'],
    [['copy', '--from', 'kafka', '--to', 'kafka'], '--from and --to are the same.'],
    [['copy', '--from', 'redis'], '--from must be embedded or kafka.'],
    [['rebuild', '--runs', '0'], '--runs must be a whole number from 1 to 100.'],
    [['start', 'now'], '"now" is one argument too many.'],
    [['start', '--log-level', 'loud'], '--log-level must be one of'],
    [['explain'], 'What to explain (value, customer, pair, command or event) is missing.'],
    [['events', '--topic', 'nothing'], 'There is no topic "nothing".'],
    [['systems', 'pause', 'crm'], '--reason is missing.'],
  ])('%j exits with 2 and says what is wrong', async (args, words) => {
    const folder = { UNSILO_DATA: '/nowhere' };
    const { code, stdout, stderr } = await unsilo(args, { env: folder });
    expect(stderr).toContain(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });
});

describe('systems whose secrets are not set', () => {
  const folder = temporaryFolder();

  it('are listed without them; a check demands them', async () => {
    const { unsilo: running } = await filledUnsilo(join(folder, '.unsilo'), []);
    await running.stop();
    writeFileSync(
      join(folder, 'unsilo.yaml'),
      `systems:
  - { name: social, connector: mastodon, options: { url: '\${env:SOCIAL_URL}', token: '\${env:SOCIAL_TOKEN}' } }
`,
    );
    const listed = await unsilo(['systems', '--config', 'unsilo.yaml'], { cwd: folder });
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringMatching(/^social +mastodon +stopped/m) as string });
    const checked = await unsilo(['check', 'unsilo.yaml'], { cwd: folder });
    expect(checked.code).toBe(3);
    expect(checked.stdout + checked.stderr).toContain('The environment variable SOCIAL_TOKEN is not set.');
  });
});

describe('what can not be done', () => {
  const cwd = temporaryFolder();

  it.each([[['start', '--role', 'hub']], [['topics', 'plan']], [['copy', '--from', 'embedded', '--to', 'kafka']]])(
    '%j without servers',
    async (args) => {
      writeFileSync(join(cwd, 'alone.yaml'), 'data: alone\n');
      const { code, stderr } = await unsilo([...args, '--config', 'alone.yaml'], { cwd });
      expect(code).toBe(1);
      expect(stderr).toContain('UNSILO_STORAGE_NEEDED');
      expect(stderr).toContain('storage');
    },
  );

  it('exits with 1, a message and a code on stderr', async () => {
    const { code, stdout, stderr } = await unsilo(['customers'], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('There is no data in');
    expect(stderr).toContain('[UNSILO_NO_DATA]');
  });

  it('is JSON as well where that was asked for', async () => {
    const { code, stdout } = await unsilo(['customers', '--json'], { cwd });
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'UNSILO_NO_DATA' } });
  });

  it('says that nothing answers at an address, and never shows the key', async () => {
    const env = { UNSILO_URL: 'http://127.0.0.1:65535', UNSILO_KEY: 'very-secret-key' };
    const { code, stderr } = await unsilo(['systems'], { cwd, env });
    expect(code).toBe(1);
    expect(stderr).toContain('Nothing answers at http://127.0.0.1:65535 (ECONNREFUSED).');
    expect(stderr).not.toContain('very-secret-key');
    expect((await unsilo(['systems'], { cwd, env: { UNSILO_URL: 'http://127.0.0.1:65535' } })).stderr).toContain(
      'UNSILO_KEY_MISSING',
    );
  });

  it('tells every problem of a configuration', async () => {
    const { code, stderr } = await unsilo(['start', '--config', 'nowhere.yaml'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere.yaml:1:1: There is no such file.');
  });
});

describe('what can be configured', () => {
  it('is listed key by key, groups in lists and under free names included', async () => {
    const { code, stdout } = await unsilo(['check', '--keys']);
    expect(code).toBe(0);
    for (const key of ['tenant', 'http.port', 'systems[].name', 'systems[].policy.write.*.fields', 'limits.batch'])
      expect(stdout).toContain(`\n${key} `);
    expect(stdout).toMatch(/^systems\[\]\.connector +string +required/m);
  });

  it('every key has a description', async () => {
    const { keys } = JSON.parse((await unsilo(['check', '--keys', '--json'])).stdout) as {
      keys: { name: string; description: string }[];
    };
    expect(keys.filter(({ description }) => description === '').map(({ name }) => name)).toEqual([]);
  });
});

describe('output', () => {
  function captured(isTTY: boolean): {
    out: ReturnType<typeof createOutput>;
    written: () => { stdout: string; stderr: string };
  } {
    let stdout = '';
    let stderr = '';
    const out = createOutput(
      { stdout: { write: (text) => void (stdout += text) }, stderr: { write: (text) => void (stderr += text), isTTY } },
      false,
    );
    return { out, written: () => ({ stdout, stderr }) };
  }

  it('shows progress on a terminal only, and takes it away before anything else', () => {
    const pipe = captured(false);
    pipe.out.progress('1 of 2');
    pipe.out.data('done');
    expect(pipe.written()).toEqual({ stdout: 'done\n', stderr: '' });
    const terminal = captured(true);
    terminal.out.progress('1 of 2');
    terminal.out.data('done');
    expect(terminal.written()).toEqual({ stdout: 'done\n', stderr: '\r\u001b[2K1 of 2\r\u001b[2K' });
  });

  it('lets no value steer the terminal', () => {
    expect(printable('a\u001b[31mb\nc\u202ed')).toBe('a [31mb c d');
    expect(table(['A', 'B'], [['x\u001b]0;t\u0007', 'y']]).join('')).not.toMatch(/[\u0000-\u001f]/);
  });

  it('puts columns under each other', () => {
    expect(
      table(
        ['A', 'LONG'],
        [
          ['value', 'x'],
          ['v', ''],
        ],
      ),
    ).toEqual(['A      LONG', 'value  x', 'v']);
  });

  it('says values in one line', () => {
    expect(inWords([{ address: 'a@b.c', label: 'work' }])).toBe('address: a@b.c, label: work');
    expect(inWords(null)).toBe('(nothing)');
    expect(inWords([1, 'two'])).toBe('1; two');
  });
});
