import { eventLogSuite } from '@unsilo/event-log/suite';
import { describeWithKafka } from './broker.js';
import { kafkaFactory } from './kafka-place.js';

describeWithKafka('Kafka', {}, (broker) => eventLogSuite('Kafka', kafkaFactory(broker)));
