import { z } from 'zod';
import { originOf } from '../domain/origin.ts';

export const wholeNumber = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z
    .string({ error })
    .regex(/^\d{1,12}$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
};

const upToOne = (isEnough: (value: number) => boolean, error: string) =>
  z
    .string()
    .regex(/^\d*\.?\d+$/, { error })
    .transform(Number)
    .refine((value) => isEnough(value) && value <= 1, { error });

/** A part of something: all of it, but not nothing. */
export const fraction = upToOne((value) => value > 0, 'a number above 0 and up to 1');

/** The same, and it may be nothing. */
export const share = upToOne((value) => value >= 0, 'a number from 0 to 1');

export const httpUrl = z
  .string()
  .transform((text) => URL.parse(text))
  .refine(
    (url): url is URL =>
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.password === '' &&
      url.search === '',
    {
      error: 'an http or https address without user, password or query, for example https://www.wixapis.com',
    },
  );

export const origins = z
  .string()
  .transform((text) => text.split(',').map((origin) => originOf(origin.trim())))
  .refine((list): list is string[] => list.every((origin) => origin !== null), {
    error: 'a list of exact origins, for example https://app.example.com,http://localhost:3000',
  });

export const yesOrNo = z
  .enum(['true', 'false'], { error: 'true or false' })
  .transform((value) => value === 'true');
