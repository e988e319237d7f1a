import type { Decision } from '@unsilo/schemas';
import { keepsOf } from '../../src/domain/customer.js';
import { pairDecisions, type OrderedDecision } from '../../src/domain/decisions.js';
import { standingAlike } from '../../src/domain/standing.js';
import { createNormaliser } from '../../src/domain.js';

const normaliser = createNormaliser('DE');
const A = 'a/contact/1';
const B = 'b/contact/1';

function made(seq: number, said: object): OrderedDecision {
  const decision = { id: `d${seq}`, author: 'steward', decidedAt: new Date(seq).toISOString(), ...said };
  return { seq, decision: decision as Decision };
}

describe('who takes back what was said about a pair', () => {
  type Word = 'link' | 'unlink' | 'undo link' | 'undo unlink';
  const said = (words: readonly Word[]): OrderedDecision[] =>
    words.map((word, i) => {
      const [kind, undo] = word.startsWith('undo ') ? [word.slice('undo '.length), { undo: true }] : [word, {}];
      // Whoever is named first says nothing.
      return made(i + 1, { kind: kind as 'link' | 'unlink', refs: i % 2 === 0 ? [A, B] : [B, A], ...undo });
    });
  const cases: [Word[], 'link' | 'unlink' | undefined][] = [
    [['unlink', 'link', 'undo link'], 'unlink'],
    [['link', 'unlink', 'undo link'], 'unlink'],
    [['link', 'unlink', 'undo unlink'], 'link'],
    [['link', 'link', 'undo link'], 'link'],
    [['link', 'undo link', 'undo link'], undefined],
    [['link', 'undo unlink'], 'link'],
    [['undo link', 'link'], 'link'],
    [['unlink', 'link', 'undo link', 'undo unlink'], undefined],
    [['link', 'unlink', 'link', 'undo link', 'undo unlink'], 'link'],
  ];
  it.each(cases)('%j leaves %s', (words, left) => {
    const [links, cannotLink] = [left === 'link' ? [[A, B]] : [], left === 'unlink' ? [[A, B]] : []];
    expect(pairDecisions(said(words))).toEqual({ links, cannotLink });
    // Both records hold every decision, and nobody says in which order they are met.
    expect(pairDecisions([...said(words).reverse(), ...said(words)])).toEqual({ links, cannotLink });
  });
});

describe('who names the decision that is taken back', () => {
  const refs = [A, B];
  const pair = [1, 2, 3].map((seq) => made(seq, { kind: seq === 2 ? 'unlink' : 'link', refs }));
  const undo = (seq: number, undoes: string): OrderedDecision => made(seq, { kind: 'link', refs, undo: true, undoes });

  it('leaves a later one that says the same', () => {
    expect(pairDecisions([...pair, undo(4, 'd1')]).links).toEqual([refs]);
    expect(pairDecisions([...pair, undo(4, 'd3')]).cannotLink).toEqual([refs]);
  });

  it('takes back nothing where it was taken back before, or says something else', () => {
    expect(pairDecisions([...pair, undo(4, 'd3'), undo(5, 'd3')]).cannotLink).toEqual([refs]);
    expect(pairDecisions([...pair, undo(4, 'd2'), undo(5, 'd9')]).links).toEqual([refs]);
  });

  it('finds those that say the same and stand, of a list for each element', () => {
    const alike = (decisions: OrderedDecision[], said: object): string[][] =>
      standingAlike(decisions, made(9, said).decision, normaliser);
    expect(alike(pair, { kind: 'link', refs: [B, A] })).toEqual([['d1', 'd3']]);
    expect(alike([...pair, undo(4, 'd3')], { kind: 'link', refs })).toEqual([['d1']]);
    expect(alike(pair, { kind: 'erase', refs })).toEqual([]);
    const [one, other] = [{ address: 'ada@example.org' }, { address: 'ada@example.com' }];
    const keep = (value: object[]): object => ({ kind: 'keep', ref: A, attribute: 'emails', value });
    expect(alike([made(1, keep([one, other])), made(2, keep([other]))], keep([one, other]))).toEqual([
      ['d1'],
      ['d1', 'd2'],
    ]);
  });
});

describe('who takes back what is kept', () => {
  const keep = (seq: number, ref: string, value: unknown, undo?: 'undo', attribute = 'name.given'): OrderedDecision =>
    made(seq, { kind: 'keep', ref, attribute, value, ...(undo && { undo: true }) });
  const kept = (...decisions: OrderedDecision[]): unknown[] => keepsOf(decisions, normaliser).map(({ value }) => value);

  it('leaves what was kept since', () => {
    expect(kept(keep(1, A, 'Augusta'), keep(2, A, 'Ada'), keep(3, A, 'Augusta', 'undo'))).toEqual(['Ada']);
  });

  it('leaves what was kept before', () => {
    expect(kept(keep(1, A, 'Augusta'), keep(2, A, 'Ada'), keep(3, A, 'Ada', 'undo'))).toEqual(['Augusta']);
    expect(kept(keep(1, A, null), keep(2, A, 'Ada'), keep(3, A, 'Ada', 'undo'))).toEqual([undefined]);
  });

  it('leaves what was kept for another record of the customer', () => {
    expect(kept(keep(1, A, 'Augusta'), keep(2, B, 'Ada'), keep(3, A, 'Augusta', 'undo'))).toEqual(['Ada']);
    expect(kept(keep(1, A, 'Ada'), keep(2, B, 'Ada'), keep(3, A, 'Ada', 'undo'))).toEqual(['Ada']);
  });

  it('of several elements, takes back those that are named', () => {
    const [one, other] = [{ address: 'ada@example.org' }, { address: 'Ada@example.com' }];
    const both = keep(1, A, [one, other], undefined, 'emails');
    expect(kept(both, keep(2, A, [{ address: 'ada@example.com' }], 'undo', 'emails'))).toEqual([one]);
    expect(kept(both, keep(2, A, [one, other], 'undo', 'emails'))).toEqual([]);
  });

  it('of a consent, takes back what it said alone', () => {
    const consent = (status: string): object[] => [{ purpose: 'news', channel: 'email', status }];
    const decisions = [keep(1, A, consent('withdrawn'), undefined, 'consents')];
    decisions.push(keep(2, A, consent('granted'), 'undo', 'consents'));
    expect(kept(...decisions)).toEqual(consent('withdrawn'));
  });
});
