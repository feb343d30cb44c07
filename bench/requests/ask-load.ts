import type { Child } from '../support/child.ts';
import type { Burst, BurstResult } from './load.ts';

/** Has the load's process make one burst. */
export const askLoad = async (load: Child, burst: Burst): Promise<BurstResult> => {
  const done = load.answer('done');
  load.send({ burst });
  return (await done) as unknown as BurstResult;
};
