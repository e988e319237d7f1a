import { hash } from 'node:crypto';
import type { KindProfile, SystemProfile } from '@unsilo/schemas';
import { DEFAULT_MODEL, type Model } from '../domain/matching.js';
import { createNormaliser, type Normaliser } from '../domain/normalise.js';
import type { Policy } from '../domain/policy.js';
import { kindOf, systemOf } from '../domain/ref.js';

/** What the pure core is told besides the facts: everything that customers are a function of, and the clock for commands. */
export interface Core {
  tenant: string;
  policy: Policy;
  model: Model;
  normaliser: Normaliser;
  profiles: ReadonlyMap<string, SystemProfile>;
  digest: (text: string) => string;
  now: () => number;
}

export interface CoreOptions {
  tenant: string;
  policy: Policy;
  model?: Model;
  systems: readonly SystemProfile[];
  now: () => number;
}

export function createCore(options: CoreOptions): Core {
  return {
    tenant: options.tenant,
    policy: options.policy,
    model: options.model ?? DEFAULT_MODEL,
    normaliser: createNormaliser(options.policy.country),
    profiles: new Map(options.systems.map((s) => [s.system, s])),
    digest: memoisedDigest(options.tenant),
    now: options.now,
  };
}

export function kindProfile(core: Core, ref: string): KindProfile | undefined {
  const kind = kindOf(ref);
  return core.profiles.get(systemOf(ref))?.kinds.find((k) => k.kind === kind);
}

const MEMO_LIMIT = 50_000;

/** 126 bits of SHA-256, in the letters of base64url: tells texts apart, and names nothing. */
export function fingerprint(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 21);
}

/** 126 bits of SHA-256 over tenant and text, in the letters of base64url. */
function memoisedDigest(tenant: string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    let digest = known.get(text);
    if (digest === undefined) {
      digest = fingerprint(`${tenant}\u001f${text}`);
      if (known.size >= MEMO_LIMIT) known.clear();
      known.set(text, digest);
    }
    return digest;
  };
}
