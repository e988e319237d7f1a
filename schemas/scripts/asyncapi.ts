import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { topics, type Topic } from '../src/topics.js';
import type { Model, Schema, SchemaObject } from './model.js';

/**
 * The AsyncAPI 3 document of everything that crosses the log: a channel for each topic, a message for each type of event with
 * the example of that type, and the schemas themselves. Written for those who read and write the topics beside the hub.
 */
export function asyncApiDocument(model: Model, version: string, examples: string): string {
  const document = {
    asyncapi: '3.0.0',
    info: {
      title: 'Unsilo events',
      version,
      description:
        'Every value is one CloudEvents 1.0 event in structured mode. Key: the tenant, a slash, then what the channel says. ' +
        'Delivery is at least once, in order by key; an event that is repeated has the same id. Personal data stands in `data` only.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(Object.entries<Topic>(topics).map(([kind, topic]) => [kind, channel(kind, topic)])),
    operations: Object.fromEntries(Object.entries<Topic>(topics).flatMap(([kind, topic]) => operations(kind, topic))),
    components: {
      messages: Object.fromEntries(
        [...model.eventTypes].map(([type, data]) => [messageName(type), message(type, data, topicOf(type), examples)]),
      ),
      schemas: Object.fromEntries(
        Object.entries(model.definitions).map(([name, schema]) => [name, component(name, schema)]),
      ),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function channel(kind: string, topic: Topic): object {
  const name = topic.bySystem ? `unsilo.${kind}.{system}.v1` : `unsilo.${kind}.v1`;
  const parameters = { system: { description: 'Name of the system that is written: `sugarcrm-emea`.' } };
  return {
    address: name,
    title: topic.title,
    description: `Key: tenant, slash, ${topic.key}. Written by: ${topic.owners.join(', ')}. ${kept(topic)}.`,
    ...(topic.bySystem ? { parameters } : {}),
    messages: Object.fromEntries(
      topic.events.map((type) => [messageName(type), { $ref: `#/components/messages/${messageName(type)}` }]),
    ),
    bindings: {
      kafka: {
        partitions: topic.partitions,
        topicConfiguration: {
          'cleanup.policy': [topic.cleanup],
          ...(topic.retentionMs === undefined ? {} : { 'retention.ms': topic.retentionMs }),
        },
      },
    },
  };
}

function kept(topic: Topic): string {
  if (topic.retentionMs === undefined) return 'The last event of each key is kept';
  return `Events are kept for ${topic.retentionMs / (24 * 60 * 60 * 1000)} days`;
}

function operations(kind: string, topic: Topic): [name: string, operation: object][] {
  const target = { $ref: `#/channels/${kind}` };
  const name = kind.replace(/(^|-)([a-z])/g, (_match, _dash, letter: string) => letter.toUpperCase());
  const messages = topic.events.map((type) => ({ $ref: `#/channels/${kind}/messages/${messageName(type)}` }));
  return [
    [`write${name}`, { action: 'send', channel: target, summary: `Written by: ${topic.owners.join(', ')}.`, messages }],
    [`read${name}`, { action: 'receive', channel: target, summary: 'Open to every reader of the tenant.', messages }],
  ];
}

function message(type: string, data: string, topic: Topic, examples: string): object {
  const file = join(
    examples,
    'envelope/valid',
    `${messageName(type).replace(/([A-Z])/g, (_m, l: string) => `-${l.toLowerCase()}`)}.json`,
  );
  if (!existsSync(file)) throw new Error(`${type} has no example: ${file}`);
  return {
    name: type,
    title: type,
    summary: topic.title,
    headers: {
      type: 'object',
      properties: {
        'content-type': { type: 'string', const: 'application/cloudevents+json', description: 'Structured mode.' },
        traceparent: { type: 'string', description: 'W3C Trace Context, as in the event.' },
      },
    },
    payload: {
      allOf: [
        { $ref: '#/components/schemas/EventEnvelope' },
        { type: 'object', properties: { type: { const: type }, data: { $ref: `#/components/schemas/${data}` } } },
      ],
    },
    bindings: { kafka: { key: { type: 'string', description: `tenant, slash, ${topic.key}` } } },
    examples: [{ name: messageName(type), payload: JSON.parse(readFileSync(file, 'utf8')) as unknown }],
  };
}

/** `unsilo.dead-letter.parked` → `deadLetterParked`. */
function messageName(type: string): string {
  return type.replace(/^unsilo\./, '').replace(/[.-]([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function topicOf(type: string): Topic {
  const found = Object.values<Topic>(topics).find((topic) => (topic.events as readonly string[]).includes(type));
  if (found === undefined) throw new Error(`${type} belongs to no topic`);
  return found;
}

/** References point into the document; what `data` is, each message says for itself. */
function component(name: string, schema: Schema): Schema {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/definitions/', '"$ref":"#/components/schemas/');
  const copy = JSON.parse(text) as SchemaObject;
  if (name === 'EventEnvelope') delete copy.allOf;
  return copy;
}
