export const clock = (): number => Date.now();
export const date = (): Date => new Date();
export const chance = (): number => Math.random();
export const environment = (): unknown => process.env;
