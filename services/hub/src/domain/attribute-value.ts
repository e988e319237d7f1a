import {
  jsonPointerStep,
  validate,
  type AttributeValue,
  type Command,
  type Decision,
  type Problem,
} from '@unsilo/schemas';
import { ATTRIBUTE_PATHS, canonicalValue, isListAttribute } from './attributes.js';
import type { Normaliser } from './normalise.js';

/**
 * What is wrong with a value of this attribute, as a record of a system would have to hold it: the schemas of decisions and commands know
 * values of any attribute alone. Its path begins at the value. Undefined: nothing; null, for none, always fits.
 */
function problemOfValue(attribute: string, value: AttributeValue): Problem | undefined {
  const steps = stepsTo(attribute);
  if (!steps) return { path: '', keyword: 'enum', message: 'must be of an attribute that parties have' };
  if (value === null) return undefined;
  const state = steps.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value);
  const checked = validate('party', {
    ref: 'system/kind/id',
    version: { major: 0, minor: 0 },
    changedAt: '2000-01-01T00:00:00Z',
    observedAt: '2000-01-01T00:00:00Z',
    state: { kind: 'person', ...(state as object) },
  });
  const [problem] = checked.ok ? [] : checked.errors;
  if (!problem) return undefined;
  const place = `/state${steps.map(jsonPointerStep).join('')}`;
  return { ...problem, path: problem.path.startsWith(place) ? problem.path.slice(place.length) : '' };
}

/** A value that a steward keeps becomes the customer's, and is written into records. What is taken back may have been anything. */
export function problemOfDecision(decision: Decision): Problem | undefined {
  if (decision.kind !== 'keep' || decision.undo) return undefined;
  const problem = problemOfValue(decision.attribute, decision.value);
  return problem && { ...problem, path: `/value${problem.path}` };
}

/**
 * Whether it keeps none of a list. Each element is kept for itself (SYNC section 4.4), so that this decides nothing: nobody may be told that it
 * does. One that stands on the log from before is as harmless as it was.
 */
export function keepsNothing(decision: Decision): boolean {
  if (decision.kind !== 'keep' || decision.undo || !isListAttribute(decision.attribute)) return false;
  return decision.value === null || (Array.isArray(decision.value) && decision.value.length === 0);
}

/** Ours are made of what records hold, shortened as their systems do it: only what could be nobody's is refused. */
export function problemOfCommand(command: Command, normaliser: Normaliser): Problem | undefined {
  if (command.action !== 'update' && command.action !== 'create') return undefined;
  for (const [attribute, { value }] of Object.entries(command.set)) {
    if (!isReadable(attribute, value, normaliser))
      return { path: `/set${jsonPointerStep(attribute)}`, keyword: 'type', message: 'is no value of this attribute' };
  }
  return undefined;
}

/** Whether a value can be compared with others at all. */
export function isReadable(attribute: string, value: AttributeValue, normaliser: Normaliser): boolean {
  try {
    canonicalValue(attribute, value, normaliser);
    return true;
  } catch {
    return false;
  }
}

/** Names on the way from a party's state to the value. */
function stepsTo(attribute: string): string[] | undefined {
  if (attribute.startsWith('extra.')) return ['extra', attribute.slice('extra.'.length)];
  return ATTRIBUTE_PATHS.includes(attribute) ? attribute.split('.') : undefined;
}
