import type { DecisionList, DecisionRequest, MatchingReport, ReviewItem } from '@unsilo/hub';
import type { Decision, LinkDecision } from '@unsilo/schemas';
import { counted } from '@unsilo/schemas';
import { asking, ASKING, type Asking } from '../asking.js';
import { action, argument, CommandError, EXIT, noMoreArguments, type Command, type ExitCode } from '../command.js';
import { printable, table, type Output } from '../output.js';
import { pages } from '../pages.js';

const REASONS: Record<ReviewItem['reason'], string> = {
  unsure: 'in the review band',
  contradicted: 'their other records speak against it',
  exclusive: 'an identifier differs of which a party has one',
};

const MOST = 200;
/** On servers the hub may run elsewhere; a process waits by itself. */
const PATIENCE_MS = 3000;

export const review: Command = {
  name: 'review',
  summary: 'Pairs of records that may be one party, and what a steward says about them',
  usage: [
    'review [list] [--limit N]',
    'review link REF REF [--reason TEXT]',
    'review apart REF REF [--reason TEXT]',
    'review undo REF REF|DECISION [--reason TEXT]',
    'review decisions [ID|REF] [--limit N]',
    'review report',
  ],
  description:
    'Those come first where a decision would change most: records written, then records concerned. A decision holds against retraining and\n' +
    'replay until it is taken back: `undo` takes back the one that counts now about two records, and the one before it counts again, or the one\n' +
    'with this id, which `decisions` tells: all, or those about one customer. Why a pair scores as it does: `unsilo explain pair REF REF`.',
  options: {
    ...ASKING,
    limit: { type: 'string', value: 'N', description: `At most so many, 1 to ${MOST}; default 20` },
    reason: { type: 'string', value: 'TEXT', description: 'Why; kept with the decision' },
  },
  examples: [
    { command: 'unsilo review', what: 'What waits for a decision' },
    {
      command: 'unsilo review apart crm/contact/1 shop/row/7 --reason "mother and daughter"',
      what: 'Two people, whatever they share',
    },
    { command: 'unsilo review report', what: 'Keys and values that too many share, and the largest customer' },
  ],
  async run(invocation, surroundings): Promise<ExitCode> {
    const what = action(invocation, ['list', 'link', 'apart', 'undo', 'decisions', 'report']);
    const { output, signal } = surroundings;
    if (what === 'decisions') {
      noMoreArguments(invocation, 2);
      const limit = invocation.number('limit', { min: 1, max: MOST }) ?? 20;
      const customer = invocation.positionals[1];
      return asking(invocation, surroundings, async ({ service, actor }) => {
        const list = await service.decisions(actor, { limit, ...(customer === undefined ? {} : { customer }) });
        tellDecisions(output, list);
        return EXIT.ok;
      });
    }
    if (what === 'list') {
      noMoreArguments(invocation, 1);
      const limit = invocation.number('limit', { min: 1, max: MOST }) ?? 20;
      return asking(invocation, surroundings, async ({ service, actor }) => {
        const queue = await service.review(actor, { limit });
        if (output.json) {
          output.value(queue);
          return EXIT.ok;
        }
        for (const { a, b, bits, reason, effect } of queue.items)
          output.data(
            printable(
              `${a} ${b}: ${bits.toFixed(1)} bits, ${REASONS[reason]}; a link would join ${counted(effect.records, 'record')} and write ${effect.writes}`,
            ),
          );
        const more = queue.isComplete ? '' : ' or more';
        output.message(
          queue.waiting === 0
            ? 'Nothing waits.'
            : `${queue.waiting}${more} ${queue.waiting === 1 && more === '' ? 'pair of customers waits' : 'pairs of customers wait'}.`,
        );
        return EXIT.ok;
      });
    }
    if (what === 'report') {
      noMoreArguments(invocation, 1);
      return asking(invocation, surroundings, async ({ service, actor }) => {
        const report = await service.matchingReport(actor);
        if (output.json) output.value(report);
        else for (const line of reportLines(report)) output.data(printable(line));
        return EXIT.ok;
      });
    }
    noMoreArguments(invocation, 3);
    const reason = invocation.text('reason');
    const why = reason === undefined ? {} : { reason };
    const named = what === 'undo' && invocation.positionals.length === 2 ? invocation.positionals[1] : undefined;
    const refs = (): [string, string] => [
      argument(invocation, 1, 'The first ref'),
      argument(invocation, 2, 'The second ref'),
    ];
    return asking(invocation, surroundings, async (asked) => {
      const { service, actor } = asked;
      const undone =
        what !== 'undo'
          ? undefined
          : named === undefined
            ? await lastAbout(asked, refs())
            : await find(asked, named, signal);
      const request: DecisionRequest = undone
        ? undoOf(undone.decision, why)
        : { kind: what === 'link' ? 'link' : 'unlink', refs: refs(), ...why };
      const { decision, inEffect } = await service.decide(actor, request, { withinMs: PATIENCE_MS });
      if (output.json) output.value({ ...decision, inEffect });
      else {
        output.message(`Decided by ${decision.author} on ${decision.decidedAt}.`);
        if (undone) output.message(`Taken back: ${inWords(undone.decision)} (${undone.decision.id}).`);
        if (undone?.before) output.message(`What was decided before counts again: ${inWords(undone.before)}.`);
        if (!inEffect) output.message('It is kept, and takes effect when the hub comes to it.');
      }
      return EXIT.ok;
    });
  },
};

interface Undone {
  decision: Exclude<Decision, { kind: 'erase' }>;
  /** What counts about the same two records once it is taken back. */
  before?: LinkDecision | undefined;
}

/** What counts now about two records, and what counted before. @throws UNSILO_NOTHING_TO_UNDO */
async function lastAbout({ service, actor }: Asking, refs: readonly [string, string]): Promise<Undone> {
  const { standing } = (await service.explainPair(actor, ...refs)).detail;
  const [before, decision] = [standing.at(-2), standing.at(-1)];
  if (decision) return { decision, before };
  throw new CommandError(
    'UNSILO_NOTHING_TO_UNDO',
    'Nobody has decided anything about these two that still stands.',
    'What was said about them: `unsilo explain pair REF REF`.',
  );
}

/** @throws UNSILO_NOTHING_TO_UNDO */
async function find({ service, actor }: Asking, id: string, signal: AbortSignal): Promise<Undone> {
  for await (const decision of pages((cursor) => service.decisions(actor, { limit: MOST, ...cursor }), signal))
    if (decision.id === id && decision.kind !== 'erase' && !decision.undo) return { decision };
  throw new CommandError(
    'UNSILO_NOTHING_TO_UNDO',
    'No decision that can be taken back has this id.',
    '`unsilo review decisions` lists them. An erasure is for good.',
  );
}

function undoOf(decision: Undone['decision'], why: { reason?: string }): DecisionRequest {
  const undo = { undo: true, undoes: decision.id, ...why };
  if (decision.kind !== 'keep') return { kind: decision.kind, refs: decision.refs, ...undo };
  const { kind, ref, attribute, value } = decision;
  return { kind, ref, attribute, value, ...undo };
}

function tellDecisions(output: Output, list: DecisionList): void {
  if (output.json) {
    output.value(list);
    return;
  }
  const left = new Set(list.standing);
  const rows = list.items.map((decision) => {
    const { id, decidedAt, author, kind, reason = '' } = decision;
    const undo = kind !== 'erase' && decision.undo ? `undo ${decision.undoes ?? kind}` : undefined;
    const about = kind === 'keep' ? `${decision.ref} ${decision.attribute}` : decision.refs.join(' ');
    const stands = undo !== undefined || kind === 'erase' ? '' : left.has(id) ? 'yes' : 'no';
    return [id, decidedAt, author, undo ?? kind, stands, about, reason];
  });
  for (const line of table(['ID', 'DECIDED', 'BY', 'SAYS', 'STANDS', 'ABOUT', 'WHY'], rows)) output.data(line);
  if (list.next !== undefined) output.message('There are more: raise --limit, or name a customer.');
}

function inWords({ kind, author, decidedAt }: Undone['decision']): string {
  const said = { link: 'the same', unlink: 'kept apart', keep: 'a value that is kept' } as const;
  return `${said[kind]}, by ${author} on ${decidedAt}`;
}

function reportLines(report: MatchingReport): string[] {
  const { id, records } = report.largestCustomer;
  return [
    `model              ${report.model}`,
    `records            ${report.records} in ${counted(report.customers, 'customer')}, the largest of ${records}${id === undefined ? '' : ` (${id})`}`,
    `keys               ${report.keys}, of which ${report.retiredKeys} propose nobody: too many share them (the largest ${report.largestKey})`,
    `values             ${report.values}, of which ${report.genericValues} are no evidence: too many names stand with them`,
    `kept apart         ${report.partedComponents === 1 ? '1 group that hangs' : `${report.partedComponents} groups that hang`} together by evidence`,
  ];
}
