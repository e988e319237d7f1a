import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { fieldMapping, MappingConfigSchema, optionsTable, withOptionsTable, type MappingConfig } from '../src/index.js';
import { addressBook } from './example/connector.js';

const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');

test('the mapping in the README is right and reads a record', () => {
  const block = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const { mapping } = parse(block) as { mapping: MappingConfig };
  expect(Value.Check(MappingConfigSchema, mapping)).toBe(true);
  const record = {
    given_name: 'Ada',
    date_of_birth: '18151210',
    street_number: '12',
    street_name: 'St James’s Square',
    segment: 'G',
  };
  expect(fieldMapping(mapping).decode(record)).toEqual({
    state: {
      kind: 'person',
      name: { given: 'Ada' },
      birthDate: '1815-12-10',
      addresses: [{ street: '12 St James’s Square' }],
      extra: { tier: 'gold' },
      language: 'de',
    },
    problems: [],
  });
});

test('a table of options names type, default, secrets and nested options', () => {
  const table = optionsTable(addressBook.options);
  expect(table).toContain('| `token` | string | required | Access token Secret. |');
  expect(table).toContain('| `mapping.fields` | map of ');
  const page = 'before\n<!-- options: generated from the schema -->\nold\n<!-- /options -->\nafter';
  const updated = withOptionsTable(page, addressBook.options);
  expect(updated).toContain(table);
  expect(updated).not.toContain('old');
  expect(withOptionsTable(updated, addressBook.options)).toBe(updated);
  expect(() => withOptionsTable('no place', addressBook.options)).toThrow('no place for the options');
});
