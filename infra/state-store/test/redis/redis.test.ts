import { stateStoreSuite } from '@unsilo/state-store/suite';
import { cleanServer, redisFactory } from './redis-place.js';
import { describeWithRedis } from './server.js';

describeWithRedis('state store on Redis', (url) => {
  stateStoreSuite(
    'Redis',
    redisFactory(
      () => ({ servers: url() }),
      60,
      async (prefix) => cleanServer(url(), prefix),
    ),
  );
});
