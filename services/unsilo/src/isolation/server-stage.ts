import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { declareHubTopics } from '@unsilo/hub';
import type { StorageConfiguration } from '../configuration/configuration.js';
import { faultSystems, TENANT } from '../faults/company.js';
import { RemoteSystems } from '../running/remote-systems.js';
import { openServers } from '../running/storage.js';
import { HURT, SYSTEMS, WrittenSystem } from './company.js';
import type { FromService, ToService } from './protocol.js';
import { quietLog, type Stage } from './stage.js';

const SERVICE = resolve(import.meta.dirname, import.meta.filename.endsWith('.ts') ? 'service.ts' : 'service.js');

/** On Kafka and Redis: the hub and each system's connector are processes of their own. */
export async function serverStage(storage: StorageConfiguration, persons: number): Promise<Stage> {
  const { log, store, close } = await openServers(storage, quietLog);
  const services: Service[] = [];
  const remote = new RemoteSystems(store, TENANT, [new WrittenSystem(HURT, 0).configured]);
  const stop = async (): Promise<void> => {
    await remote.close();
    await Promise.all(services.map((service) => service.stop()));
    await close();
  };
  try {
    await declareHubTopics(
      log,
      faultSystems().map(({ system }) => system),
      storage.kafka.partitions,
    );
    for (const part of ['hub', ...SYSTEMS]) services.push(new Service(storage, part, persons));
    await Promise.all(services.map(({ ready }) => ready));
    remote.start();
    const hurt = services.at(-1)!;
    return {
      log,
      become: async (condition) => {
        await hurt.ask({ type: 'become', condition });
        await remote.pause(HURT, 'it changes its condition');
        await remote.resume(HURT);
      },
      waiting: async () => {
        const answer = await hurt.ask({ type: 'waiting' });
        return answer.type === 'waiting' ? answer.count : 0;
      },
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Service {
  readonly ready: Promise<void>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(storage: StorageConfiguration, part: string, persons: number) {
    this.#child = fork(SERVICE, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#ended = new Promise((settle) => this.#child.once('close', () => settle()));
    this.ready = new Promise((settle, reject) => {
      this.#child.on('message', (message: FromService) => {
        if (message.type === 'loaded') this.#tell({ type: 'open', storage, part, persons });
        else if (message.type === 'ready') settle();
      });
      void this.#ended.then(() => reject(new Error(`the service ${part} ended before it was ready`)));
    });
    this.ready.catch(() => undefined);
  }

  /** One question at a time. */
  async ask(message: ToService): Promise<FromService> {
    const answered = new Promise<FromService>((settle) => this.#child.once('message', settle));
    this.#tell(message);
    return answered;
  }

  async stop(): Promise<void> {
    this.#tell({ type: 'stop' });
    await this.#ended;
  }

  #tell(message: ToService): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
