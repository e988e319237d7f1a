import { markedValues } from '../options-walk.js';
import { MAPPING_PART, type FieldRule } from './config.js';
import { MappingMistake } from './mistake.js';
import { constantTarget, checkRule } from './rules.js';

export interface PlacedMistake {
  /** From the top of the options to what is wrong: `['mapping', 'fields', 'phone', 'label']`. */
  path: readonly string[];
  code: string;
  message: string;
  hint: string | undefined;
}

/**
 * What is wrong in the field mappings of a connector's options, wherever they stand, each where it is written.
 * @param schema Of the options, with `MappingConfigSchema` or its properties in it.
 */
export function mappingMistakes(schema: unknown, options: unknown): PlacedMistake[] {
  return markedValues(schema, options, (part) => MAPPING_PART in part).flatMap(({ path, value }) =>
    path.at(-1) === 'constants'
      ? Object.keys(value as object).flatMap((name) => mistakeOf(() => constantTarget(name), [...path, name], {}))
      : Object.entries(value as Record<string, FieldRule>).flatMap(([field, rule]) =>
          ofField(field, rule, [...path, field]),
        ),
  );
}

function ofField(field: string, rule: FieldRule, path: readonly string[]): PlacedMistake[] {
  if (Array.isArray(rule))
    return rule.flatMap((single: FieldRule, index) => ofField(field, single, [...path, String(index)]));
  return mistakeOf(() => checkRule(field, rule), path, rule);
}

function mistakeOf(check: () => void, path: readonly string[], rule: unknown): PlacedMistake[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof MappingMistake)) throw error;
    const { code, message, hint, key } = error;
    return [
      {
        path: typeof rule === 'object' && rule !== null && key !== undefined && key in rule ? [...path, key] : path,
        code,
        message,
        hint,
      },
    ];
  }
}
