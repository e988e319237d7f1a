import { counted } from '@unsilo/schemas';
import type { Comparison, CustomerEvidence, CustomerJoin, NearMiss } from '../service.js';
import { digitsToTell, signed } from './explain-pair.js';

/** Attributes that are named for one pair, those that say most. */
const NAMED = 4;

export function customerInWords(detail: CustomerEvidence): string[] {
  const { members, joins, weakest, pairs, against, nearMisses, floor, threshold, guard, model, isComplete } = detail;
  const words = [
    members.length === 1
      ? `One record, ${members[0] ?? ''}: nothing is joined with it.`
      : `${members.length} records are one customer, by ${joins.length === 1 ? 'one join' : counted(joins.length, 'join')} in this order (model ${model}; evidence joins from ${signed(floor ?? threshold)} bits on, while the mean between the two parts is ${signed(guard)} bits or more).`,
  ];
  if (floor === undefined) words.push('So many records hang together here that only decisions join them.');
  else if (floor > threshold)
    words.push(
      `So many records hang together here that evidence counts from ${signed(floor)} bits on only, not from ${signed(threshold)}.`,
    );
  for (const [i, join] of joins.entries()) words.push(`${i + 1}. ${joinInWords(join)}`);
  const weak = weakest === undefined ? undefined : joins[weakest];
  if (weak?.margin !== undefined && weakest !== undefined)
    words.push(
      `The weakest is join ${weakest + 1}: had ${weak.a} and ${weak.b} said ${weak.margin.toFixed(1)} bits less, they would not have joined the two parts.`,
    );
  if (against.count > 0)
    words.push(
      `${against.count} of the ${counted(pairs, 'pair')} ${against.count === 1 ? 'speaks' : 'speak'} against one party, most of all ${against.strongest
        .slice(0, 3)
        .map(({ a, b, bits }) => `${a} and ${b} (${signed(bits)} bits)`)
        .join(', ')}.`,
    );
  else if (pairs > 1) words.push(`None of the ${pairs} pairs speaks against one party.`);
  words.push(nearMisses.length === 0 ? 'No other record comes near.' : 'Nearest outside:');
  for (const miss of nearMisses) words.push(`- ${missInWords(miss, detail)}`);
  if (!isComplete) words.push('There are more records near than are told here.');
  return words;
}

function joinInWords({ by, a, b, bits, between, pairs, against, comparison, decision }: CustomerJoin): string {
  const said = pairs === 0 ? '' : `; they themselves say ${signed(bits)} bits`;
  const how =
    by === 'decision'
      ? `${decision?.author ?? 'A steward'} linked ${a} and ${b}${decision?.reason === undefined ? '' : ` (${decision.reason})`}${said}`
      : by === 'creation'
        ? `The hub made one of ${a} and ${b} for the other${said}`
        : `${a} and ${b}: ${signed(bits)} bits`;
  if (pairs === 0) return `${how}; one of the two parts states nothing of its own, so nothing was weighed.`;
  const mean =
    pairs === 1
      ? ''
      : ` Over all ${pairs} pairs of the two parts ${signed(between)} bits on average${against === 0 ? '' : `, ${against} of them against`}.`;
  return `${how} (${telling(comparison)}).${mean}`;
}

/** What says most, either way. */
function telling({ evidence, prior, household }: Comparison): string {
  const most = [...evidence].sort((x, y) => Math.abs(y.bits) - Math.abs(x.bits));
  const said = most.slice(0, NAMED).map(({ bits, words }) => `${signed(bits)} ${words.replace(/ \(.*\)$/, '')}`);
  const rest = most.slice(NAMED).reduce((sum, { bits }) => sum + bits, household);
  if (most.length > NAMED || household !== 0) said.push(`${signed(rest)} for the rest`);
  return [...said, `${signed(prior)} for any two`].join(', ');
}

function missInWords({ a, b, reason, comparison, decision }: NearMiss, { threshold, floor }: CustomerEvidence): string {
  const { bits, between = 0, guard, review } = comparison;
  const digits = digitsToTell(bits, threshold, review);
  const needed = digitsToTell(between, guard);
  const why = {
    unsure: `below ${signed(threshold, digits)}, so a steward is asked`,
    weak: `below ${signed(review, digits)}, from where on a steward is asked`,
    guard: `but all pairs of the two say ${signed(between, needed)} on average, and ${signed(guard, needed)} is needed`,
    decision: `${decision?.author ?? 'a steward'} keeps them apart${decision?.reason === undefined ? '' : ` (${decision.reason})`}`,
    exclusive: 'but an identifier differs of which a party has one',
    crowd:
      floor === undefined
        ? 'but so many records hang together here that only decisions join them'
        : `but so many records hang together here that evidence counts from ${signed(floor)} on only`,
  }[reason];
  return `${b} with ${a}: ${signed(bits, digits)} bits, ${why} (${telling(comparison)}).`;
}
