import type { DocumentSettings } from '../config/document-settings.ts';

/** What may be made at the same time, whoever asks for it. */
export interface TurnOptions {
  /** Fields of all answers under way. In memory one takes some 70 bytes. */
  readonly maxFields: number;
  /** Bytes that are written before the loop goes round, so that sockets are served and what is unread is seen. */
  readonly maxBytes: number;
}

/** Null where there is no need to wait. Who has left waits no longer than until somebody else is done. */
export interface Turns {
  /** Fields of what is under way, and how many wait to begin. */
  state(): { readonly fields: number; readonly waiting: number };
  /** Whether so many wait to begin that nobody else should who would have to. */
  isCrowdedFor(fields: number): boolean;
  begin(fields: number, signal: AbortSignal): Promise<void> | null;
  write(bytes: number, signal: AbortSignal): Promise<void> | null;
  /** What was begun is written. */
  end(fields: number): void;
}

interface Waiting {
  readonly size: number;
  readonly signal: AbortSignal;
  go(): void;
}

/** An answer begins only in a part of what is free, so that the largest of them leave room for small ones. */
const partOfRoom = 4;

/** What is smaller passes those by that wait for more room, until it fills half of all: or they would wait for ever. */
const ordinaryPart = 1000;

/** What waits keeps its document: up to some 400 kB where it is like no other. */
const maxBeginning = 500;

/** What is smaller is written at once: the fields under way bound how many there are. */
const smallBytes = 64 * 1024;

export const createTurns = ({ maxFields, maxBytes }: TurnOptions): Turns => {
  let fields = 0;
  /** Of those, what belongs to small answers. */
  let ordinary = 0;
  /** Of those, what has ended since the loop went round: its text may not be on its way before. */
  let ended = 0;
  let endedOrdinary = 0;
  let bytes = 0;
  let isGoingRound = false;
  let beginning: Waiting[] = [];
  let writing: Waiting[] = [];

  const canBegin = (size: number) => fields === 0 || size * partOfRoom <= maxFields - fields;
  const isOrdinary = (size: number) => size * ordinaryPart <= maxFields;
  const mayPass = (size: number) => isOrdinary(size) && ordinary * 2 <= maxFields;
  const take = (size: number) => {
    fields += size;
    if (isOrdinary(size)) ordinary += size;
  };
  const canWrite = (size: number) => bytes === 0 || bytes + size <= maxBytes;

  const goRound = () => {
    isGoingRound = false;
    fields -= ended;
    ordinary -= endedOrdinary;
    ended = 0;
    endedOrdinary = 0;
    bytes = 0;
    writing = writing.filter(({ size, signal, go }) => {
      if (!signal.aborted && !canWrite(size)) return true;
      bytes += size;
      go();
      return false;
    });
    let isHeldUp = false;
    beginning = beginning.filter(({ size, signal, go }) => {
      const mayBegin = canBegin(size) && (!isHeldUp || mayPass(size));
      isHeldUp ||= !mayBegin && !signal.aborted;
      if (!signal.aborted && !mayBegin) return true;
      take(size);
      go();
      return false;
    });
    if (bytes > 0) soon();
  };
  const soon = () => {
    if (isGoingRound) return;
    isGoingRound = true;
    setImmediate(goRound);
  };
  const wait = (line: Waiting[], size: number, signal: AbortSignal) =>
    new Promise<void>((go) => line.push({ size, signal, go }));

  return {
    state: () => ({ fields, waiting: beginning.length }),
    isCrowdedFor: (size) => beginning.length >= maxBeginning && !(mayPass(size) && canBegin(size)),
    begin(size, signal) {
      const isNext = beginning.length === 0 || mayPass(size);
      if (!isNext || !canBegin(size)) return wait(beginning, size, signal);
      take(size);
      return null;
    },
    write(size, signal) {
      if (size <= smallBytes) return null;
      soon();
      if (writing.length > 0 || !canWrite(size)) return wait(writing, size, signal);
      bytes += size;
      return null;
    },
    end(size) {
      ended += size;
      if (isOrdinary(size)) endedOrdinary += size;
      soon();
    },
  };
};

/** As many fields as this number of the largest answers may be under way, whoever asks. */
const largestAtOnce = 20;
/** And the text of so many is written in one go. */
const largestInTurn = 2;

/** Turns for answers as large as the settings allow. */
export const turnsFor = ({ documentLimits, maxAnswerBytes }: DocumentSettings): Turns =>
  createTurns({
    maxFields: largestAtOnce * documentLimits.fields,
    maxBytes: largestInTurn * maxAnswerBytes,
  });
