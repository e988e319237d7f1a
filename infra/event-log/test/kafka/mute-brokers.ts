import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const API_VERSIONS = 18;
const METADATA = 3;
const NO_ERROR = 0;
/** What they say that they understand: api and the one version of it. */
const SPOKEN: readonly (readonly [api: number, version: number])[] = [
  [1, 4], // Fetch
  [METADATA, 1],
  [11, 1], // JoinGroup
  [12, 0], // Heartbeat
  [API_VERSIONS, 0],
];

/**
 * A cluster that tells who belongs to it and leaves every other request without an answer, as brokers do that hang. It has one topic
 * with a partition on each broker, and speaks just enough of Kafka's protocol.
 */
export class MuteBrokers {
  readonly topic = 'mute';
  /** Whether questions about the cluster stay without an answer too, until `tell`. */
  isSilent = false;
  private readonly brokers: MuteBroker[] = [];
  private readonly silenced: (() => void)[] = [];

  static async start(count: number): Promise<MuteBrokers> {
    const cluster = new MuteBrokers();
    for (let node = 1; node <= count; node++) cluster.brokers.push(await MuteBroker.start(cluster));
    return cluster;
  }

  get addresses(): string[] {
    return this.brokers.map(({ port }) => `localhost:${port}`);
  }

  /** The broker of that number; the first has number 1. */
  node(number: number): MuteBroker {
    return this.brokers[number - 1]!;
  }

  get unanswered(): number {
    return this.silenced.length;
  }

  /** Answers now what was asked in silence. */
  tell(): void {
    this.isSilent = false;
    for (const answer of this.silenced.splice(0)) answer();
  }

  async close(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.close()));
  }

  /** The answer to a request, now or later; none to what they don't know. */
  answer(api: number, reply: (body: Buffer) => void): void {
    if (api === API_VERSIONS) reply(versions());
    else if (api !== METADATA) return;
    else if (this.isSilent) this.silenced.push(() => reply(this.metadata()));
    else reply(this.metadata());
  }

  private metadata(): Buffer {
    // The first one last: clients that begin with it meet others before it.
    const members = this.brokers
      .map(({ port }, index) => Buffer.concat([int32(index + 1), text('localhost'), int32(port), int16(-1)]))
      .reverse();
    const partitions = this.brokers.map((_, index) =>
      Buffer.concat([
        int16(NO_ERROR),
        int32(index),
        int32(index + 1),
        list([int32(index + 1)]),
        list([int32(index + 1)]),
      ]),
    );
    const topic = Buffer.concat([int16(NO_ERROR), text(this.topic), Buffer.from([0]), list(partitions)]);
    return Buffer.concat([list(members), int32(1), list([topic])]);
  }
}

class MuteBroker {
  /** Requests that wait for an answer which never comes. */
  waiting = 0;
  /** Connections that were opened so far. */
  joined = 0;
  private readonly server: Server;
  private readonly sockets = new Map<Socket, Set<number>>();

  static async start(cluster: MuteBrokers): Promise<MuteBroker> {
    const broker = new MuteBroker(cluster);
    broker.server.listen(0);
    await once(broker.server, 'listening');
    return broker;
  }

  private constructor(cluster: MuteBrokers) {
    this.server = createServer((socket) => this.join(cluster, socket));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Ends the connections by which something of this kind was asked. */
  cut(api: number): void {
    for (const [socket, asked] of this.sockets) if (asked.has(api)) socket.end();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets.keys()) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private join(cluster: MuteBrokers, socket: Socket): void {
    const asked = new Set<number>();
    this.sockets.set(socket, asked);
    this.joined++;
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    let bytes = Buffer.alloc(0);
    socket.on('data', (data) => {
      bytes = Buffer.concat([bytes, data]);
      // Each request: its length, api, version, and the number that its answer bears.
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const request = bytes.subarray(4, 4 + bytes.readInt32BE(0));
        bytes = bytes.subarray(4 + request.length);
        const api = request.readInt16BE(0);
        asked.add(api);
        this.waiting++;
        cluster.answer(api, (body) => {
          this.waiting--;
          socket.write(Buffer.concat([int32(4 + body.length), request.subarray(4, 8), body]));
        });
      }
    });
  }
}

function versions(): Buffer {
  const entries = SPOKEN.map(([api, version]) => Buffer.concat([int16(api), int16(version), int16(version)]));
  return Buffer.concat([int16(NO_ERROR), list(entries), int32(0)]);
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)]);
}

function list(entries: readonly Buffer[]): Buffer {
  return Buffer.concat([int32(entries.length), ...entries]);
}
