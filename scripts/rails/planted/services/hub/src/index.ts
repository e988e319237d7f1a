export const hub = 1;
