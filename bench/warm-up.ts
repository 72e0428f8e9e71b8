/** A run of a fixed number of requests, and how long it took. */
type Run = (requests: number) => Promise<{ readonly seconds: number }>;

/**
 * Runs for so many seconds, so that the code under measurement is compiled and its heap has grown, and returns the rate of
 * requests per second that it reached in the end.
 */
export async function warmUp(seconds: number, run: Run): Promise<number> {
  let perSecond = 1000;
  for (let elapsed = 0; elapsed < seconds;) {
    // A quarter of a second by the last rate, so that the last run is long enough to give a rate.
    const requests = Math.max(100, Math.ceil(perSecond / 4));
    const result = await run(requests);
    elapsed += result.seconds;
    perSecond = requests / result.seconds;
  }
  return perSecond;
}
