/** One call that several wait for. It is given up when the last of them has left. */
export interface SharedCall<T> {
  /** Leaves when the signal fires, with its reason. Without one it waits to the end. */
  join(signal: AbortSignal | undefined): Promise<T>;
}

export const shareCall = <T>(start: (signal: AbortSignal) => Promise<T>): SharedCall<T> => {
  const abort = new AbortController();
  const answer = start(abort.signal);
  // everybody may have left before it fails
  answer.catch(() => undefined);
  let waiting = 0;
  return {
    join(signal) {
      waiting += 1;
      if (signal === undefined) return answer;
      return new Promise((resolve, reject) => {
        const leave = () => {
          waiting -= 1;
          reject(signal.reason);
          if (waiting === 0) abort.abort(signal.reason);
        };
        if (signal.aborted) return leave();
        signal.addEventListener('abort', leave, { once: true });
        const stay = () => signal.removeEventListener('abort', leave);
        answer.then(
          (value) => {
            stay();
            resolve(value);
          },
          (error: unknown) => {
            stay();
            reject(error);
          },
        );
      });
    },
  };
};
