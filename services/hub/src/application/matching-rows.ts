import type { Profile } from '../domain/linkage/profile.js';

/** One record as matching knows it. */
export interface MatchRow {
  profile: Profile;
  /** Hashed keys under which it is listed, with a space between them. */
  keys: string;
  /** It says much of itself: keys that nearly all pairs share by chance don't propose it to others that do. */
  rich?: true;
  /** Under this name it counts among the holders of a value; empty: it has none, and counts only as one more. */
  sign: string;
  /** Shared values of it that stand with too many names. */
  generic?: string[];
  /** Records with which it shares a key, and evidence in the review band or above it: weight by ref, 1/1024 bit. */
  edges: Record<string, number>;
  /** Key in `components`; absent while its component is one cluster. */
  component?: string;
  /** From this weight on edges counted when its component was found, 1/1024 bit; absent where all did. */
  floor?: number;
  /** It says nothing any more, and is about to go. */
  gone?: true;
}

/** Refs that share a key or a value, with what is told of each there. */
export interface ListingRow {
  refs: Record<string, string>;
  /** How many stand one a row in `overflow`; absent while they stand here. */
  overflow?: number;
}

/** All records of a component that fell into several clusters. */
export interface ComponentRow {
  members: string[];
}
