import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { builtInConnectors } from '../src/connectors.js';

const CONNECTORS = resolve(import.meta.dirname, '../../../connectors');

describe('built-in connectors', () => {
  it('are those of the folders, under the same names', () => {
    const folders = readdirSync(CONNECTORS).filter(
      (name) => name !== 'sdk' && existsSync(resolve(CONNECTORS, name, 'package.json')),
    );
    expect(builtInConnectors.map(({ id }) => id).sort()).toEqual(folders.sort());
  });

  it.each(builtInConnectors.map((connector) => [connector.id, connector] as const))(
    'the options of %s have descriptions',
    (_, { options }) => {
      const { properties } = options as { properties: Record<string, { description?: string }> };
      for (const [name, { description }] of Object.entries(properties))
        expect([name, description]).toEqual([name, expect.any(String)]);
    },
  );
});
