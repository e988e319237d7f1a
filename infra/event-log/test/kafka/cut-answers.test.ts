import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { openKafkaEventLog } from '@unsilo/event-log/kafka';
import { until } from '@unsilo/event-log/suite';
import { describeWithKafka } from './broker.js';
import { quick } from './kafka-place.js';

const LARGE = 30_000;
const PASSED = 1000;

/** A wire to the broker that can cut an answer off in its middle, as the end of a broker does. */
class Wire {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  target = '';
  /** Whether the next large answer is cut. */
  cutting = false;
  cuts = 0;

  constructor() {
    this.server = createServer((near) => this.join(near));
  }

  async open(): Promise<number> {
    this.server.listen(0);
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private join(near: Socket): void {
    const [host, port] = this.target.split(':');
    const far = connect(Number(port), host);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (!this.cutting || data.length < LARGE) return void near.write(data);
      this.cutting = false;
      this.cuts += 1;
      near.end(data.subarray(0, PASSED));
    });
  }
}

describe('answers that are cut off in the middle', () => {
  const wire = new Wire();
  const environment: Record<string, string> = {};
  beforeAll(async () => {
    // The broker names the wire as its own address.
    const port = await wire.open();
    environment['KAFKA_ADVERTISED_LISTENERS'] = `CLIENTS://localhost:${port},BROKER://localhost:19092`;
    environment['WIRE'] = String(port);
  });
  afterAll(() => wire.close());

  describeWithKafka('by a connection that ends', { ofItsOwn: true, environment }, (broker) => {
    test('the reading goes on over new connections, without waiting for the rest', async () => {
      wire.target = broker().brokers[0]!.replace('localhost', '127.0.0.1');
      const log = await openKafkaEventLog({
        ...quick(broker()),
        brokers: [`localhost:${environment['WIRE']}`],
        // As large on the wire as they are.
        compression: 'none',
        // Longer than the test: nothing may hang until a request is given up.
        requestTimeoutMs: 600_000,
        deliveryTimeoutMs: 600_000,
      });
      try {
        await log.declare([{ name: 'cut', partitions: 1, cleanup: 'delete' }]);
        const wanted = Array.from({ length: 60 }, (_, n) => `${n} ${'x'.repeat(5000)}`);
        await log.append(wanted.map((value) => ({ topic: 'cut', key: 'k', value })));
        wire.cutting = true;
        const came: string[] = [];
        await log.subscribe({
          group: 'cut',
          topics: ['cut'],
          start: 'earliest',
          onBatch: async ({ messages }) => void came.push(...messages.map(({ value }) => value!.toString())),
          onError: () => undefined,
        });
        await until(() => came.length >= wanted.length, 'everything has come', 60_000);
        expect(came).toEqual(wanted);
        expect(wire.cuts).toBe(1);
      } finally {
        await log.close();
      }
    }, 120_000);
  });
});
