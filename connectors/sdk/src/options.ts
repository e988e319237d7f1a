import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { Connector } from './connector.js';

/** Marks an option as a path: `Type.String({ ...path, description })`. A relative one starts from the folder of the configuration. */
export const path = { 'x-unsilo-path': true } as const;
/** Marks an option that is an address or a path: what begins with `./` or `../` starts from the folder of the configuration. */
export const addressOrPath = { 'x-unsilo-path': 'dotted' } as const;

export interface OptionProblem {
  /** JSON pointer into the options: `/mapping/fields`. */
  path: string;
  message: string;
}

/** Fills in the defaults of the connector's schema and checks the result. Values are never part of a message. */
export function parseOptions<Options>(
  connector: Connector<Options>,
  given: unknown,
): { ok: true; options: Options } | { ok: false; problems: OptionProblem[] } {
  const schema = connector.options as TSchema;
  const options: unknown = Value.Default(schema, structuredClone(given ?? {}));
  if (Value.Check(schema, options)) return { ok: true, options: options as Options };
  const problems = Value.Errors(schema, options).map((error) => ({ path: error.instancePath, message: error.message }));
  return { ok: false, problems };
}
