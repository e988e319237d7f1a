import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { PartyState } from '@unsilo/schemas';
import { fieldMapping, mergeMappings, type FieldMapping } from '../../index.js';
import type { FieldRuleObject, MappingConfig } from '../../mapping/config.js';
import { dateForm, isoForm } from '../../mapping/dates.js';
import { rulesOf } from '../../mapping/rules.js';
import type { ConformanceSubject, TestGlobals } from './world.js';

/** Shows that what a record can say is written so that it reads back the same. */
export function mappingConformance<Options>(
  subject: ConformanceSubject<Options>,
  { describe, test }: TestGlobals,
): void {
  const mappings = Object.entries(subject.mappings ?? {});
  if (mappings.length === 0) return;
  describe('mapping', () => {
    for (const [name, config] of mappings)
      test(`${name}: decode(encode(x)) = x`, () => {
        const mapping = fieldMapping(mergeMappings(config, undefined));
        fc.assert(
          fc.property(recordOf(config), (record) => {
            const { state } = mapping.decode(record);
            const { fields, problems } = mapping.encodeState(state);
            const unsaid = problems.map((problem) => problem.attribute);
            assert.deepEqual(sayable(mapping.decode(fields).state, mapping, unsaid), sayable(state, mapping, unsaid));
          }),
          { numRuns: 200 },
        );
      });
  });
}

/** Records with values of the kind that each field holds, and now and then anything else. */
function recordOf(config: MappingConfig): fc.Arbitrary<Record<string, unknown>> {
  const fields = Object.entries(config.fields).map(([field, rule]) => {
    const own = rulesOf(rule).map(valueOf);
    return [field, fc.oneof(...own, fc.string(), fc.string({ unit: 'binary' }), fc.constant(''))] as const;
  });
  const kind = config.kind;
  if (typeof kind === 'object') fields.push([kind.field, fc.constantFrom('', ...kind.organization.map(String))]);
  return fc.record(Object.fromEntries(fields), { requiredKeys: [] });
}

function valueOf(rule: FieldRuleObject): fc.Arbitrary<string> {
  const listed = [...Object.keys(rule.values ?? {}), ...(rule.granted ?? []), ...(rule.withdrawn ?? [])].map(String);
  if (listed.length > 0) return fc.constantFrom(...listed);
  if (rule.attribute === 'birthDate' || rule.date !== undefined) {
    const form = rule.date === undefined ? isoForm : dateForm(rule.date);
    const days = fc.date({ min: new Date('1900-01-01'), max: new Date('2030-12-31'), noInvalidDate: true });
    return days.map((day) => form.format(day.toISOString().slice(0, 10)));
  }
  if (rule.type === 'number') return fc.integer().map(String);
  if (rule.type === 'boolean') return fc.constantFrom('true', 'false');
  if (rule.attribute.startsWith('links') || rule.attribute.endsWith('.uri')) return fc.webUrl();
  if (rule.attribute.startsWith('emails')) return fc.emailAddress();
  return fc.lorem({ maxCount: 3 });
}

/** A state without the attributes that the mapping can't write, or told that it can't. */
function sayable(state: PartyState, mapping: FieldMapping, unsaid: readonly string[]): unknown {
  const profile = mapping.attributes();
  const flat: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(state)) {
    if (name === 'name' || name === 'extra')
      for (const [part, text] of Object.entries(value as object)) flat[`${name}.${part}`] = text;
    else flat[name] = value;
  }
  const isUnsaid = (path: string) => unsaid.some((other) => other === path || other.startsWith(`${path}.`));
  return Object.fromEntries(
    Object.entries(flat).filter(([path]) => profile[path]?.writable !== false && !isUnsaid(path)),
  );
}
