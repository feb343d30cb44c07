import { createHash, randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { CallerSubmits, SharedSubmits } from '../writes/shared-submits.ts';
import { noticedSeconds } from './beat-script.ts';
import type { Link } from './link.ts';
import {
  beginScript,
  claimScript,
  isTakenScript,
  releaseScript,
  restoreScript,
  settleScript,
  takeJobScript,
} from './submit-scripts.ts';

const keptMs = 24 * 60 * 60_000;
/** Longer than any submit waits for its answer. */
const answerSeconds = 120;
const askAgainMs = 200;
const noticedMs = 1000 * noticedSeconds;
/** Longer than it takes to settle: a Redis that is there again and again, and never for long, is none. */
const steadyMs = 15_000;
/** So often in a row a Redis may fail that seems to be there. */
const maxFailures = noticedMs / askAgainMs;
/** Longer than any answer takes: then it was lost on its way to Redis, and a look has to find the job. */
const patienceMs = 45_000;
/** So many are told again to a Redis that was away. */
const maxOwn = 1000;

const text = z.string();
const claimReply = z.tuple([text, text, text, text, text, text]);

interface OwnSubmit {
  readonly fingerprint: string;
  readonly attemptedAt: number;
  /** Empty once nobody waits for an answer any longer. */
  readonly owner: string;
  /** Empty while there is none. */
  readonly jobId: string;
  readonly callerKey: string;
}

const hash = (...parts: readonly string[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms).unref());

const jobNameOf = (callerKey: string, jobId: string) => `job:${hash(callerKey, jobId)}`;

/** Keys and fingerprints are what clients wrote: only hashes of them leave the process. */
export const createSharedSubmits = (link: Link): SharedSubmits => {
  // a Redis that was away may have forgotten them, or never have heard of them
  const own = new LRUCache<string, OwnSubmit>({ max: maxOwn, ttl: keptMs });

  const settle = (name: string, jobId: string) => link.run(settleScript, [name], [jobId]);

  const take = (callerKey: string, jobId: string) =>
    link.run(takeJobScript, [jobNameOf(callerKey, jobId)], [link.replica, keptMs]);

  link.onChange(() => {
    if (!link.isUp) return;
    for (const [name, { fingerprint, attemptedAt, owner, jobId, callerKey }] of own) {
      // told with the next connection
      link
        .run(restoreScript, [name], [owner, fingerprint, attemptedAt, jobId, keptMs])
        .catch(() => undefined);
      if (jobId !== '') take(callerKey, jobId).catch(() => undefined);
    }
  });

  const as = (callerKey: string, principalKey: string): CallerSubmits => {
    const nameOf = (key: string) => `submit:${hash(callerKey, principalKey, key)}`;
    const underWayOf = (fingerprint: string) => `unanswered:${hash(callerKey, fingerprint)}`;
    return {
      async claim(key, wanted, attemptedAt) {
        const name = nameOf(key);
        const fingerprint = hash(callerKey, wanted);
        const owner = own.get(name)?.owner || `${link.replica} ${randomUUID()}`;
        const wish = { fingerprint, attemptedAt: attemptedAt.getTime(), owner, jobId: '', callerKey };
        const goOnAlone = () => {
          // the others hear of it once Redis is back, unless it is released
          if (!own.has(name)) own.set(name, wish);
          return null;
        };
        const began = performance.now();
        let failures = 0;
        for (;;) {
          // what a Redis that is back has not been told yet, somebody may still have to say;
          // and while it is away, the others have to see first that this one is
          while (link.isUp ? !link.isSettled : link.awayMs < noticedMs) {
            if (performance.now() - began > steadyMs) return goOnAlone();
            await pause(askAgainMs);
          }
          if (!link.isUp) return goOnAlone();
          const claiming = link.run(
            claimScript,
            [name, 'replicas', 'memory', 'doubts'],
            [owner, fingerprint, wish.attemptedAt, '', keptMs, link.fleet.memory],
          );
          const kept = await claiming.then(claimReply.parse).catch(() => null);
          if (kept === null) {
            if (failures === maxFailures) return goOnAlone();
            failures += 1;
            // the next beat finds out why
            await pause(askAgainMs);
            continue;
          }
          failures = 0;
          const [keptFingerprint, keptAttempt, jobId, keptOwner, alive, doubts] = kept;
          if (keptOwner === owner && jobId === '') {
            if (!own.has(name)) own.set(name, wish);
            return doubts === '1' ? 'unsure' : 'mine';
          }
          // what is known of a submit of ours is still to be told to a Redis that forgets
          if (own.get(name)?.owner !== '' || keptFingerprint !== fingerprint) own.delete(name);
          const isWaiting = performance.now() - began < patienceMs;
          const isUnderWay = isWaiting && jobId === '' && keptOwner !== '' && alive === '1';
          const isSame = keptFingerprint === fingerprint;
          if (isUnderWay && isSame) await pause(askAgainMs);
          else {
            return {
              fingerprint: isSame ? wanted : '',
              attemptedAt: new Date(Number(keptAttempt)),
              jobId: jobId || null,
              isUnderWay,
            };
          }
        }
      },
      async settle(key, jobId) {
        const name = nameOf(key);
        const submit = own.get(name);
        // nobody is at it any longer: whoever asks need not wait
        if (submit) own.set(name, jobId === null ? { ...submit, owner: '' } : { ...submit, jobId });
        await settle(name, jobId ?? '').catch(() => undefined);
      },
      async release(key) {
        const name = nameOf(key);
        const owner = own.get(name)?.owner ?? '';
        own.delete(name);
        await link.run(releaseScript, [name], [owner]).catch(() => undefined);
      },
      async takeJob(jobId) {
        return (await take(callerKey, jobId).catch(() => link.replica)) === link.replica;
      },
      async isTaken(jobId) {
        const taken = link.run(isTakenScript, [jobNameOf(callerKey, jobId)], []);
        return (await taken.catch(() => 0)) === 1;
      },
      async unanswered(fingerprint) {
        const all = link.run(beginScript, [underWayOf(fingerprint), 'replicas'], ['', '', answerSeconds]);
        const names = await all.then(z.array(z.string()).parse).catch(() => []);
        return names.filter((name) => !name.startsWith(link.replica)).length;
      },
      async begin(fingerprint) {
        const name = `${link.replica} ${randomUUID()}`;
        const key = underWayOf(fingerprint);
        await link.run(beginScript, [key, 'replicas'], [name, '', answerSeconds]).catch(() => undefined);
        return () =>
          void link.run(beginScript, [key, 'replicas'], ['', name, answerSeconds]).catch(() => undefined);
      },
    };
  };

  return { as };
};
