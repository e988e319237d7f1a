import type { Version } from '@unsilo/schemas';
import { canonicalValue, isListAttribute, valueOf, type FlatState } from './attributes.js';
import { baseOf, type KnownCommand } from './facts.js';
import { isElementExplained, isExplained } from './rewriting.js';
import type { EvaluationContext, Point, Write } from './testimony.js';
import { isAfter } from './version.js';

/**
 * Between which versions a write may have stood that a reading found undone on a record that had moved on: after `pre`, up to `version`.
 * Undefined for every other command.
 */
export function undoneWindow(known: KnownCommand): { pre: Version; version: Version } | undefined {
  const { command, outcome } = known;
  const isUndone = outcome?.status === 'conflict' || outcome?.status === 'not-applied';
  if (!isUndone || outcome.exact !== false || command.action !== 'update' || known.redacted) return undefined;
  return outcome.version && { pre: outcome.pre ?? baseOf(known), version: outcome.version };
}

/**
 * The state that shows an overtaken write: whoever read, after an unclear try, that a record had moved on and doesn't hold what was sent, can't
 * say whether it never did. A state within that window that holds all of it, and had not before, says so: it is the write's read-back
 * (ADR 0006). Undefined: nothing shows it.
 * @param points In order.
 * @param below What stood before the first point, as far as it is known.
 */
export function showsOvertaken(
  write: Write,
  points: readonly Point[],
  below: FlatState | undefined,
  context: EvaluationContext,
): Point | undefined {
  return points.find((point, i) => {
    const isInWindow =
      (write.pre === null || isAfter(point.version, write.pre)) && !isAfter(point.version, write.version);
    return (
      isInWindow &&
      point.writes.length === 0 &&
      holds(write, point.flat, context) &&
      isNew(write, point.flat, points[i - 1]?.flat ?? below, context)
    );
  });
}

function holds(write: Write, flat: FlatState, { profile, normaliser }: EvaluationContext): boolean {
  for (const [attribute, sent] of write.scalars)
    if (!isExplained(flat.scalars.get(attribute), sent, profile?.attributes[attribute]?.rewrites)) return false;
  for (const [attribute, sent] of write.lists) {
    if (!isListAttribute(attribute)) continue;
    const rewrites = profile?.attributes[attribute]?.rewrites;
    const stands = [...(flat.lists.get(attribute) ?? [])];
    if (stands.length !== sent.size) return false;
    if (!stands.every(([key, element]) => isElementExplained(attribute, key, element, sent, rewrites, normaliser)))
      return false;
  }
  return true;
}

function isNew(
  write: Write,
  flat: FlatState,
  previous: FlatState | undefined,
  { normaliser }: EvaluationContext,
): boolean {
  if (!previous) return true;
  return [...write.scalars.keys(), ...write.lists.keys()].some((attribute) => {
    const [is, was] = [flat, previous].map((f) => canonicalValue(attribute, valueOf(f, attribute), normaliser));
    return is !== was;
  });
}
