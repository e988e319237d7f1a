import type { Command } from '../command.js';
import { audit } from './audit.js';
import { bench } from './bench.js';
import { check } from './check.js';
import { connectors } from './connectors.js';
import { copy } from './copy.js';
import { count } from './count.js';
import { customers } from './customers.js';
import { deadLetters } from './dead-letters.js';
import { erase } from './erase.js';
import { evaluate } from './evaluate.js';
import { events } from './events.js';
import { explain } from './explain.js';
import { exportData } from './export.js';
import { keys } from './keys.js';
import { lag } from './lag.js';
import { match } from './match.js';
import { newConnector } from './new-connector.js';
import { plan } from './plan.js';
import { rebuild } from './rebuild.js';
import { replay } from './replay.js';
import { review } from './review.js';
import { simulate } from './simulate.js';
import { start } from './start.js';
import { systems } from './systems.js';
import { topics } from './topics.js';
import { train } from './train.js';

/** All commands, in the order in which the help lists them. */
export const commands: readonly Command[] = [
  start,
  check,
  connectors,
  newConnector,
  systems,
  lag,
  customers,
  events,
  explain,
  review,
  deadLetters,
  exportData,
  erase,
  audit,
  count,
  replay,
  rebuild,
  topics,
  copy,
  keys,
  match,
  evaluate,
  train,
  plan,
  bench,
  simulate,
];
