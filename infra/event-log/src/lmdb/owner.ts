import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who has a data file open. Names one process for good: a pid alone is used again by the system, a pid with its start time and boot isn't. */
export interface Owner {
  pid: number;
  host: string;
  /** The file in which this is said: in a copy of that file it is about nobody. */
  file?: string;
  /** Start of the process as the system counts it; absent where it can't be told. */
  started?: string;
  /** The space in which `pid` means something: this boot of the machine and, on Linux, the pid namespace. */
  space?: string;
}

export function thisProcess(file: string | undefined): Owner {
  const started = startOf(process.pid);
  const space = pidSpace();
  return {
    pid: process.pid,
    host: hostname(),
    ...(file === undefined ? {} : { file }),
    ...(started === undefined ? {} : { started }),
    ...(space === undefined ? {} : { space }),
  };
}

/**
 * Whether the process still runs, and said so in the file of that identity. `unknown` where its pid means nothing here (another
 * container or machine, or a system that tells too little): only its signs of life can say.
 */
export function lifeOf(owner: Owner, file: string | undefined): 'running' | 'dead' | 'unknown' {
  if (owner.file !== file) return 'dead';
  const space = pidSpace();
  if (owner.space === undefined || space === undefined || owner.space !== space) return 'unknown';
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'dead';
  }
  const started = startOf(owner.pid);
  if (started === undefined || owner.started === undefined) return 'running';
  return started === owner.started ? 'running' : 'dead';
}

/** Start time of a process: clock ticks since boot on Linux, `ps` elsewhere. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      // The command's name is in parentheses and may hold anything; field 22 is the 20th after it. A zombie is dead.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? 'zombie' : fields[19];
    }
    if (process.platform === 'win32') return undefined;
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? undefined : started;
  } catch {
    return undefined;
  }
}

function pidSpace(): string | undefined {
  try {
    if (process.platform === 'linux') {
      const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
      return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
    }
    return hostname();
  } catch {
    return undefined;
  }
}
