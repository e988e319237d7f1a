import type { LiveEvent } from '@unsilo/hub';
import { topicName, topics as allTopics, type TopicKind } from '@unsilo/schemas';
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
import { printable, type Output } from '../output.js';
import { explained } from './explain.js';

const MOST = 200;

export const events: Command = {
  name: 'events',
  summary: 'Show what flows: the newest events, what comes, and what became of one',
  usage: ['events [--topic TOPIC] [--limit N]', 'events tail [--topic TOPIC]…', 'events show ID'],
  description: `Topics: ${Object.keys(allTopics)
    .map((kind) => (kind === 'commands' ? 'commands.SYSTEM' : kind))
    .join(', ')}.`,
  options: {
    ...ASKING,
    topic: { type: 'string', multiple: true, value: 'TOPIC', description: 'Default: parties; tail: all' },
    limit: { type: 'string', value: 'N', description: `At most so many (1 to ${MOST}; default 20)` },
    after: { type: 'string', value: 'CURSOR', description: 'tail: go on after the event with this cursor' },
  },
  examples: [
    { command: 'unsilo events --topic interactions', what: 'The newest ones' },
    { command: 'unsilo events tail --json | jq .subject', what: 'Everything that comes, one event a line' },
    { command: 'unsilo events show 0198c2…', what: 'What became of it at each hop' },
  ],
  async run(invocation, surroundings) {
    const { output, signal } = surroundings;
    const wanted = action(invocation, ['list', 'tail', 'show']);
    const topics = invocation.texts('topic').map(fullName);
    const limit = invocation.number('limit', { min: 1, max: MOST }) ?? 20;
    return asking(invocation, surroundings, async ({ service, actor, where }): Promise<ExitCode> => {
      switch (wanted) {
        case 'list': {
          noMoreArguments(invocation, 1);
          const [topic = topicName('parties'), more] = topics;
          if (more !== undefined) throw new UsageError('One --topic at a time, except with tail.');
          const page = await service.events(actor, { topic, limit });
          if (output.json) output.value(page);
          else for (const event of page.items) show(output, event);
          return EXIT.ok;
        }
        case 'tail': {
          noMoreArguments(invocation, 1);
          if (where === 'folder')
            throw new CommandError(
              'UNSILO_NOT_RUNNING',
              'Nothing flows: no process is running.',
              'Start Unsilo first.',
            );
          const after = invocation.text('after');
          const query = {
            ...(after === undefined ? {} : { after }),
            ...(topics.length === 0 ? {} : { topics }),
          };
          output.message('Waiting for events; Ctrl-C ends it.');
          try {
            for await (const event of service.live(actor, query, signal)) show(output, event);
          } catch (error) {
            if (!signal.aborted) throw error;
          }
          if (signal.aborted) return EXIT.ok;
          throw new CommandError('UNSILO_STREAM_ENDED', 'The process ended the stream.');
        }
        case 'show':
          noMoreArguments(invocation, 2);
          return explained(output, await service.explainEvent(actor, argument(invocation, 1, 'The id of the event')));
      }
    });
  },
};

function show(output: Output, event: LiveEvent): void {
  if (output.json) output.value(event, 'line');
  else output.data(printable(`${event.at} ${event.type.replace(/^unsilo\./, '')} ${event.subject} ${event.id}`));
}

/** `parties` or `unsilo.parties.v1`; `commands.crm` for the commands of one system. */
function fullName(topic: string): string {
  if (topic.startsWith('unsilo.')) return topic;
  if (topic.startsWith('commands.')) return topicName('commands', topic.slice('commands.'.length));
  if (topic in allTopics && topic !== 'commands') return topicName(topic as Exclude<TopicKind, 'commands'>);
  throw new UsageError(`There is no topic "${topic}".`);
}
