import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeUnless } from '../support/requirement.js';

const ROOT = resolve(import.meta.dirname, '../../../..');

/** The services of docker-compose.yml under a project name of their own, beside whatever else runs. */
export class ComposeProject {
  readonly name = `unsilo-test-${process.pid}-${randomBytes(3).toString('hex')}`;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #files: readonly string[];

  /**
   * @param more Variables of the compose file.
   * @param files Compose files that add to it.
   */
  constructor(more: Readonly<Record<string, string>> = {}, files: readonly string[] = []) {
    this.#files = ['docker-compose.yml', ...files];
    this.#environment = {
      ...process.env,
      // Free ports, and an image of its own.
      UNSILO_PORT: '0',
      SIMULATED_PORT: '0',
      UNSILO_VERSION: this.name,
      UNSILO_PACE: 'fast',
      ...more,
      // The engine builds by itself where the builder is not installed.
      ...(works('docker', ['buildx', 'version']) ? {} : { DOCKER_BUILDKIT: '0' }),
    };
  }

  /** Runs `docker compose` with the demonstration. @throws what it said when it failed */
  run(args: readonly string[]): Promise<string> {
    const all = [
      'compose',
      '--env-file',
      'infra/deploy/compose/demonstration.env',
      ...this.#files.flatMap((file) => ['--file', file]),
      '--project-name',
      this.name,
      ...args,
    ];
    return command('docker', all, this.#environment);
  }

  /** `http://127.0.0.1:32768`: where a service's port is reached from here. */
  async address(service: string, port: number): Promise<string> {
    return `http://${(await this.run(['port', service, String(port)])).trim()}`;
  }

  /** Restarts one container as `docker stop` and `docker start` do, and waits until it says that it is well. */
  async restart(container: string, withinMs: number): Promise<void> {
    await command('docker', ['restart', '--time', '10', container], this.#environment);
    for (const end = performance.now() + withinMs; ;) {
      const health = await command(
        'docker',
        ['inspect', '--format', '{{.State.Health.Status}}', container],
        this.#environment,
      );
      if (health.trim() === 'healthy') return;
      if (performance.now() > end) throw new Error(`${container} is ${health.trim()} after its restart.`);
      await sleep(250);
    }
  }

  /** Takes everything away, volumes and image included. */
  async remove(): Promise<void> {
    await this.run(['down', '--volumes', '--remove-orphans', '--timeout', '15']);
    await command('docker', ['image', 'rm', '--force', `unsilo:${this.name}`], this.#environment);
  }
}

/** `describe` with Docker; without it skipped and said so, and with REQUIRE_SERVERS=1 a failure. */
export function describeWithDocker(name: string, body: () => void): void {
  const lack = works('docker', ['version'])
    ? works('docker', ['compose', 'version'])
      ? undefined
      : 'no docker compose'
    : 'no Docker';
  describeUnless(lack, name, body);
}

function works(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { timeout: 20_000, stdio: 'ignore' }).status === 0;
}

function command(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((done, failed) => {
    const child = spawn(program, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (all += text));
    child.once('error', failed);
    child.once('close', (code) => {
      if (code === 0) done(out);
      else failed(new Error(`${program} ${args.join(' ')} ended with ${code}:\n${all.slice(-4000)}`));
    });
  });
}
