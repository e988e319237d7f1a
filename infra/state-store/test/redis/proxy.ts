import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A wire between the store and Redis that can be cut, at moments that a test chooses. */
export class Wire {
  private readonly server: Server;
  private readonly target: { host: string; port: number };
  private readonly sockets = new Set<Socket>();
  private readonly held: (() => void)[] = [];
  private holding = false;
  private onAnswer: (() => void) | undefined;
  port = 0;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.target = { host: hostname, port: Number(port) };
    this.server = createServer((near) => this.join(near));
  }

  async open(): Promise<void> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Lets the next answer of Redis come as far as here, and cuts the wire then. New connections wait until `mend`. */
  async loseNextAnswer(): Promise<void> {
    await new Promise<void>((done) => (this.onAnswer = done));
  }

  /** Cuts the wire; new connections wait until `mend`. */
  cut(): void {
    this.holding = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.holding = false;
    for (const go of this.held.splice(0)) go();
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(near: Socket): void {
    this.track(near);
    const go = (): void => {
      if (near.destroyed) return;
      const far = connect(this.target.port, this.target.host);
      this.track(far);
      near.on('data', (data) => far.write(data));
      far.on('data', (data) => {
        const told = this.onAnswer;
        if (told === undefined) {
          near.write(data);
          return;
        }
        this.onAnswer = undefined;
        this.cut();
        told();
      });
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
    };
    if (this.holding) this.held.push(go);
    else go();
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
  }
}
