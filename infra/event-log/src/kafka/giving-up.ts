import type { Socket } from 'node:net';
import type { Broker, Cluster } from 'kafkajs';

/** One connection as kafkajs 2.2.4 keeps it; its types leave this out. */
interface Wire {
  socket?: Socket;
  /** How many requests were sent by it. */
  correlationId: number;
  requestQueue: { inflight: { size: number }; pending: { length: number }; rejectAll(error: Error): void };
}
/** The connections to one broker. */
export interface Wires {
  host: string;
  port: number;
  pool: Wire[];
  getConnection(index?: number): Promise<Wire>;
}
/** A broker with its connections. */
export interface WiredBroker extends Broker {
  connectionPool: Wires;
}
interface BrokerPool {
  brokers: Record<string, WiredBroker>;
  /** The broker that is asked about the cluster; one of `brokers`, or another way to one of them. */
  seedBroker: WiredBroker | undefined;
  metadataExpireAt: number | null;
}

/** What somebody is told whose broker was given up because of another's failure. It names no broker: that failure has been told. */
class GivenUp extends Error {
  override readonly name = 'ConnectionGivenUp';

  constructor({ host, port }: Wires) {
    super(`the connections to ${host}:${port} were given up after a failure`);
  }
}

/**
 * Gives up the brokers at an address that were ever asked anything: whatever they were asked fails at once, and whoever asks again
 * does so over new connections. One that is still being connected to for the first time is left alone: it has nothing to do with
 * what failed before.
 */
export function giveUpAt(cluster: Cluster, { host, port }: { host: string; port: number }): void {
  giveUpEach(
    cluster,
    ({ connectionPool: wires }) =>
      wires.host === host && wires.port === port && wires.pool.some(({ correlationId }) => correlationId > 0),
  );
}

/**
 * A connection has ended: its broker is given up when anything is under way there. kafkajs tells whoever asked by that connection
 * only after everything has ended that was asked by the broker's other one.
 */
export function giveUpBy(cluster: Cluster, socket: Socket): void {
  giveUpEach(
    cluster,
    ({ connectionPool: { pool } }) =>
      pool.some((wire) => wire.socket === socket) &&
      pool.some(({ requestQueue }) => requestQueue.inflight.size + requestQueue.pending.length > 0),
  );
}

/** Gives up all brokers of a cluster that is not used any more. */
export function giveUpAll(cluster: Cluster): void {
  giveUpEach(cluster, () => true);
}

/**
 * In place of the cluster's own `removeBroker`, which throws where the seed broker is missing, and never removes one that the
 * cluster knows by another address.
 */
function giveUpEach(cluster: Cluster, isMeant: (broker: WiredBroker) => boolean): void {
  const { brokerPool } = cluster as unknown as { brokerPool: BrokerPool };
  const { brokers, seedBroker } = brokerPool;
  const meant = new Set(Object.values(brokers).filter(isMeant));
  if (seedBroker !== undefined && isMeant(seedBroker)) meant.add(seedBroker);
  for (const [node, broker] of Object.entries(brokers)) if (meant.has(broker)) delete brokers[node];
  if (meant.size > 0) brokerPool.metadataExpireAt = null;
  // Where brokers are known, kafkajs relies on a seed broker.
  if (seedBroker === undefined || meant.has(seedBroker)) brokerPool.seedBroker = Object.values(brokers)[0];
  for (const broker of meant) giveUp(broker);
}

function giveUp(broker: WiredBroker): void {
  const { connectionPool: wires } = broker;
  const told = new GivenUp(wires);
  const reject = (): void => {
    for (const { requestQueue } of wires.pool) requestQueue.rejectAll(told);
  };
  // kafkajs would open the same connections again for whoever still asks by them.
  wires.getConnection = () => Promise.reject(told);
  // It waits until nothing is under way, and stops looking for requests whose time is over.
  reject();
  broker.disconnect().then(
    // What went out between its last look and its end has no one left to end it.
    () => {
      reject();
      for (const { socket } of wires.pool) if (socket?.connecting === false) socket.destroy();
    },
    () => undefined,
  );
}
