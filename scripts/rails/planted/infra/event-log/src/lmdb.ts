export const lmdb = 1;
