import { stateStoreSuite } from '@unsilo/state-store/suite';
import { lmdbFactory } from './lmdb-place.js';

stateStoreSuite('LMDB', lmdbFactory);
