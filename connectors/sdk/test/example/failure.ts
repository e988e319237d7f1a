import type { Connector } from '../../src/index.js';
import { deedsConformance } from '../../src/testing/conformance/deeds.js';
import { oddAnswers } from '../../src/testing/conformance/odd-answers.js';
import { readingConformance } from '../../src/testing/conformance/reading.js';
import { writingConformance } from '../../src/testing/conformance/writing.js';
import type { ConformanceSubject } from '../../src/testing.js';
import { addressBook } from './connector.js';
import { addressBookWorld, deeds } from './world.js';

export type Book = typeof addressBook;
type Options = Book extends Connector<infer O> ? O : never;

/** Runs one test of the suite by its name, with every seed, and answers why it failed: `passed` or `skipped` where it did not. */
export async function failureOf(
  name: string,
  connector: Book,
  changes: Partial<ConformanceSubject<Options>> = {},
): Promise<string> {
  const subject: ConformanceSubject<Options> = { connector, start: addressBookWorld, deeds, ...changes };
  const tests = new Map<string, () => Promise<void> | void>();
  const skipped: string[] = [];
  const globals = {
    describe: (_: string, body: () => void) => body(),
    test: Object.assign((title: string, body: () => Promise<void> | void) => void tests.set(title, body), {
      skip: (title: string) => void skipped.push(title),
    }),
  };
  readingConformance(subject, globals);
  writingConformance(subject, globals);
  deedsConformance(subject, globals);
  oddAnswers(subject, globals);
  const found = [...tests].filter(([title]) => title === name || title.replace(/^seed \d+: /, '') === name);
  if (skipped.some((title) => title.startsWith(name))) return 'skipped';
  if (found.length === 0) throw new Error(`no test ${name}; there are ${[...tests.keys()].join('; ')}`);
  for (const [, play] of found)
    try {
      await play();
    } catch (error) {
      return (error as Error).message;
    }
  return 'passed';
}
