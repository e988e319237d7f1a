import type { PartyState } from '@unsilo/schemas';
import { employmentBetween, leadWord } from '../../src/domain/employment.js';

const person = (organization: string, email?: string): PartyState => ({
  kind: 'person',
  organizations: [{ name: organization }],
  ...(email === undefined ? {} : { emails: [{ address: email }] }),
});
const organization = (name: string, more: Partial<PartyState> = {}): PartyState => ({
  kind: 'organization',
  name: { full: name },
  ...more,
});

it.each([
  ['the same name', person('Acme'), organization('Acme'), { stated: 'Acme', how: 'name' }],
  ['legal forms and case', person('ACME'), organization('Acme Ltd.'), { stated: 'ACME', how: 'name' }],
  [
    'the domain of an e-mail address',
    person('Acme', 'ada@acme.example'),
    organization('Acme', { emails: [{ address: 'info@ACME.example' }] }),
    { stated: 'Acme', how: 'name-and-domain' },
  ],
  [
    'a name that is alike, with the domain of the web page',
    person('Acme Hydraulics Europe', 'ada@acme.example'),
    organization('Acme Hydraulics GmbH', { links: [{ uri: 'https://www.acme.example/about' }] }),
    { stated: 'Acme Hydraulics Europe', how: 'name-and-domain' },
  ],
])('%s ties a person to an organization', (_, one, other, tie) => {
  expect(employmentBetween(one, other)).toEqual(tie);
});

it.each([
  ['another name', person('Acme'), organization('Apex')],
  ['a name that is only alike', person('Acme Hydraulics Europe'), organization('Acme Hydraulics')],
  [
    'another name at the same domain',
    person('Apex', 'ada@acme.example'),
    organization('Zenith', { emails: [{ address: 'info@acme.example' }] }),
  ],
  [
    'a domain that is a mailbox provider',
    person('Acme Hydraulics Europe', 'ada@gmail.com'),
    organization('Acme Hydraulics', { emails: [{ address: 'acme@gmail.com' }] }),
  ],
  ['no name', person('  '), organization('')],
])('%s does not', (_, one, other) => {
  expect(employmentBetween(one, other)).toBeUndefined();
});

it('an organization is looked up by the longest word that tells it from others', () => {
  const words = (text: string) => text.toLowerCase().split(' ');
  expect(leadWord('Acme Incorporated', words)).toBe('acme');
  expect(leadWord('The Great Northern Company', words)).toBe('northern');
});
