/** How many of each are open at present. */
export interface SocketCount {
  isFull(key: string): boolean;
  /** Counts one more until what is returned is called. */
  open(key: string): () => void;
}

export const createSocketCount = (max: number): SocketCount => {
  const counts = new Map<string, number>();
  return {
    isFull: (key) => max > 0 && (counts.get(key) ?? 0) >= max,
    open(key) {
      counts.set(key, (counts.get(key) ?? 0) + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        const left = (counts.get(key) ?? 1) - 1;
        if (left > 0) counts.set(key, left);
        else counts.delete(key);
      };
    },
  };
};
