import type { TopicPlan } from '@unsilo/event-log/kafka';
import type { TopicSpec } from '@unsilo/event-log';
import { counted } from '@unsilo/schemas';
import { allTopics } from '../../running/connector-topics.js';
import { kafkaOptions } from '../../running/storage.js';
import { action, EXIT, noMoreArguments, type Command } from '../command.js';
import { table } from '../output.js';
import { configurationOfServers } from '../servers.js';

export const topics: Command = {
  name: 'topics',
  summary: 'Show or make the difference between the declared topics and a Kafka cluster',
  usage: ['topics [plan] --config FILE', 'topics apply --config FILE'],
  description:
    'Every topic that the configuration needs, with its partitions, retention and cleanup. `plan` changes nothing; exit code 3 says that\n' +
    'there is a difference. `apply` makes missing topics and settings, and nothing at all when one topic has another number of\n' +
    'partitions or another cleanup policy than declared: its keys or its past would be lost. `unsilo start` applies as well.',
  options: {
    config: { type: 'string', value: 'FILE', description: 'The configuration ($UNSILO_CONFIG)' },
  },
  examples: [
    { command: 'unsilo topics --config unsilo.yaml', what: 'What is missing or different?' },
    { command: 'unsilo topics apply --config unsilo.yaml', what: 'Make it so' },
  ],
  async run(invocation, surroundings) {
    const { output } = surroundings;
    const wanted = action(invocation, ['plan', 'apply']);
    noMoreArguments(invocation, 1);
    const { configuration, storage } = await configurationOfServers(
      invocation,
      surroundings,
      'The configuration names no Kafka: the log lies in the data folder, and its topics make themselves.',
    );
    const { planTopics, applyTopics } = await import('@unsilo/event-log/kafka');
    const declared = allTopics(configuration);
    const options = kafkaOptions(storage.kafka);
    const plan = wanted === 'plan' ? await planTopics(options, declared) : await applyTopics(options, declared);
    const { create, change, refused, same } = plan;
    if (output.json) output.value({ applied: wanted === 'apply', create, change, refused, same });
    else for (const line of inWords(plan, declared, wanted)) output.data(line);
    const differs = create.length + change.length + refused.length > 0;
    return differs && wanted === 'plan' ? EXIT.found : EXIT.ok;
  },
};

function inWords(
  { create, change, refused, same }: TopicPlan,
  declared: readonly TopicSpec[],
  wanted: 'plan' | 'apply',
): string[] {
  const done = wanted === 'apply';
  const rows = [
    ...create.map((spec) => [spec.name, done ? 'made' : 'missing', describe(spec)]),
    ...change.map(({ topic, settings }) => [
      topic,
      done ? 'changed' : 'differs',
      settings.map(({ name, from, to }) => `${name}: ${from ?? 'unset'} → ${to}`).join('; '),
    ]),
    ...refused.map(({ topic, reason }) => [topic, 'refused', reason]),
  ];
  const rest = `${same.length} of ${declared.length} topics ${done ? 'were' : 'are'} as declared.`;
  return rows.length === 0 ? [rest] : [...table(['TOPIC', done ? 'DONE' : 'STATE', 'HOW'], rows), rest];
}

function describe({ partitions, cleanup, retentionMs }: TopicSpec): string {
  const kept = retentionMs === undefined ? '' : `, kept ${Math.round(retentionMs / 86_400_000)} d`;
  return `${counted(partitions, 'partition')}, ${cleanup}${kept}`;
}
