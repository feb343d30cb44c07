import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createUnread } from '../src/listen/unread.ts';

const megabyte = 1024 * 1024;

/** A connection to which `unread` bytes were written in one go, of which the kernel takes some now and then. */
const connect = (unread: number) => {
  const handle = { bytesWritten: unread, writeQueueSize: unread };
  const socket = Object.assign(new EventEmitter(), {
    _handle: handle,
    writableLength: unread,
    isCut: false,
    destroy() {
      socket.isCut = true;
      // node tells of it later
      setImmediate(() => socket.emit('close'));
    },
  });
  return {
    socket,
    take(bytes: number) {
      handle.writeQueueSize -= bytes;
      // node says of a write when its last byte is gone, and not before
      if (handle.writeQueueSize === 0) socket.writableLength = 0;
    },
    /** Another answer is written before the last one was taken. */
    write(bytes: number) {
      handle.bytesWritten += bytes;
      handle.writeQueueSize += bytes;
      socket.writableLength += bytes;
    },
  };
};

const open = (maxBytes = 256 * megabyte) => {
  let at = 0;
  const reasons: string[] = [];
  const unread = createUnread({
    patienceMs: 60_000,
    maxBytes,
    now: () => at,
    onHangUp: (reason) => reasons.push(reason),
  });
  return {
    reasons,
    connect(bytes: number) {
      const connection = connect(bytes);
      unread.add(connection.socket as unknown as Socket);
      return connection;
    },
    look(laterMs: number) {
      at += laterMs;
      unread.look();
    },
  };
};

describe('who takes nothing', () => {
  it('is hung up on after a minute, and not before', () => {
    const { connect, look, reasons } = open();
    const { socket, take } = connect(8 * megabyte);
    look(0);
    take(megabyte);
    look(100);
    look(59_999);
    expect(socket.isCut).toBe(false);
    look(1);
    expect(socket.isCut).toBe(true);
    expect(reasons).toEqual(['patience']);
  });

  it('is the same with more written to it all the while', () => {
    const { connect, look } = open();
    const { socket, write } = connect(megabyte);
    look(0);
    for (let n = 0; n < 6; n += 1) {
      expect(socket.isCut).toBe(false);
      write(1000);
      look(10_000);
    }
    expect(socket.isCut).toBe(true);
  });

  it('is nobody who reads at 32 KB/s, of which the kernel tells every 44 seconds', () => {
    const { connect, look } = open();
    const { socket, take } = connect(8 * megabyte);
    look(0);
    for (let n = 0; n < 5; n += 1) {
      look(43_700);
      take(1_428_480);
    }
    look(100);
    expect(socket.isCut).toBe(false);
  });

  it('is nobody who has read all there was, and waits', () => {
    const { connect, look } = open();
    const { socket, take, write } = connect(megabyte);
    look(0);
    take(megabyte);
    look(3_600_000);
    write(megabyte);
    look(0);
    look(59_999);
    expect(socket.isCut).toBe(false);
  });
});

describe('where all together are too much', () => {
  it('those with most to read go first, until the rest can be borne', () => {
    const { connect, look, reasons } = open(10 * megabyte);
    const connections = [3, 5, 1, 4].map((size) => connect(size * megabyte));
    look(0);
    expect(connections.map(({ socket }) => socket.isCut)).toEqual([false, true, false, false]);
    expect(reasons).toEqual(['memory']);
  });

  it('who is seen to read stays before who is not, however much there is to read', () => {
    const { connect, look } = open(10 * megabyte);
    const steady = connect(8 * megabyte);
    look(0);
    look(40_000);
    steady.take(megabyte);
    look(0);
    const others = [2, 1].map((size) => connect(size * megabyte));
    // what kernels take at first is no reading
    for (const other of others) other.take(1000);
    look(0);
    expect([steady, ...others].map(({ socket }) => socket.isCut)).toEqual([false, true, false]);
  });

  it('who is seen to read goes too where it has to be', () => {
    const { connect, look } = open(10 * megabyte);
    const readers = [8, 4].map((size) => connect(size * megabyte));
    for (const [later, { take }] of readers.entries()) {
      look(later * 2000);
      take(1000);
    }
    look(5000);
    expect(readers.map(({ socket }) => socket.isCut)).toEqual([true, false]);
  });
});
