/** After so long without a refusal it is over. */
const calmMs = 60_000;

/** Told as it begins, and once it is over. */
export interface ShortageChange {
  readonly isShort: boolean;
  /** How many requests were refused since it began. */
  readonly refused: number;
}

/** A caller wants to send more than its minute has room for: one incident, however many requests are refused. */
export interface Shortage {
  refused(now: number): void;
  /** Whether it is over is seen when somebody asks for something, or looks. */
  look(now: number): void;
}

export const createShortage = (onChange: (change: ShortageChange) => void): Shortage => {
  let refused = 0;
  let refusedAt = Number.NEGATIVE_INFINITY;

  const look = (now: number) => {
    if (refused === 0 || now - refusedAt < calmMs) return;
    onChange({ isShort: false, refused });
    refused = 0;
  };

  return {
    look,
    refused(now) {
      look(now);
      refused += 1;
      refusedAt = now;
      if (refused === 1) onChange({ isShort: true, refused });
    },
  };
};
