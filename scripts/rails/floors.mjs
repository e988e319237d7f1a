/**
 * Holds the floors of the house (.dependency-cruiser.cjs) and shows that they hold something: each rule must find the violation that
 * `planted/` holds for it.
 */
import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { root } from './root.mjs';

const { forbidden, options } = createRequire(import.meta.url)(join(root, '.dependency-cruiser.cjs'));
const FOLDERS = ['schemas', 'infra', 'connectors', 'services'];

async function violations(baseDir) {
  const { enhancedResolveOptions, ...rest } = options;
  const { output } = await cruise(
    FOLDERS.filter((folder) => existsSync(join(baseDir, folder))),
    { ...rest, baseDir, validate: true, ruleSet: { forbidden } },
    enhancedResolveOptions,
    { tsConfig: extractTSConfig(join(root, options.tsConfig.fileName)) },
  );
  return output.summary;
}

/** @returns {Promise<{problems: string[], summary: string}>} */
export async function checkFloors() {
  const real = await violations(root);
  const planted = await violations(join(import.meta.dirname, 'planted'));
  const problems = real.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`);
  const found = new Set(planted.violations.map((v) => v.rule.name));
  for (const { name } of forbidden)
    if (!found.has(name))
      problems.push(`The rule ${name} did not find the violation planted for it in scripts/rails/planted.`);
  if (real.totalCruised < 50)
    problems.push(`Only ${real.totalCruised} modules were looked at: the rules saw next to nothing.`);
  return { problems, summary: `${real.totalCruised} modules, ${forbidden.length} rules, each shown to fail` };
}
