/** Runs so many tasks at once; the others wait in the order they came. */
export const createQueue = (atOnce: number) => {
  const waiting: (() => Promise<void>)[] = [];
  let running = 0;
  const runNext = (): void => {
    if (running >= atOnce) return;
    const task = waiting.shift();
    if (task === undefined) return;
    running += 1;
    void task().finally(() => {
      running -= 1;
      runNext();
    });
  };
  return {
    /** The task must not reject. */
    add: (task: () => Promise<void>): Promise<void> =>
      new Promise((resolve) => {
        waiting.push(() => task().finally(resolve));
        runNext();
      }),
  };
};
