/** True for instants that RFC 3339 can write: valid ones of the years 0 to 9999. */
export const isWritable = (instant: Date): boolean => {
  const year = instant.getUTCFullYear();
  return year >= 0 && year <= 9999;
};
