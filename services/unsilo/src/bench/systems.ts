import type { EventLog, Subscription } from '@unsilo/event-log';
import { outcomeEvent, parseEvent, placeOf, topicName, type Command, type Outcome } from '@unsilo/schemas';
import { stateAfter } from '../simulated/state-after.js';
import type { Corpus, PreparedMessage } from './corpus.js';
import { APPEND } from './feeding.js';

/** Consumer group of the simulated systems. */
const GROUP = 'bench-systems';
/** An outcome waits so long for others that go into the log with it. */
const LINGER_MS = 20;

/**
 * Carries out what the hub asks of the simulated systems, on the version that each command names, and appends the outcomes as connectors do.
 * Without answers every record would soon wait behind its first write, and most of the path would not run.
 */
export class BenchSystems {
  private readonly corpus: Corpus;
  private readonly log: EventLog;
  private readonly names: readonly string[];
  private subscription: Subscription | undefined;
  /** Commands received. */
  commands = 0;
  private waiting: PreparedMessage[] = [];
  private linger: NodeJS.Timeout | undefined;
  private appended: Promise<void> = Promise.resolve();

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
        if (this.waiting.length >= APPEND) await this.flush();
        // A failure is told where all appends are awaited.
        else this.linger ??= setTimeout(() => void this.flush().catch(() => undefined), LINGER_MS);
      },
    });
  }

  async caughtUp(): Promise<void> {
    await this.subscription?.caughtUp();
    await this.flush();
  }

  async close(): Promise<void> {
    await this.subscription?.close();
    await this.flush();
  }

  private flush(): Promise<void> {
    clearTimeout(this.linger);
    this.linger = undefined;
    const { waiting } = this;
    this.waiting = [];
    const append = this.log.append(waiting);
    // Where it all lies in the log isn't kept.
    this.appended = Promise.all([this.appended, append]).then(() => undefined);
    return this.appended;
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
    this.waiting.push({ ...placeOf(event), value: JSON.stringify(event) });
  }
}
