import { execFile, spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';

const IMAGE = 'apache/kafka:4.1.1';
const run = promisify(execFile);

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { timeout: 60_000 });
  return stdout.trim();
}

/** A broker in a container, which may be hurt. */
export class FaultBroker {
  static readonly #running = new Set<string>();
  readonly address: string;
  readonly #container: string;

  private constructor(container: string, address: string) {
    this.#container = container;
    this.address = address;
  }

  static async start(): Promise<FaultBroker> {
    // Clients come back to the address that the broker names, so its port must be known before it starts.
    const port = await freePort();
    const settings: Record<string, string> = {
      KAFKA_LISTENERS: `CLIENTS://:${port},CONTROLLER://:9093,BROKER://:19092`,
      KAFKA_ADVERTISED_LISTENERS: `CLIENTS://localhost:${port},BROKER://localhost:19092`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,CLIENTS:PLAINTEXT',
      KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_NODE_ID: '1',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      // As in infra/deploy/compose/kafka.properties: a broker that was killed is let in again after so long, not after 9 s.
      KAFKA_BROKER_SESSION_TIMEOUT_MS: '3000',
      KAFKA_BROKER_HEARTBEAT_INTERVAL_MS: '500',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
    };
    const environment = Object.entries(settings).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    // Known before it is there, so that it is removed however this process ends.
    const name = `unsilo-faults-${process.pid}-${port}`;
    FaultBroker.#running.add(name);
    const args = [
      'run',
      '-d',
      '--name',
      name,
      '--user',
      'root',
      '-p',
      `127.0.0.1:${port}:${port}`,
      ...environment,
      IMAGE,
    ];
    await docker(...args);
    const broker = new FaultBroker(name, `localhost:${port}`);
    try {
      await broker.answers();
      return broker;
    } catch (error) {
      await broker.remove();
      throw error;
    }
  }

  /** Resolves when it does what it is asked; a client waits for it by itself. */
  async answers(): Promise<void> {
    const log = await openKafkaEventLog({ brokers: [this.address] });
    try {
      await log.declare([{ name: 'unsilo.leases.v1', partitions: 1, cleanup: 'delete', retentionMs: 86_400_000 }]);
    } finally {
      await log.close();
    }
  }

  /** SIGKILL; what it has acknowledged lies on its disk. */
  async kill(): Promise<void> {
    await docker('kill', this.#container);
  }
  async restart(): Promise<void> {
    await docker('start', this.#container);
  }
  /** Connections stay open and nothing answers. */
  async pause(ms: number): Promise<void> {
    await this.freeze();
    await sleep(ms);
    await this.thaw();
  }
  async freeze(): Promise<void> {
    await docker('pause', this.#container);
  }
  async thaw(): Promise<void> {
    await docker('unpause', this.#container);
  }
  async remove(): Promise<void> {
    await docker('rm', '-f', '-v', this.#container);
    FaultBroker.#running.delete(this.#container);
  }
  /** At the sudden end of the process that started them. */
  static removeAll(): void {
    for (const container of FaultBroker.#running) spawnSync('docker', ['rm', '-f', '-v', container]);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
