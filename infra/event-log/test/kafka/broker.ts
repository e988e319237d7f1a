import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { GenericContainer, Wait, getContainerRuntimeClient, type StartedTestContainer } from 'testcontainers';

const IMAGE = 'apache/kafka:4.1.1';
const GIVEN = process.env['KAFKA_BROKERS'];
// Its image isn't everywhere; containers are removed by the tests themselves.
process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';

/** A broker of a test's own, which may be hurt. */
export interface TestBroker {
  readonly brokers: readonly string[];
  /** SIGKILL; what it acknowledged lies on its disk. */
  kill(): Promise<void>;
  /** Starts it again; it answers when it is ready. */
  start(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Runs a command in it; answers what it said. */
  run(command: string[]): Promise<string>;
  remove(): Promise<void>;
}

interface Needs {
  /** The tests stop or change the broker, so it must be one of their own. */
  ofItsOwn?: boolean;
  /** Settings of the broker, as the image takes them. */
  environment?: Record<string, string>;
  files?: { target: string; content: string }[];
  /** Name of the listener that clients use, and what protocol it speaks. */
  listener?: { name: string; protocol: string };
}

/**
 * `describe` with a broker: that of KAFKA_BROKERS, or one in a container. Without either it is skipped and says so; with
 * REQUIRE_SERVERS=1 that is a failure.
 */
export function describeWithKafka(name: string, needs: Needs, body: (broker: () => TestBroker) => void): void {
  const given = GIVEN !== undefined && needs.ofItsOwn !== true && needs.environment === undefined;
  const reason =
    given || hasDocker()
      ? undefined
      : `no Docker for ${IMAGE}${needs.ofItsOwn === true ? '' : ' (or set KAFKA_BROKERS)'}`;
  if (reason !== undefined) {
    if (process.env['REQUIRE_SERVERS'] === '1') {
      test(name, () => {
        throw new Error(`This needs a Kafka broker: ${reason}.`);
      });
      return;
    }
    process.stderr.write(`SKIPPED: ${name} (${reason})\n`);
    describe.skip(name, () => body(() => unavailable()));
    return;
  }
  describe(name, () => {
    let broker: TestBroker | undefined;
    beforeAll(async () => {
      broker = given ? running(GIVEN.split(',')) : await startBroker(needs);
    }, 120_000);
    body(() => broker ?? unavailable());
    // Hooks run in the order of their definition: what the tests clean up, they clean up before.
    afterAll(async () => {
      await broker?.remove();
    });
  });
}

function hasDocker(): boolean {
  return spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status === 0;
}

function unavailable(): never {
  throw new Error('there is no broker');
}

function running(brokers: string[]): TestBroker {
  return {
    brokers,
    kill: unavailable,
    start: unavailable,
    pause: unavailable,
    unpause: unavailable,
    run: unavailable,
    remove: () => Promise.resolve(),
  };
}

async function startBroker({ environment = {}, files = [], listener }: Needs): Promise<TestBroker> {
  // Clients come back to the address that the broker names, so its port must be known before it starts.
  const port = await freePort();
  const { name, protocol } = listener ?? { name: 'CLIENTS', protocol: 'PLAINTEXT' };
  const container = await new GenericContainer(IMAGE)
    .withUser('root')
    .withEnvironment({
      KAFKA_LISTENERS: `${name}://:${port},CONTROLLER://:9093,BROKER://:19092`,
      KAFKA_ADVERTISED_LISTENERS: `${name}://localhost:${port},BROKER://localhost:19092`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: `CONTROLLER:PLAINTEXT,BROKER:PLAINTEXT,${name}:${protocol}`,
      KAFKA_INTER_BROKER_LISTENER_NAME: 'BROKER',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_NODE_ID: '1',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      // Compaction in the time of a test.
      KAFKA_LOG_CLEANER_BACKOFF_MS: '200',
      KAFKA_LOG_DIRS: '/var/lib/kafka/data',
      KAFKA_HEAP_OPTS: '-Xms256m -Xmx512m',
      ...environment,
    })
    .withCopyContentToContainer(files)
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forLogMessage('Kafka Server started'))
    .withStartupTimeout(90_000)
    .start();
  return ofContainer(container, port);
}

async function ofContainer(container: StartedTestContainer, port: number): Promise<TestBroker> {
  const client = await getContainerRuntimeClient();
  const handle = client.container.getById(container.getId());
  return {
    brokers: [`localhost:${port}`],
    kill: async () => void (await handle.kill()),
    start: async () => void (await handle.start()),
    pause: async () => void (await handle.pause()),
    unpause: async () => void (await handle.unpause()),
    run: async (command) => {
      const { exitCode, output } = await container.exec(command);
      if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${output}`);
      return output;
    },
    remove: async () => void (await container.stop({ timeout: 0 })),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}
