import type { Command, Decision, LinkDecision, Outcome, Provenance, Statement } from '@unsilo/schemas';
import type { ClusterJoin, WeighedPair } from '../domain/linkage/explain-cluster.js';
import type { PairExplanation } from '../domain/linkage/explain.js';

/** A machine-readable answer and the same in words. */
export interface Explanation<Detail> {
  words: string[];
  detail: Detail;
}
/** Of an attribute of several values without a name of one: each element, those that are gone included. */
export type ValueEvidence = Provenance | Provenance[];
export interface PairEvidence {
  a: string;
  b: string;
  sameCustomer: boolean;
  /** Absent where the two aren't compared: one is a person and the other an organization, or one says nothing. */
  comparison?: Comparison;
  /** Chain of refs that connects them, if they are one customer. */
  path: string[];
  /** All that stewards said about the two, in its order. */
  decisions: Decision[];
  /** Those of them that nobody took back: the last counts. */
  standing: LinkDecision[];
}
/** A pair as a waterfall of numbers, in bits: `prior`, each of `evidence` and `household` add up to `bits`. */
export interface Comparison extends Omit<PairExplanation, 'a' | 'b'> {
  /** Version of the model. */
  model: string;
  /** From here to the threshold a steward is asked. */
  review: number;
  /** Mean bits over all pairs between two clusters that are needed to join them. */
  guard: number;
  /** Of two customers: that mean. */
  between?: number;
  /** Do the two share a key under which candidates are found? */
  proposed: boolean;
}
export interface CommandTrail {
  command: Command;
  outcome?: Outcome;
  /** For every attribute: the statement that won. */
  statements: { attribute: string; statement?: Statement }[];
  events: string[];
}
export interface EventTrail {
  id: string;
  hops: { hop: 'log' | 'state' | 'customer' | 'command' | 'outcome' | 'dead-letter'; at?: string; detail: string }[];
}

/** Why a customer's records are together, as clustering brought them together, and what it kept out. */
export interface CustomerEvidence {
  customer: string;
  members: string[];
  /** Version of the model. */
  model: string;
  /**
   * Bits from which on a pair joins: more than the model's threshold where so many records hang together that only stronger evidence counts. Absent:
   * only decisions do.
   */
  floor?: number;
  threshold: number;
  review: number;
  /** Mean bits over all pairs between two parts that evidence needs to join them. */
  guard: number;
  /** In the order in which they were made: one fewer than members. */
  joins: CustomerJoin[];
  /** Place in `joins` of what holds least. Absent where no evidence joins anything. */
  weakest?: number;
  /** Pairs of members; and those that speak against one party, strongest first: at most so many are told, `count` has all. */
  pairs: number;
  against: { count: number; strongest: WeighedPair[] };
  /** Records outside that came closest, nearest first. */
  nearMisses: NearMiss[];
  /** False: there were more candidates than were looked at. */
  isComplete: boolean;
}
export interface CustomerJoin extends ClusterJoin {
  /** The pair as a waterfall. */
  comparison: Comparison;
  /** Of a join by decision. */
  decision?: Decision;
}
export interface NearMiss {
  /** A member. */
  a: string;
  /** A record outside, of this customer. */
  b: string;
  customer?: string;
  /**
   * `unsure`: below the threshold, in the review band. `weak`: below both. `guard`: what else the two customers say contradicts the pair.
   * `decision`: a steward keeps them apart. `exclusive`: an identifier differs of which a party has one. `crowd`: so many records hang together there
   * that only stronger evidence counts.
   */
  reason: 'unsure' | 'weak' | 'guard' | 'decision' | 'exclusive' | 'crowd';
  comparison: Comparison;
  /** Where a steward keeps them apart. */
  decision?: Decision;
}
