import type { PairExplained } from '../../api/types.js';
import { Badge } from '../../parts/feedback.js';

export type Comparison = NonNullable<PairExplained['detail']['comparison']>;

const VERDICTS = { match: 'one party', review: 'for a steward', 'no match': 'two parties' } as const;

/** What each attribute says about a pair, in bits, from the odds of any two records to the sum. */
export function Waterfall({ comparison }: { comparison: Comparison }) {
  const { prior, evidence, household, bits, threshold, guard, between, verdict, proposed, generic } = comparison;
  return (
    <>
      <table class="waterfall" aria-label="Evidence in bits">
        <tbody>
          <Row says="Any two records" bits={prior} />
          {evidence.map(({ attribute, words, left, right, bits: its }) => (
            <Row key={attribute} says={words} values={left === right ? left : `${left} / ${right}`} bits={its} />
          ))}
          {household !== 0 && <Row says="Shared by households, moved as a whole, or a name alone" bits={household} />}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">
              Together <Badge tone={verdict === 'match' ? 'good' : 'calm'}>{VERDICTS[verdict]}</Badge>
            </th>
            <td>{signed(bits)}</td>
          </tr>
        </tfoot>
      </table>
      <p class="small dim">
        From {signed(threshold)} bits on two records are one party.
        {between !== undefined &&
          ` Between the two customers it is ${signed(between)} on average; ${signed(guard)} is needed.`}
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
export function signed(bits: number): string {
  return `${bits < 0 ? '−' : '+'}${Math.abs(bits).toFixed(1)}`;
}
