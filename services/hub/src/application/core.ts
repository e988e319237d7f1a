import { hash } from 'node:crypto';
import type { KindProfile, SystemProfile } from '@unsilo/schemas';
import { createMatcher, type Matcher, type Prepared } from '../domain/linkage/matcher.js';
import { DEFAULT_LINKAGE_MODEL } from '../domain/linkage/default-model.js';
import { comparedAs } from '../domain/linkage/kinds.js';
import type { LinkageModel } from '../domain/linkage/model.js';
import type { LinkageRecord, Profile, ProfileOptions } from '../domain/linkage/profile.js';
import { sharedValue } from '../domain/linkage/keys.js';
import { createNormaliser, type Normaliser } from '../domain/normalise.js';
import type { Policy } from '../domain/policy.js';
import { kindOf, systemOf } from '../domain/ref.js';

/** What the pure core is told besides the facts: everything that customers are a function of, and the clock for commands. */
export interface Core {
  tenant: string;
  policy: Policy;
  model: LinkageModel;
  matching: Matching;
  normaliser: Normaliser;
  profiles: ReadonlyMap<string, SystemProfile>;
  digest: (text: string) => string;
  now: () => number;
}

export interface CoreOptions {
  tenant: string;
  policy: Policy;
  model?: LinkageModel;
  systems: readonly SystemProfile[];
  now: () => number;
}

export function createCore(options: CoreOptions): Core {
  const model = options.model ?? DEFAULT_LINKAGE_MODEL;
  return {
    tenant: options.tenant,
    policy: options.policy,
    model,
    matching: createMatching(model, options.policy),
    normaliser: createNormaliser(options.policy.country),
    profiles: new Map(options.systems.map((s) => [s.system, s])),
    digest: memoisedDigest(options.tenant),
    now: options.now,
  };
}

/** The model at work. */
export interface Matching {
  /** How values are read, and what attributes outside the canonical model are compared as. */
  options: ProfileOptions & Required<Pick<ProfileOptions, 'kinds'>>;
  matcher(kind: LinkageRecord['kind']): Matcher;
  /**
   * A profile laid out for comparing.
   * @param generic Shared values of it that stand with too many names: they are left out.
   */
  prepare(profile: Profile, generic: readonly string[] | undefined): Prepared;
}

export function createMatching(
  model: LinkageModel,
  { country, kinds: own = {} }: Pick<Policy, 'country' | 'kinds'>,
): Matching {
  const kinds = comparedAs(own);
  const matchers = {
    person: createMatcher(model.person, kinds),
    organization: createMatcher(model.organization, kinds),
  };
  return {
    options: { kinds, ...(country === undefined ? {} : { country }) },
    matcher: (kind) => matchers[kind],
    prepare(profile, generic) {
      const isGeneric =
        generic && ((attribute: string, value: string) => generic.includes(sharedValue(attribute, value)));
      return matchers[profile.kind].prepare(profile, isGeneric);
    },
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
