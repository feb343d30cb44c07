/** Files by their key, the oldest of which go when they are too many bytes together. */
export type StoredFiles = {
  readonly put: (key: string, bytes: Buffer) => void;
  readonly get: (key: string) => Buffer | undefined;
};

export const createStoredFiles = (mostBytes: number): StoredFiles => {
  const files = new Map<string, Buffer>();
  let total = 0;
  const remove = (key: string): void => {
    total -= files.get(key)?.length ?? 0;
    files.delete(key);
  };
  return {
    get: (key) => files.get(key),
    put: (key, bytes) => {
      remove(key);
      files.set(key, bytes);
      total += bytes.length;
      for (const oldest of files.keys()) {
        if (total <= mostBytes || oldest === key) break;
        remove(oldest);
      }
    },
  };
};
