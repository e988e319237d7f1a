export * from './application/service.js';
