import type { Socket } from 'node:net';

export interface UnreadOptions {
  /** How long a client may take nothing of what waits for it. */
  readonly patienceMs: number;
  /** What may wait to be read by all clients together. */
  readonly maxBytes: number;
  readonly now: () => number;
  /** A connection is ended: for `patience`, or with the most while all have too much. */
  readonly onHangUp: (reason: 'patience' | 'memory') => void;
}

/** What waits in memory to be read, over all connections of a server whatever they speak. */
export interface Unread {
  add(socket: Socket): void;
  /** Adds it up, and hangs up on who takes nothing, or too much with the others. */
  look(): void;
}

/** A client for which something waits. */
interface Reader {
  readonly since: number;
  taken: number;
  tookAt: number;
  isReading: boolean;
}

/** So long the kernels at both ends take for a client that reads nothing. */
const fillingMs = 1_000;

/**
 * How many bytes the kernel has taken. Node says of a write only when its last byte is gone, so of the progress of a
 * large answer its handle alone can tell.
 */
const takenOf = (socket: Socket): number => {
  const handle: unknown = Reflect.get(socket, '_handle');
  const isTelling =
    typeof handle === 'object' && handle !== null && 'bytesWritten' in handle && 'writeQueueSize' in handle;
  return isTelling
    ? Number(handle.bytesWritten) - Number(handle.writeQueueSize)
    : socket.bytesWritten - socket.writableLength;
};

export const createUnread = ({ patienceMs, maxBytes, now, onHangUp }: UnreadOptions): Unread => {
  const connections = new Set<Socket>();
  const readers = new Map<Socket, Reader>();
  const forget = (socket: Socket) => {
    connections.delete(socket);
    readers.delete(socket);
  };
  const forgetClosed = function (this: Socket) {
    forget(this);
  };
  const hangUp = (socket: Socket, reason: 'patience' | 'memory') => {
    // it is closed only later, and not to be added up until then
    forget(socket);
    onHangUp(reason);
    socket.destroy();
  };

  const hasPatience = (socket: Socket, at: number): boolean => {
    const taken = takenOf(socket);
    const reader = readers.get(socket);
    if (reader === undefined) {
      readers.set(socket, { since: at, taken, tookAt: at, isReading: false });
      return true;
    }
    if (taken <= reader.taken) return at - reader.tookAt < patienceMs;
    reader.taken = taken;
    reader.tookAt = at;
    reader.isReading ||= at - reader.since > fillingMs;
    return true;
  };

  /** Those that have been seen to read come last; among the others those with most to read come first. */
  const endMostUnread = (unread: number) => {
    const worst = [...readers].sort(
      ([one, a], [other, b]) =>
        Number(a.isReading) - Number(b.isReading) || other.writableLength - one.writableLength,
    );
    let left = unread;
    for (const [socket] of worst) {
      if (left <= maxBytes) return;
      left -= socket.writableLength;
      hangUp(socket, 'memory');
    }
  };

  return {
    add(socket) {
      connections.add(socket);
      socket.once('close', forgetClosed);
    },
    look() {
      const at = now();
      let unread = 0;
      for (const socket of connections) {
        const { writableLength } = socket;
        if (writableLength === 0) {
          if (readers.size > 0) readers.delete(socket);
        } else if (hasPatience(socket, at)) {
          unread += writableLength;
        } else {
          hangUp(socket, 'patience');
        }
      }
      if (unread > maxBytes) endMostUnread(unread);
    },
  };
};
