import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { loadModel, packageRoot } from './model.js';
import { eventsModule, typesModule } from './types.js';
import { validatorsModule } from './validators.js';

/** Every generated file of the package by its path within it. Deterministic: the same model gives the same texts. */
export async function generate(): Promise<Map<string, string>> {
  const model = loadModel();
  return new Map([
    ['src/generated/types.ts', await typesModule(model)],
    ['src/generated/events.ts', eventsModule(model)],
    ['src/generated/validators.ts', validatorsModule(model)],
  ]);
}

/** Paths whose committed text differs from what would be generated. */
export async function drifted(): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of await generate()) {
    const file = join(packageRoot, path);
    if (!existsSync(file) || readFileSync(file, 'utf8') !== text) stale.push(path);
  }
  return stale;
}

async function main(): Promise<void> {
  if (process.argv.includes('--check')) {
    const stale = await drifted();
    for (const path of stale)
      process.stderr.write(`${path} is not what the model generates: run npm run generate -w schemas\n`);
    process.exitCode = stale.length > 0 ? 1 : 0;
    return;
  }
  for (const [path, text] of await generate()) {
    const file = join(packageRoot, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`${relative(process.cwd(), file)}\n`);
  }
}

if (process.argv[1] === import.meta.filename) await main();
