import type { DecisionRequest, MatchingReport, ReviewItem } from '@unsilo/hub';
import type { LinkDecision } from '@unsilo/schemas';
import { asking, ASKING } from '../asking.js';
import {
  action,
  argument,
  CommandError,
  EXIT,
  noMoreArguments,
  UsageError,
  type Command,
  type ExitCode,
} from '../command.js';
import { printable } from '../output.js';

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
    'review undo REF REF [--reason TEXT]',
    'review report',
  ],
  description:
    'Those come first where a decision would change most: records written, then records concerned. A decision holds against retraining and\n' +
    'replay until it is taken back: `undo` takes back the one that counts now, and the one before it counts again. Why a pair scores as it\n' +
    'does: `unsilo explain pair REF REF`.',
  options: {
    ...ASKING,
    limit: { type: 'string', value: 'N', description: `At most so many pairs, up to ${MOST}; default 20` },
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
    const what = action(invocation, ['list', 'link', 'apart', 'undo', 'report']);
    const { output } = surroundings;
    if (what === 'list') {
      noMoreArguments(invocation, 1);
      const limit = limitOf(invocation.text('limit'));
      return asking(invocation, surroundings, async ({ service, actor }) => {
        const queue = await service.review(actor, { limit });
        if (output.json) {
          output.value(queue);
          return EXIT.ok;
        }
        for (const { a, b, bits, reason, effect } of queue.items)
          output.data(
            printable(
              `${a} ${b}: ${bits.toFixed(1)} bits, ${REASONS[reason]}; a link would join ${effect.records} records and write ${effect.writes}`,
            ),
          );
        const more = queue.isComplete ? '' : ' or more';
        output.message(queue.waiting === 0 ? 'Nothing waits.' : `${queue.waiting}${more} pairs of customers wait.`);
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
    const refs: [string, string] = [
      argument(invocation, 1, 'The first ref'),
      argument(invocation, 2, 'The second ref'),
    ];
    const reason = invocation.text('reason');
    const why = reason === undefined ? {} : { reason };
    return asking(invocation, surroundings, async ({ service, actor }) => {
      const { standing } = what === 'undo' ? (await service.explainPair(actor, ...refs)).detail : { standing: [] };
      const [before, last] = [standing.at(-2), standing.at(-1)];
      if (what === 'undo' && !last)
        throw new CommandError(
          'UNSILO_NOTHING_TO_UNDO',
          'Nobody has decided anything about these two that still stands.',
          'What was said about them: `unsilo explain pair REF REF`.',
        );
      const request: DecisionRequest = last
        ? { kind: last.kind, refs, undo: true, ...why }
        : { kind: what === 'link' ? 'link' : 'unlink', refs, ...why };
      const { decision, inEffect } = await service.decide(actor, request, { withinMs: PATIENCE_MS });
      if (output.json) output.value({ ...decision, inEffect });
      else {
        output.message(`Decided by ${decision.author} on ${decision.decidedAt}.`);
        if (last) output.message(`Taken back: ${inWords(last)}.`);
        if (before) output.message(`What was decided before counts again: ${inWords(before)}.`);
        if (!inEffect) output.message('It is kept, and takes effect when the hub comes to it.');
      }
      return EXIT.ok;
    });
  },
};

function inWords({ kind, author, decidedAt }: LinkDecision): string {
  return `${kind === 'link' ? 'the same' : 'kept apart'}, by ${author} on ${decidedAt}`;
}

function reportLines(report: MatchingReport): string[] {
  const { id, records } = report.largestCustomer;
  return [
    `model              ${report.model}`,
    `records            ${report.records} in ${report.customers} customers, the largest of ${records}${id === undefined ? '' : ` (${id})`}`,
    `keys               ${report.keys}, of which ${report.retiredKeys} propose nobody: too many share them (the largest ${report.largestKey})`,
    `values             ${report.values}, of which ${report.genericValues} are no evidence: too many names stand with them`,
    `kept apart         ${report.partedComponents} groups that hang together by evidence`,
  ];
}

function limitOf(text: string | undefined): number {
  const limit = Number(text ?? 20);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new UsageError(`--limit must be a whole number from 1 to ${MOST}.`);
  return limit;
}
