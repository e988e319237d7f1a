import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectorConformance } from '../../src/testing.js';
import { addressBook, defaults } from './connector.js';
import { addressBookWorld, deeds } from './world.js';

connectorConformance({ connector: addressBook, mappings: { defaults }, start: addressBookWorld, deeds });

test('the README shows this connector as it is', () => {
  const readme = readFileSync(join(__dirname, '../../README.md'), 'utf8');
  const source = readFileSync(join(__dirname, 'connector.ts'), 'utf8').trim();
  expect(readme).toContain(`\`\`\`ts\n${source}\n\`\`\``);
});
