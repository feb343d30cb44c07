import type { Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';

/** What is listened to over one connection, also after that was lost and made anew. */
export interface Channels {
  /** Settles once nothing that is published from now on is missed, or once it is clear that Redis is away. */
  listen(channel: string, listener: (message: Buffer) => void): Promise<() => void>;
  /** After the connection was lost. */
  resume(): Promise<void>;
}

export const createChannels = (subscriber: Redis, prefix: string, log: Log): Channels => {
  const listeners = new Map<string, Set<(message: Buffer) => void>>();

  subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) => {
    for (const listener of [...(listeners.get(String(channel)) ?? [])]) {
      try {
        listener(message);
      } catch (error) {
        // within the reader of the connection: what is thrown on there ends the process
        log.error(
          { err: error },
          'A message of another replica was not taken in; looks will find what it said',
        );
      }
    }
  });

  return {
    async listen(channel, listener) {
      const name = prefix + channel;
      const some = listeners.get(name) ?? new Set();
      listeners.set(name, some.add(listener));
      // when Redis is away, all are subscribed once it is back
      await subscriber.subscribe(name).catch(() => undefined);
      return () => {
        some.delete(listener);
        if (some.size > 0 || listeners.get(name) !== some) return;
        listeners.delete(name);
        subscriber.unsubscribe(name).catch(() => undefined);
      };
    },
    async resume() {
      if (listeners.size > 0) await subscriber.subscribe(...listeners.keys());
      await subscriber.ping();
    },
  };
};
