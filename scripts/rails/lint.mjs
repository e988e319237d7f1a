import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './root.mjs';

const CONFIG = '.oxlintrc.json';
const PLANTED = 'scripts/rails/planted/services/hub/src/domain/reads-the-world.ts';
/** What the planted file does wrong: the domain reads no clock, no randomness and no environment. */
const EXPECTED = ['eslint(no-restricted-globals)', 'eslint(no-restricted-properties)', 'unsilo(no-clock)'];

function oxlint(args) {
  const bin = join(root, 'node_modules/oxlint/bin/oxlint');
  const run = spawnSync(process.execPath, [bin, '--format=json', ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  try {
    return JSON.parse(run.stdout);
  } catch {
    throw new Error(`oxlint did not run: ${run.stderr || run.stdout}`);
  }
}

function place({ filename, labels }) {
  const line = labels?.[0]?.span?.line;
  return line === undefined ? filename : `${filename}:${line}`;
}

export function checkLint() {
  const report = oxlint(['--type-aware', '--deny-warnings', '--report-unused-disable-directives']);
  const problems = report.diagnostics.map((d) => `${place(d)} ${d.message} [${d.code ?? 'oxlint'}]`);
  const config = JSON.parse(readFileSync(join(root, CONFIG), 'utf8'));
  const cache = join(root, 'node_modules/.cache/unsilo');
  mkdirSync(cache, { recursive: true });
  const forPlanted = join(cache, 'oxlint-planted.json');
  writeFileSync(
    forPlanted,
    JSON.stringify({ ...config, ignorePatterns: [], jsPlugins: config.jsPlugins.map((path) => join(root, path)) }),
  );
  const found = new Set(oxlint(['--config', forPlanted, PLANTED]).diagnostics.map((d) => d.code));
  for (const code of EXPECTED)
    if (!found.has(code)) problems.push(`${code} did not find the violation planted for it in ${PLANTED}.`);
  return { problems, summary: `${report.number_of_files} files, type-aware` };
}
