import { eventLogSuite } from '@unsilo/event-log/suite';
import { lmdbFactory } from './lmdb-place.js';

eventLogSuite('LMDB', lmdbFactory);
