import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { format } from 'prettier';
import { asyncApiDocument } from './asyncapi.js';
import { loadModel, packageRoot } from './model.js';
import { eventsModule, typesModule } from './types.js';
import { validatorsModule } from './validators.js';

/** Every generated file of the package by its path within it. Deterministic: the same model gives the same texts. */
async function generate(root: string): Promise<Map<string, string>> {
  const model = loadModel(join(root, 'model'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  const asyncApi = asyncApiDocument(model, version, join(root, 'examples'));
  return new Map([
    ['src/generated/types.ts', await typesModule(model)],
    ['src/generated/events.ts', eventsModule(model)],
    ['src/generated/validators.ts', validatorsModule(model)],
    ['asyncapi.json', await format(asyncApi, { parser: 'json', printWidth: 120 })],
  ]);
}

function isCurrent(file: string, text: string): boolean {
  return existsSync(file) && readFileSync(file, 'utf8') === text;
}

const { values: options } = parseArgs({
  options: { check: { type: 'boolean', default: false }, package: { type: 'string', default: packageRoot } },
});

for (const [path, text] of await generate(options.package)) {
  const file = join(options.package, path);
  if (isCurrent(file, text)) continue;
  if (options.check) {
    process.stderr.write(`${path} is not what the model generates: run npm run generate -w schemas\n`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    process.stdout.write(`${relative(process.cwd(), file)}\n`);
  }
}
