import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import type { FakeAnswer } from '@unsilo/connector-sdk/testing';

interface Contract {
  source: string;
  answers: Record<string, object>;
  error: object;
  definitions: Record<string, object>;
}

const contract = JSON.parse(readFileSync(join(__dirname, 'answers.json'), 'utf8')) as Contract;
const ajv = new Ajv({ strict: false, allErrors: true });
// The package is CommonJS: its function is the default export, or a member of it, by how it is loaded.
const { default: plugin = formats } = formats as unknown as { default?: unknown };
(plugin as (ajv: Ajv, formats: string[]) => void)(ajv, ['date-time', 'date', 'uri', 'email']);
ajv.addFormat('iso-639-1', /^[a-z]{2,3}$/);
ajv.addFormat('html', true);

const validators = new Map(
  Object.entries({ ...contract.answers, error: contract.error }).map(([call, schema]) => [
    call,
    ajv.compile({ ...schema, definitions: contract.definitions }),
  ]),
);

/** The calls whose answers the contract describes. */
export const calls: readonly string[] = Object.keys(contract.answers);

/** @throws with every violation when an answer isn't what the contract says. */
export function assertContract(call: string, answer: FakeAnswer): void {
  const status = answer.status ?? 200;
  const validate = validators.get(status >= 400 ? 'error' : call);
  if (validate === undefined) return;
  if (validate(answer.body)) return;
  const problems = (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  throw new Error(`${call} ${status} breaks the contract: ${problems.join('; ')}`);
}
