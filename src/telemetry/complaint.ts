const everyMs = 60_000;

/** Tells the operator once a minute at most, however often somebody knocks, and how often it was since the last time. */
export const createComplaint = <About>(now: () => number, write: (about: About, refused: number) => void) => {
  let refused = 0;
  let writtenAt = Number.NEGATIVE_INFINITY;
  return (about: About): void => {
    refused += 1;
    if (now() - writtenAt < everyMs) return;
    write(about, refused);
    writtenAt = now();
    refused = 0;
  };
};
