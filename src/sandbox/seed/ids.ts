import { guidOf } from '../derived.ts';

/** Every id of the seed is derived from a name, so that it is the same at each start. */
export const scheduleIdOf = (key: string): string => guidOf(`schedule ${key}`);
export const workflowIdOf = (key: string, run: number): string => guidOf(`workflow ${key} run ${run}`);
export const stepJobIdOf = (key: string, run: number, step: number): string =>
  guidOf(`job ${key} run ${run} step ${step}`);
export const jobIdOf = (key: string): string => guidOf(`job ${key}`);
export const siteIdOf = (key: string): string => guidOf(`site ${key}`);
