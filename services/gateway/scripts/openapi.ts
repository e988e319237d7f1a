import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiDocument } from '../src/index.js';
import { format } from 'prettier';

/** Writes openapi.json from the routes; with --check only says whether it is up to date. */
const file = join(import.meta.dirname, '..', 'openapi.json');
const text = await format(JSON.stringify(await openApiDocument()), { parser: 'json', printWidth: 120 });
if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write(
    'services/gateway/openapi.json is not what the routes say: run `npm run generate -w @unsilo/gateway`.\n',
  );
  process.exitCode = 1;
}
