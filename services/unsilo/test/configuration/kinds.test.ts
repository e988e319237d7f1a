import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LINKAGE_MODEL } from '@unsilo/hub/linkage';
import { parseConfiguration } from '../../src/configuration/load.js';
import { ConfigurationError } from '../../src/configuration/problem.js';
import { temporaryFolder } from '../support/folders.js';

const folder = temporaryFolder();
const parse = (text: string) => parseConfiguration(Buffer.from(text), join(folder, 'unsilo.yaml'), { env: {} });

/** `line:column code message hint` of every problem. */
async function told(text: string): Promise<string[]> {
  try {
    await parse(text);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problems.map(({ line, column, code, message, hint = '' }) =>
      `${line}:${column} ${code} ${message} ${hint}`.trim(),
    );
  }
  return [];
}

const kinds = (...lines: string[]): string => `matching:\n  kinds:\n${lines.map((line) => `    ${line}\n`).join('')}`;

describe('kinds of attributes of one’s own', () => {
  it('are what the value is, or how it is compared', async () => {
    const { policy } = await parse(
      kinds(
        'extra.taxId: { attribute: identifiers, issuer: VAT }',
        'extra.birth: birthDate',
        'extra.born: { attribute: birthDate, date: dd/mm/yyyy }',
        'extra.git: { attribute: onlineServices, service: GitHub }',
        "extra.mails: { attribute: emails, split: ';' }",
        'extra.segment: code',
        'extra.town: { compare: place }',
      ),
    );
    expect(policy.kinds).toEqual({
      'extra.taxId': { attribute: 'identifiers:vat' },
      'extra.birth': { attribute: 'birthDate' },
      'extra.born': { attribute: 'birthDate', date: 'dd/mm/yyyy' },
      'extra.git': { attribute: 'onlineServices', prefix: 'github:' },
      'extra.mails': { attribute: 'emails', split: ';' },
      'extra.segment': { attribute: 'extra.segment', compare: 'code' },
      'extra.town': { attribute: 'extra.town', compare: 'place' },
    });
  });

  it('are part of the policy, and no more than that where there are none', async () => {
    const plain = (await parse('')).policy;
    expect(plain).not.toHaveProperty('kinds');
    const [one, other] = [kinds('extra.a: code', 'extra.b: text'), kinds('extra.b: text', 'extra.a: code')];
    expect((await parse(one)).policy).toEqual((await parse(other)).policy);
    expect(JSON.stringify((await parse(one)).policy)).toBe(JSON.stringify((await parse(other)).policy));
    expect((await parse(one)).policy.version).not.toBe(plain.version);
  });

  it.each([
    ['extra.a: taxid', '3:14 UNSILO_CONFIG_KIND There is no attribute and no kind "taxid".'],
    ['extra.a: birthdate', 'Did you mean "birthDate"?'],
    ['extra.a: { compare: kode }', '3:14 UNSILO_CONFIG_KIND There is no kind "kode". Did you mean "code"?'],
    ['extra.a: identifiers', '"identifiers" needs "issuer": who gave the number.'],
    ['extra.a: { attribute: onlineServices }', '"onlineServices" needs "service": the network.'],
    ['extra.a: {}', '"extra.a" needs either "attribute" or "compare".'],
    ['extra.a: { attribute: emails, compare: email }', '"extra.a" needs either "attribute" or "compare".'],
    ['extra.a: name.given', 'extra.a can not be taken for "name.given". It can be birthDate,'],
    ['emails: email', '"emails" has its kind already. Only attributes of your own, `extra.NAME`, are told here'],
    ['extra.a: { attribute: birthDate, date: tomorrow }', 'must be a form of a date such as dd/mm/yyyy'],
    ['extra.a: { attribut: birthDate }', '"attribut" is not known here. Did you mean "attribute"?'],
    ['extra.a: 7', 'must be a text or a group of keys'],
  ])('%s is told with its place', async (line, message) => {
    const problems = await told(kinds(line));
    expect(problems.join('\n')).toContain(message);
    expect(problems[0]).toMatch(/^3:\d+ /);
  });

  it('that the model compares in another way are refused', async () => {
    const model = structuredClone(DEFAULT_LINKAGE_MODEL);
    model.person.attributes['extra.town'] = { kind: 'code', m: [0.9, 0.1], u: [0.1, 0.9] };
    writeFileSync(join(folder, 'model.json'), JSON.stringify(model));
    const text = kinds('extra.town: place').replace('matching:\n', 'matching:\n  model: model.json\n');
    expect(await told(text)).toEqual([
      '4:17 UNSILO_CONFIG_KIND The matching model compares extra.town as code, not as place. Train it anew, or say the same here.',
    ]);
    expect(await told(text.replace('place', 'code'))).toEqual([]);
  });
});
