import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LINKAGE_MODEL } from '@unsilo/hub/linkage';
import type { Configuration } from '../../src/configuration/configuration.js';
import { loadConfiguration, parseConfiguration } from '../../src/configuration/load.js';
import { ConfigurationError, type ConfigurationProblem } from '../../src/configuration/problem.js';
import { crm, sourceOf } from '../support/connectors.js';

const connectors = sourceOf(crm);
type Env = Record<string, string>;

function parse(text: string, env: Env = {}, file = '/etc/acme/unsilo.yaml'): Promise<Configuration> {
  return parseConfiguration(Buffer.from(text), file, { env, connectors });
}

async function problems(text: string, env: Env = {}): Promise<readonly ConfigurationProblem[]> {
  try {
    await parse(text, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

/** `line:column code message hint`, one a problem. */
async function told(text: string, env: Env = {}): Promise<string[]> {
  const found = await problems(text, env);
  return found.map(({ line, column, code, message, hint }) =>
    [`${line}:${column}`, code, message, hint].join(' ').trim(),
  );
}

const CRM = `systems:
  - name: crm-emea
    connector: crm
    options:
      url: https://crm.example
`;

describe('an accepted configuration', () => {
  it('takes addresses as they are, and paths with dots from its own folder, wherever a connector takes both', async () => {
    const feeds = ['./feeds', '../feeds/a.xml', 'https://example.org/./a', { url: './more' }, { url: '/srv/.feeds' }];
    const text = `systems: [{ name: press, connector: feed, options: { feeds: ${JSON.stringify(feeds)} } }]`;
    const { systems } = await parseConfiguration(Buffer.from(text), '/etc/acme/unsilo.yaml', { env: {} });
    expect(systems[0]?.options).toMatchObject({
      feeds: [
        '/etc/acme/feeds',
        '/etc/feeds/a.xml',
        'https://example.org/./a',
        { url: '/etc/acme/more' },
        { url: '/srv/.feeds' },
      ],
    });
  });

  it('is complete: defaults are filled in, paths are absolute, times are milliseconds', async () => {
    const configuration = await parse(`${CRM}    interval: 30s\n`);
    expect(configuration).toMatchObject({
      file: '/etc/acme/unsilo.yaml',
      tenant: 'main',
      dataFolder: '/etc/acme/.unsilo',
      http: { host: '127.0.0.1', port: 8420 },
      systems: [{ name: 'crm-emea', intervalMs: 30_000, allowPrivateAddresses: false, options: { pageSize: 100 } }],
    });
    expect(configuration.policy.systems['crm-emea']).toEqual({
      rank: 100,
      write: {},
      deletes: 'ignore',
      duplicates: 'write-all',
      addWins: false,
    });
  });

  it('may be empty', async () => {
    expect((await parse('')).systems).toEqual([]);
    expect((await parse('# nothing\n')).systems).toEqual([]);
  });

  it('carries the policy of each system', async () => {
    const { policy } = await parse(`${CRM}    policy:
      rank: 10
      write:
        contact: { fields: ['*'], create: true, createRequires: [emails] }
      deletes: archive
      addWins: true
survivorship: { '*': most-recent, name.given: source-rank }
country: DE
limits: { historyAge: 1d, sameValueSends: 2, sameValueWindow: 2h, commandDeadline: 90s }
`);
    expect(policy).toMatchObject({
      country: 'DE',
      rules: { '*': 'most-recent', 'name.given': 'source-rank' },
      horizon: { age: 86_400_000, versions: 32 },
      quarantine: { sends: 2, windowMs: 7_200_000 },
      commandDeadlineMs: 90_000,
    });
    expect(policy.systems['crm-emea']).toEqual({
      rank: 10,
      write: { contact: { fields: ['*'], clear: true, create: true, createRequires: ['emails'] } },
      deletes: 'archive',
      duplicates: 'write-all',
      addWins: true,
    });
  });

  it('versions its policy by content, not by order or by what is no policy', async () => {
    const version = async (text: string) => (await parse(text)).policy.version;
    const one = await version(`survivorship: { emails: longest, '*': most-recent }\n`);
    expect(await version(`survivorship: { '*': most-recent, emails: longest }\nhttp: { port: 1 }\n`)).toBe(one);
    expect(await version(`survivorship: { '*': most-recent }\n`)).not.toBe(one);
  });

  it('carries the changes to the matching model, under a version of its own', async () => {
    const { person, organization, version } = DEFAULT_LINKAGE_MODEL;
    const changed = await parse('matching: { threshold: 4, genericAbove: 9, exclusiveIssuers: [VAT] }\n');
    const changes = { threshold: 4, genericAbove: 9, exclusive: ['identifiers:vat'] };
    expect(changed.model).toEqual({
      ...DEFAULT_LINKAGE_MODEL,
      version: expect.stringMatching(new RegExp(`^${version}\\+[0-9a-f]{16}$`)),
      person: { ...person, ...changes, nameAlone: 4 - 1 / 1024 },
      organization: { ...organization, ...changes },
    });
  });

  it('leaves persons of whom nothing but the name agrees to a steward, unless told otherwise', async () => {
    const { person } = DEFAULT_LINKAGE_MODEL;
    expect((await parse('')).model.person).toEqual({ ...person, nameAlone: person.threshold - 1 / 1024 });
    expect((await parse('matching: { nameAlone: match }\n')).model.person).toEqual(person);
  });

  it('takes the matching model from the file that it names, and says where that is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unsilo-model-'));
    const trained = { ...DEFAULT_LINKAGE_MODEL, version: 'trained-1' };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(trained));
    writeFileSync(join(folder, 'other.json'), '{"format":"other"}');
    const load = (text: string) => parseConfiguration(Buffer.from(text), join(folder, 'unsilo.yaml'));
    expect((await load('matching: { model: model.json, nameAlone: match }\n')).model).toMatchObject({
      ...trained,
      version: expect.stringMatching(/^trained-1\+/),
    });
    for (const file of ['other.json', 'none.json'])
      await expect(load(`matching:\n  model: ${file}\n`)).rejects.toMatchObject({
        problems: [{ code: 'UNSILO_CONFIG_MODEL_INVALID', line: 2, column: 10 }],
      });
    rmSync(folder, { recursive: true });
  });

  it('resolves anchors', async () => {
    const { systems } = await parse(
      `systems:\n  - { name: a, connector: crm, options: &o { url: https://x } }\n  - { name: b, connector: crm, options: *o }\n`,
    );
    expect(systems.map(({ options }) => options)).toEqual([systems[0]!.options, systems[0]!.options]);
  });
});

describe('what is wrong is told with line, column and a way out', () => {
  it.each([
    [
      'a misspelt key',
      `htpp:\n  port: 1\n`,
      ['1:1 UNSILO_CONFIG_UNKNOWN_KEY "htpp" is not known here. Did you mean "http"?'],
    ],
    [
      'a misspelt key further in',
      `${CRM}    policy:\n      delets: archive\n`,
      ['7:7 UNSILO_CONFIG_UNKNOWN_KEY "delets" is not known here. Did you mean "deletes"?'],
    ],
    ['a missing key', `systems:\n  - connector: crm\n`, ['2:5 UNSILO_CONFIG_MISSING_KEY "name" is missing here.']],
    [
      'a value of the wrong type',
      `http: { port: many }\n`,
      ['1:15 UNSILO_CONFIG_INVALID_VALUE "port" must be a whole number.'],
    ],
    ['a value out of bounds', `http: { port: 70000 }\n`, ['1:15 UNSILO_CONFIG_INVALID_VALUE "port" must be <= 65535.']],
    [
      'an unknown word',
      `survivorship:\n  emails: most-recnt\n`,
      [
        '2:11 UNSILO_CONFIG_INVALID_VALUE "emails" must be one of most-recent, source-rank, most-frequent, longest. Did you mean "most-recent"?',
      ],
    ],
    [
      'an unknown attribute',
      `survivorship:\n  e-mails: longest\n`,
      ['2:3 UNSILO_CONFIG_UNKNOWN_ATTRIBUTE There is no attribute "e-mails". Did you mean "emails"?'],
    ],
    [
      'a time without a unit',
      `${CRM}    interval: 30\n`,
      ['6:15 UNSILO_CONFIG_INVALID_VALUE "interval" must be a text.'],
    ],
    [
      'a time in an unknown unit',
      `${CRM}    interval: 30 sec\n`,
      ['6:15 UNSILO_CONFIG_INVALID_VALUE "interval" must be a time such as 500ms, 30s, 5m, 2h or 7d.'],
    ],
    [
      'an unknown connector',
      `systems:\n  - name: a\n    connector: crn\n`,
      [
        '3:16 UNSILO_CONFIG_UNKNOWN_CONNECTOR There is no built-in connector and no installed package "crn". Did you mean "crm"?',
      ],
    ],
    [
      'two systems of one name',
      `${CRM}  - { name: crm-emea, connector: crm, options: { url: https://x } }\n`,
      [
        '6:13 UNSILO_CONFIG_DUPLICATE_SYSTEM The system "crm-emea" stands here a second time. Each has a name of its own.',
      ],
    ],
    [
      'a key that stands twice',
      `tenant: a\ntenant: b\n`,
      ['2:1 UNSILO_CONFIG_YAML This is not YAML: Map keys must be unique.'],
    ],
    ['broken YAML', `tenant: [a\n`, [expect.stringMatching(/^2:1 UNSILO_CONFIG_YAML This is not YAML: /)]],
    [
      'a list where a group belongs',
      `- a\n`,
      ['1:1 UNSILO_CONFIG_INVALID_VALUE The configuration must be a group of keys.'],
    ],
    [
      'a broker without its port',
      `storage:\n  kafka: { brokers: [kafka] }\n  redis: { url: redis://r:6379 }\n`,
      ['2:22 UNSILO_CONFIG_INVALID_VALUE "0" must be an address such as kafka:9092.'],
    ],
    [
      'a log on a server without a state there',
      `storage:\n  kafka: { brokers: [kafka:9092] }\n`,
      ['2:3 UNSILO_CONFIG_MISSING_KEY "redis" is missing here.'],
    ],
    [
      'no address of Redis, or one that is none: it is not shown, since it may hold a password',
      `storage:\n  kafka: { brokers: [kafka:9092] }\n  redis: { url: 'http://:hunter2@r' }\n`,
      [
        '3:17 UNSILO_CONFIG_REDIS_ADDRESS This is no address of a Redis. Write redis://host:port, or rediss://host:port for TLS.',
      ],
    ],
    [
      '__proto__',
      `__proto__: { tenant: x }\n`,
      [
        '1:1 UNSILO_CONFIG_UNKNOWN_KEY "__proto__" is not known here. Known are tenant, data, http, storage, country, allowPrivateAddresses, systems, survivorship, matching, limits.',
      ],
    ],
  ])('%s', async (_, text, expected) => {
    expect(await told(text)).toEqual(expected);
  });

  it('the options of a system, by its connector', async () => {
    const options = (lines: string) => `systems:\n  - name: a\n    connector: crm\n    options:\n${lines}`;
    expect(await told(options(`      urll: https://x\n`))).toEqual([
      '5:7 UNSILO_CONFIG_MISSING_KEY "url" is missing here.',
      '5:7 UNSILO_CONFIG_UNKNOWN_KEY "urll" is not known here. Did you mean "url"?',
    ]);
    expect(await told(options(`      url: https://x\n      pageSize: 501\n`))).toEqual([
      '6:17 UNSILO_CONFIG_INVALID_VALUE "pageSize" must be <= 500.',
    ]);
    expect(await told(options(`      url: https://x\n      mode: slow\n`))).toEqual([
      '6:13 UNSILO_CONFIG_INVALID_VALUE "mode" must be "fast" or "thorough".',
    ]);
  });

  it('a union by the branch that was meant', async () => {
    const text = `systems:\n  - name: a\n    connector: crm\n    options:\n      url: https://x\n      fields:\n        first: { atribute: name.given }\n        last: 7\n`;
    expect(await told(text)).toEqual([
      '7:16 UNSILO_CONFIG_MISSING_KEY "attribute" is missing here.',
      '7:18 UNSILO_CONFIG_UNKNOWN_KEY "atribute" is not known here. Did you mean "attribute"?',
      '8:15 UNSILO_CONFIG_INVALID_VALUE "last" must be a text or a group of keys or null.',
    ]);
  });

  it('a policy that the system can not carry out', async () => {
    const policy = (text: string) => `${CRM}    policy:\n      write:\n${text}`;
    expect(await told(policy(`        contcat: { fields: ['*'] }\n`))).toEqual([
      '8:9 UNSILO_CONFIG_POLICY This system has no records of the kind "contcat". Did you mean "contact"?',
    ]);
    expect(await told(policy(`        contact: { fields: [emails, name.full] }\n`))).toEqual([
      '8:37 UNSILO_CONFIG_POLICY "name.full" can not be written there. Known are name.given, emails.',
    ]);
    expect(await told(policy(`        company: { fields: ['*'], create: true }\n`))).toEqual([
      '8:43 UNSILO_CONFIG_POLICY Records can not be made there safely: the system offers neither an external key nor a search. Set it to false.',
    ]);
  });

  it('every mistake in a field mapping, where it is made', async () => {
    const mapping = [
      '        mapping:',
      '          fields:',
      '            first: name.first',
      '            last: name.surname',
      '            mobile: { attribute: phones, issuer: hr }',
      '            tel: [phones, { attribute: fone }]',
      '            born:',
      '              attribute: birthDate',
      '              date: yyyy-mm',
      '          constants:',
      '            nationality: fr',
    ];
    const text = [
      'systems:',
      '  - name: shop',
      '    connector: csv',
      '    options:',
      '        folder: /in',
      '        id: id',
    ];
    const found = await parseConfiguration(Buffer.from([...text, ...mapping].join('\n')), '/etc/unsilo.yaml', {
      env: {},
    }).catch((error: unknown) => (error as ConfigurationError).problems);
    expect((found as ConfigurationProblem[]).map(({ line, column, path }) => [line, column, path])).toEqual([
      [9, 20, '/systems/0/options/mapping/fields/first'],
      [11, 50, '/systems/0/options/mapping/fields/mobile/issuer'],
      [12, 40, '/systems/0/options/mapping/fields/tel/1/attribute'],
      [15, 21, '/systems/0/options/mapping/fields/born/date'],
      [17, 26, '/systems/0/options/mapping/constants/nationality'],
    ]);
  });

  it('a mistake in one of several mappings', async () => {
    const text = `systems:
  - name: crm
    connector: suitecrm
    options:
      url: https://crm.example
      auth: { clientId: a, clientSecret: b }
      mapping:
        lead: { fields: { description: note } }
        contact: { fields: { description: notes } }
`;
    const found = await parseConfiguration(Buffer.from(text), '/etc/unsilo.yaml', { env: {} }).catch(
      (error: unknown) => (error as ConfigurationError).problems,
    );
    expect(found).toMatchObject([{ line: 9, column: 43, code: 'UNSILO_MAPPING_UNKNOWN_ATTRIBUTE' }]);
  });

  it('a policy that writes where the options leave nothing to write', async () => {
    const text = (out: string) =>
      `systems:\n  - name: shop\n    connector: csv\n    options: { folder: /in, id: id, mapping: { fields: { a: note } }${out} }\n` +
      `    policy: { write: { contact: { fields: ['*'] } } }\n`;
    const found = await parseConfiguration(Buffer.from(text('')), '/etc/unsilo.yaml', { env: {} }).catch(
      (error: unknown) => (error as ConfigurationError).problems,
    );
    expect(found).toMatchObject([{ line: 5, column: 44, code: 'UNSILO_CONFIG_POLICY' }]);
    await parseConfiguration(Buffer.from(text(', out: { folder: /out }')), '/etc/unsilo.yaml', { env: {} });
  });

  it('all at once, in the order of the file', async () => {
    const found = await problems(`${CRM}    policy: { write: { x: { fields: [] } } }\nsurvivorship: { y: longest }\n`);
    expect(found.map(({ line, code }) => [line, code])).toEqual([
      [6, 'UNSILO_CONFIG_POLICY'],
      [7, 'UNSILO_CONFIG_UNKNOWN_ATTRIBUTE'],
    ]);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), 'UNSILO_CONFIG_ENCODING'],
    ['a file without end', Buffer.alloc(2 * 1024 * 1024, '# '), 'UNSILO_CONFIG_TOO_LARGE'],
    [
      'a document that blows up',
      Buffer.from(
        `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n`,
      ),
      'UNSILO_CONFIG_YAML',
    ],
  ])('%s', async (_, bytes, code) => {
    const refused = parseConfiguration(bytes, '/etc/unsilo.yaml', { connectors });
    await expect(refused).rejects.toMatchObject({ problems: [{ code }] });
  });

  it('a file that is not there', async () => {
    await expect(loadConfiguration('/nowhere/unsilo.yaml')).rejects.toThrow(
      '/nowhere/unsilo.yaml:1:1: There is no such file. [UNSILO_CONFIG_UNREADABLE]',
    );
  });
});

describe('secrets', () => {
  const withPassword = (reference: string) => `${CRM}      password: ${reference}\n`;

  it('come from the environment and from files, whole or within a text, and are remembered for hiding', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unsilo-configuration-'));
    try {
      writeFileSync(join(folder, 'password'), 'from-a-file\n');
      const file = await parse(withPassword('${file:password}'), {}, join(folder, 'unsilo.yaml'));
      expect(file.systems[0]!.options).toMatchObject({ password: 'from-a-file' });
      expect(file.secrets).toEqual(['from-a-file']);
    } finally {
      rmSync(folder, { recursive: true });
    }
    const env = await parse(withPassword('Bearer ${env:TOKEN}'), { TOKEN: 'from-env' });
    expect(env.systems[0]!.options).toMatchObject({ password: 'Bearer from-env' });
    expect(env.secrets).toEqual(expect.arrayContaining(['from-env', 'Bearer from-env']));
  });

  it('may be written out, and are hidden all the same', async () => {
    expect((await parse(withPassword('open-sesame'))).secrets).toEqual(['open-sesame']);
  });

  it('that are missing are told by name', async () => {
    expect(await told(withPassword('${env:CRM_PASSWORD}'))).toEqual([
      '6:17 UNSILO_CONFIG_SECRET_MISSING The environment variable CRM_PASSWORD is not set. Set it, or use ${file:PATH}.',
    ]);
    expect(await told(withPassword('${file:/nowhere/password}'))).toEqual([
      '6:17 UNSILO_CONFIG_SECRET_MISSING The file /nowhere/password can not be read (ENOENT). Paths are relative to the folder of the configuration.',
    ]);
    expect(await told(withPassword('${vault:x}'))).toEqual([expect.stringContaining('UNSILO_CONFIG_REFERENCE')]);
  });

  it('never stand in what is told about a value', async () => {
    const found = await problems(`http: { port: "\${env:SECRET}" }\n${CRM}      mode: \${env:SECRET}\n`, {
      SECRET: 'hunter2-hunter2',
    });
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it('are not looked for behind two dollar signs', async () => {
    expect((await parse(withPassword("'$${env:X}'"))).systems[0]!.options).toMatchObject({ password: '${env:X}' });
  });
});
