import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DeadLetterState, DeadLetterView } from '@unsilo/hub';
import { asking, ASKING } from '../asking.js';
import {
  action,
  argument,
  choice,
  EXIT,
  noMoreArguments,
  UsageError,
  type Command,
  type ExitCode,
} from '../command.js';
import { printable, table, type Output } from '../output.js';

const STATES: readonly DeadLetterState[] = ['open', 'replayed', 'discarded'];
const MOST = 200;

export const deadLetters: Command = {
  name: 'dead-letters',
  summary: 'List, show, replay and discard input that could not be used',
  usage: [
    'dead-letters [list] [--state STATE] [--code CODE]',
    'dead-letters show ID',
    'dead-letters replay ID [--payload FILE] [--dry-run]',
    'dead-letters discard ID --reason TEXT',
  ],
  options: {
    ...ASKING,
    state: { type: 'string', value: 'STATE', description: `Only those ${STATES.join(', ')}` },
    code: { type: 'string', value: 'CODE', description: 'Only those that failed for this reason' },
    limit: { type: 'string', value: 'N', description: `At most so many (1 to ${MOST}; default 50)` },
    payload: { type: 'string', value: 'FILE', description: 'The mended input; - reads it from stdin' },
    'dry-run': { type: 'boolean', description: 'Only say what would happen' },
    reason: { type: 'string', value: 'TEXT', description: 'Why it is discarded' },
  },
  examples: [
    { command: 'unsilo dead-letters --state open', what: 'What still waits' },
    { command: 'unsilo dead-letters replay dl_01 --payload mended.json --dry-run', what: 'Would it be accepted now?' },
  ],
  async run(invocation, surroundings) {
    const { output, cwd } = surroundings;
    const wanted = action(invocation, ['list', 'show', 'replay', 'discard']);
    const changes = wanted === 'discard' || (wanted === 'replay' && !invocation.flag('dry-run'));
    const work = asking(
      invocation,
      surroundings,
      async ({ service, actor }): Promise<ExitCode> => {
        const id = (): string => {
          noMoreArguments(invocation, 2);
          return argument(invocation, 1, 'The id of the dead letter');
        };
        switch (wanted) {
          case 'list': {
            noMoreArguments(invocation, 1);
            const limit = invocation.number('limit', { min: 1, max: MOST }) ?? 50;
            const page = await service.deadLetters(actor, {
              ...filter(choice(invocation, 'state', STATES), invocation.text('code')),
              limit,
            });
            if (output.json) output.value(page);
            else {
              for (const line of letterTable(page.items)) output.data(line);
              if (page.items.some(({ replayable }) => !replayable))
                output.message('What can not be replayed: `unsilo dead-letters show ID` says what to do instead.');
            }
            return EXIT.ok;
          }
          case 'show':
            return show(output, await service.deadLetter(actor, id()));
          case 'replay': {
            const file = invocation.text('payload');
            const payload =
              file === undefined ? {} : { payload: readFileSync(file === '-' ? 0 : resolve(cwd, file), 'utf8') };
            const result = await service.replayDeadLetter(actor, id(), {
              ...payload,
              dryRun: invocation.flag('dry-run'),
            });
            if (output.json) output.value(result);
            else {
              output.data(result.event === undefined ? result.status : `${result.status} ${result.event}`);
              for (const { path, message } of result.errors ?? []) output.data(printable(`${path} ${message}`));
            }
            return result.status === 'invalid' ? EXIT.found : EXIT.ok;
          }
          case 'discard': {
            const reason = invocation.text('reason');
            if (reason === undefined) throw new UsageError('--reason is missing.');
            return show(output, await service.discardDeadLetter(actor, id(), reason));
          }
        }
      },
      changes ? 'writing' : 'reading',
    );
    return work;
  },
};

function filter(
  state: DeadLetterState | undefined,
  code: string | undefined,
): { state?: DeadLetterState; code?: string } {
  return { ...(state === undefined ? {} : { state }), ...(code === undefined ? {} : { code }) };
}

function letterTable(letters: readonly DeadLetterView[]): string[] {
  return table(
    ['ID', 'PARKED', 'STATE', 'REPLAY', 'WHERE', 'CODE', 'MESSAGE'],
    letters.map(({ id, parkedAt, state, replayable, at, code, message }) => [
      id,
      parkedAt,
      state,
      replayable ? 'yes' : 'no',
      whereabouts(at),
      code,
      message,
    ]),
  );
}

function whereabouts(at: DeadLetterView['at']): string {
  const { system, file, line, url, ref, topic, partition, offset } = at;
  const onLog = topic === undefined ? undefined : `${topic}/${partition ?? 0}/${offset ?? 0}`;
  const place = file === undefined ? (ref ?? url ?? onLog) : `${file}${line === undefined ? '' : `:${line}`}`;
  return [system, place].filter((part) => part !== undefined).join(' ');
}

function show(output: Output, letter: DeadLetterView): ExitCode {
  if (output.json) {
    output.value(letter);
    return EXIT.ok;
  }
  const { id, state, stateReason, code, message, hint, instead, at, payload, encoding, truncated, parkedAt } = letter;
  output.data(`${id} ${state}${stateReason === undefined ? '' : `: ${printable(stateReason)}`}`);
  output.data(printable(`${parkedAt} ${whereabouts(at)}`));
  output.data(printable(`${message} [${code}]`));
  if (hint !== undefined) output.data(printable(`Hint: ${hint}`));
  if (instead !== undefined) output.data(printable(`It can't be replayed. ${instead}`));
  output.message(`Payload (${encoding}${truncated === true ? ', cut' : ''}):`);
  output.data(payload.split('\n').map(printable).join('\n'));
  return EXIT.ok;
}
