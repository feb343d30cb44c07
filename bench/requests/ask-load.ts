import type { Child } from '../support/child.ts';
import type { Burst, BurstResult } from './load.ts';

/** Has the load's process make one burst. */
export const askLoad = (load: Child, burst: Burst): Promise<BurstResult> => {
  const done = new Promise<BurstResult>((resolve) => {
    load.onMessage((message) => {
      if (message['type'] === 'done') resolve(message as unknown as BurstResult);
    });
  });
  load.send({ burst });
  return done;
};
