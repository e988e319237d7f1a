import type { PairExplained } from '../../api/types.js';
import { Badge } from '../../parts/feedback.js';

export type Comparison = NonNullable<PairExplained['detail']['comparison']>;

const HOUSEHOLD = {
  shared: 'Shared by households',
  names: 'Nothing but the names agrees',
  moved: 'Moved as a whole',
} as const;

const VERDICTS = { match: 'one party', review: 'for a steward', 'no match': 'two parties' } as const;

/** What each attribute says about a pair, in bits, from the odds of any two records to the sum. */
export function Waterfall({ comparison }: { comparison: Comparison }) {
  const { prior, evidence, household, householdBy, bits, threshold, guard, between, verdict, proposed, generic } =
    comparison;
  const digits = digitsToTell(bits, threshold);
  const needed = digitsToTell(between ?? 0, guard);
  return (
    <>
      <table class="waterfall" aria-label="Evidence in bits">
        <tbody>
          <Row says="Any two records" bits={prior} />
          {evidence.map(({ attribute, words, left, right, bits: its }) => (
            <Row key={attribute} says={words} values={left === right ? left : `${left} / ${right}`} bits={its} />
          ))}
          {householdBy !== undefined && <Row says={HOUSEHOLD[householdBy]} bits={household} />}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">
              Together <Badge tone={verdict === 'match' ? 'good' : 'calm'}>{VERDICTS[verdict]}</Badge>
            </th>
            <td>{signed(bits, digits)}</td>
          </tr>
        </tfoot>
      </table>
      <p class="small dim">
        From {signed(threshold, digits)} bits on two records are one party.
        {between !== undefined &&
          ` Between the two customers it is ${signed(between, needed)} on average; ${signed(guard, needed)} is needed.`}
        {!proposed && ' They share no key under which candidates are found.'}
      </p>
      {generic.length > 0 && <p class="small dim">Shared by too many to count: {generic.join(', ')}.</p>}
    </>
  );
}

function Row({ says, values, bits }: { says: string; values?: string; bits: number }) {
  return (
    <tr>
      <th scope="row">
        {says}
        {values !== undefined && <span class="dim"> {values}</span>}
      </th>
      <td class={bits < 0 ? 'against' : 'for'}>{signed(bits)}</td>
    </tr>
  );
}

/** Bits with their sign. */
export function signed(bits: number, digits = 1): string {
  return `${bits < 0 ? '−' : '+'}${Math.abs(bits).toFixed(digits)}`;
}

/** Digits behind the point, three at most, that it takes to tell bits from what they are held against. */
function digitsToTell(bits: number, mark: number): number {
  return [1, 2].find((digits) => bits === mark || bits.toFixed(digits) !== mark.toFixed(digits)) ?? 3;
}
