import type { EventLog, Subscription } from '@unsilo/event-log';
import { outcomeEvent, parseEvent, placeOf, topicName, type Command, type Outcome } from '@unsilo/schemas';
import { stateAfter } from '../simulated/state-after.js';
import type { Corpus, PreparedMessage } from './corpus.js';

/** Consumer group of the simulated systems. */
const GROUP = 'bench-systems';

/**
 * Carries out what the hub asks of the simulated systems, on the version that each command names, and has the outcomes ready for the log.
 * Without answers every record would soon wait behind its first write, and most of the path would not run.
 */
export class BenchSystems {
  private readonly corpus: Corpus;
  private readonly log: EventLog;
  private readonly names: readonly string[];
  private subscription: Subscription | undefined;
  private answers: PreparedMessage[] = [];
  /** Commands received. */
  commands = 0;

  constructor(corpus: Corpus, log: EventLog, names: readonly string[]) {
    this.corpus = corpus;
    this.log = log;
    this.names = names;
  }

  async start(): Promise<void> {
    this.subscription = await this.log.subscribe({
      group: GROUP,
      topics: this.names.map((name) => topicName('commands', name)),
      start: 'earliest',
      onBatch: async ({ messages }) => {
        for (const { value } of messages) {
          const parsed = value && parseEvent(value);
          if (parsed && parsed.ok && parsed.event.type === 'unsilo.command.issued') this.carryOut(parsed.event.data);
        }
      },
    });
  }

  /** Outcomes that have not been appended yet. */
  take(): PreparedMessage[] {
    const { answers } = this;
    this.answers = [];
    return answers;
  }

  async caughtUp(): Promise<void> {
    await this.subscription?.caughtUp();
  }

  async close(): Promise<void> {
    await this.subscription?.close();
  }

  private carryOut(command: Command): void {
    this.commands += 1;
    if (command.action !== 'update') return;
    const { id, system, ref, base } = command;
    const done = this.corpus.write(ref, base, (before) => stateAfter(before, command.set));
    const said: Pick<Outcome, 'command' | 'system' | 'reportedAt' | 'ref'> = {
      command: id,
      system,
      ref,
      reportedAt: this.corpus.now(),
    };
    const outcome: Outcome = done
      ? { ...said, status: 'applied', exact: true, changedAt: said.reportedAt, pre: base, ...done }
      : { ...said, status: 'conflict' };
    const event = outcomeEvent('default', outcome);
    this.answers.push({ ...placeOf(event), value: JSON.stringify(event) });
  }
}
