import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { withOptionsTable } from '../../options-table.js';
import { fixtureCases } from '../fixtures.js';
import { deedsConformance } from './deeds.js';
import { mappingConformance } from './mappings.js';
import { readingConformance } from './reading.js';
import { oddAnswers } from './odd-answers.js';
import { writingConformance } from './writing.js';
import type { ConformanceSubject, TestGlobals } from './world.js';

/**
 * The tests that every connector must pass (DESIGN section 6), as one call in a test file. They run under jest, or anything else that has
 * `describe` and `test` as globals.
 */
export function connectorConformance<Options>(subject: ConformanceSubject<Options>): void {
  const globals = globalThis as unknown as TestGlobals;
  globals.describe(`${subject.connector.id} keeps the rules of connectors`, () => {
    if (subject.connector.read !== undefined) readingConformance(subject, globals);
    writingConformance(subject, globals);
    deedsConformance(subject, globals);
    oddAnswers(subject, globals);
    mappingConformance(subject, globals);
    const { fixtures, readme } = subject;
    if (readme !== undefined)
      globals.test('the README has the table of options', () => {
        const written = readFileSync(readme, 'utf8');
        const right = withOptionsTable(written, subject.connector.options);
        if (process.env['UPDATE_README'] === '1') writeFileSync(readme, right);
        else assert.equal(tight(written), tight(right));
      });
    if (fixtures !== undefined)
      globals.describe('fixtures', () => {
        for (const { name, input, expected } of fixtureCases(fixtures.folder))
          globals.test(name, async () => {
            assert.deepEqual(plain(await fixtures.run(input, name)), expected);
          });
      });
  });
}

/** Tables with their padding taken out: a formatter may have aligned them. */
function tight(markdown: string): string {
  return markdown.replaceAll(/ *\| */g, '|').replaceAll(/-{3,}/g, '---');
}

/** As JSON would carry it: without undefined, dates as text. */
function plain(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}
