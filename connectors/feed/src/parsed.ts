/** A feed as it was read, whatever its format; nothing is cleaned or judged yet. */
export interface ParsedFeed {
  format: 'rss' | 'atom' | 'json';
  title?: Content;
  /** The feed's own id. */
  id?: string;
  /** Address of the site. */
  url?: string;
  /** Address of the feed as it calls itself: the topic of WebSub. */
  self?: string;
  hubs: string[];
  language?: string;
  /** How long the feed wants to be left alone, milliseconds. */
  ttlMs?: number;
  entries: ParsedEntry[];
  /** Pieces of the document that can't be used. */
  problems: ParseProblem[];
}

export interface ParsedEntry {
  id?: string;
  url?: string;
  title?: Content;
  summary?: Content;
  content?: Content;
  /** Dates as they are written. */
  published?: string;
  updated?: string;
  authors: ParsedAuthor[];
  categories: string[];
  language?: string;
  media: { url: string; type?: string }[];
  comments?: string;
  /** Title of the feed that it was taken over from. */
  source?: string;
  /** Line of the document, the first is 1; of JSON unknown. */
  line?: number;
}

/** A text, plain or marked up. */
export interface Content {
  value: string;
  /** `either`: to be judged by its look (titles in RSS). */
  form: 'text' | 'html' | 'either';
  /** What relative addresses in it are resolved against. */
  base?: string;
}

export interface ParsedAuthor {
  name?: string;
  email?: string;
  uri?: string;
}

export interface ParseProblem {
  code: string;
  message: string;
  hint?: string;
  line?: number;
  /** The piece itself; undefined: the whole document. */
  payload?: string;
}
