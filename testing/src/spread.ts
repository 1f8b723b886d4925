export interface BucketOptions {
  /** Start of the first bucket. */
  from: number
  /** End of the last bucket. */
  to: number
  /** How many buckets of equal width. */
  buckets: number
}

/** How many of the values fall into each bucket; those outside count in the first or last. */
export function histogram(values: readonly number[], { from, to, buckets }: BucketOptions): number[] {
  const counts = new Array<number>(buckets).fill(0)
  for (const value of values) {
    const index = Math.floor(((value - from) / (to - from)) * buckets)
    counts[Math.min(Math.max(index, 0), buckets - 1)]! += 1
  }
  return counts
}

/** The fullest bucket over the mean: 1 is perfectly even, `buckets` is all at once. */
export function evenness(values: readonly number[], options: BucketOptions): number {
  if (values.length === 0) throw new RangeError('evenness of no values: nothing was measured')
  return Math.max(...histogram(values, options)) / (values.length / options.buckets)
}
