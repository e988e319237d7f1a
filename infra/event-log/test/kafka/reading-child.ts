import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openKafkaEventLog, type KafkaOptions } from '@unsilo/event-log/kafka';

/** A member of a group that holds its first batch until it is told to stop. Arguments: options as JSON, topic (also the group). */
const [options, topic] = process.argv.slice(2) as [string, string];

function say(line: string): void {
  writeSync(1, `${line}\n`);
}

let told: () => void = () => undefined;
const goOn = new Promise<void>((done) => (told = done));
createInterface({ input: process.stdin }).on('line', () => told());

const log = await openKafkaEventLog(JSON.parse(options) as KafkaOptions);
let first = true;
await log.subscribe({
  group: topic,
  topics: [topic],
  start: 'earliest',
  onRevoked: async (lost) => say(`revoked ${lost.length}`),
  onBatch: async ({ messages }, signal) => {
    if (first) {
      first = false;
      say('holding');
      await new Promise((done) => signal.addEventListener('abort', done));
      say('aborted');
      return;
    }
    await goOn;
    for (const { value } of messages) say(`read ${value!.toString()}`);
  },
  onError: (error) => say(`error ${String(error)}`),
});
say('subscribed');
