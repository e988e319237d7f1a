#!/usr/bin/env node
/**
 * `npm test`: installs and builds what is missing or stale, runs every check, then all tests, and says what came out.
 * `npm test -- services/hub` runs the tests under that path only, without the checks.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from './rails/build.mjs';
import { install } from './rails/install.mjs';
import { root } from './rails/root.mjs';

const REPORT = join(root, 'node_modules/.cache/unsilo/jest.json');
const only = process.argv.slice(2);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

install();
const began = performance.now();
let failed = 0;
if (!build()) {
  console.log('✗ build (above)');
  failed += 1;
}

if (only.length === 0) {
  const { checks } = await import('./rails/checks.mjs');
  for (const [name, check] of checks) {
    const since = performance.now();
    const { problems, summary } = await check();
    console.log(`${problems.length === 0 ? '✓' : '✗'} ${String(name)} (${seconds(since)}): ${summary}`);
    for (const problem of problems) console.log(problem.replace(/^/gm, '    '));
    if (problems.length > 0) failed += 1;
  }
}

mkdirSync(join(REPORT, '..'), { recursive: true });
rmSync(REPORT, { force: true });
const since = performance.now();
// The report goes to the file; jest's own account of the run goes to stderr, and so do lines in which a suite says why it is skipped.
const reasons = [];
const jest = spawn(
  process.execPath,
  [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${REPORT}`,
    '--ci',
    '--maxWorkers=100%',
    ...only,
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
);
createInterface({ input: jest.stderr }).on('line', (line) => {
  process.stderr.write(`${line}\n`);
  if (line.startsWith('SKIPPED: ')) reasons.push(line.slice('SKIPPED: '.length));
});
const [status] = await once(jest, 'close');
if (!existsSync(REPORT)) {
  console.log(`✗ jest ended with ${status} and left no report`);
  process.exit(1);
}
const report = JSON.parse(readFileSync(REPORT, 'utf8'));
const { numPassedTests: passed, numFailedTests, numPendingTests: skipped, numRuntimeErrorTestSuites: broken } = report;

/** Skipped tests by suite; a suite that needs a server says so in its title. */
const skippedBy = new Map();
for (const { name, assertionResults } of report.testResults)
  for (const { status, ancestorTitles, title } of assertionResults)
    if (status === 'pending' || status === 'todo') {
      const suite = `${relative(root, name)}: ${ancestorTitles.join(' › ') || title}`;
      skippedBy.set(suite, (skippedBy.get(suite) ?? 0) + 1);
    }
if (skippedBy.size > 0) console.log('\nSkipped:');
for (const [suite, count] of skippedBy) console.log(`  ${count} in ${suite}`);
for (const reason of new Set(reasons)) console.log(`  because: ${reason}`);
if (broken > 0) console.log(`\n✗ ${broken} files of tests could not be run (above)`);
if (passed + numFailedTests === 0) console.log('\n✗ no test ran');

const testsFailed = numFailedTests + broken;
const good = failed === 0 && testsFailed === 0 && report.success && status === 0 && passed > 0;
console.log(
  `\n${good ? '✓' : '✗'} tests: ${passed} passed, ${testsFailed} failed, ${skipped} skipped (jest ${seconds(since)}, all ${seconds(began)})` +
    (failed > 0 ? `; ${failed} of the checks before them failed` : ''),
);
process.exitCode = good ? 0 : 1;
